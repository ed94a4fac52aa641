"""The student's texts in the instructor's notebook, with the marks that nbgrader expects."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.autograde.course_config import skeleton, submission_of
from grader.submissions.transplant import NOTES, transplant


class TransplantCells(NbGraderPreprocessor):
    """Stands in ``Autograde.sanitize_preprocessors`` in the place of ``OverwriteCells``."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild the notebook; points and checksums are those of the release in the gradebook."""
        submission = submission_of(resources, self.config)
        rebuilt = transplant(nb, skeleton(submission.folder))
        for note in rebuilt.metadata[NOTES]:  # they stay there for the report
            self.log.warning("%s: %s", submission.student, note)
        with Gradebook(submission.database) as gradebook:
            released = gradebook.find_notebook(resources["nbgrader"]["notebook"], submission.lesson)
            checksums = {cell.name: cell.checksum for cell in released.source_cells}
            points = {cell.name: cell.max_score for cell in released.grade_cells}
        for cell in rebuilt.cells:
            marks = cell.metadata.get("nbgrader")
            if not marks:
                continue
            if marks.grade_id not in checksums:
                self.log.warning(
                    "Cell %s is newer than the release: run `nbgrader generate_assignment %s --force`.",
                    marks.grade_id,
                    submission.lesson,
                )
                del cell.metadata["nbgrader"]
                continue
            marks["checksum"], marks["cell_type"] = checksums[marks.grade_id], cell.cell_type
            if marks.grade_id in points:
                marks["points"] = points[marks.grade_id]
        return rebuilt, resources
