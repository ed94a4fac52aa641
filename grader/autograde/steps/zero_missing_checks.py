"""A check that is no longer in the notebook earns nothing."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.autograde.judging.check_cells import is_check


class ZeroMissingChecks(NbGraderPreprocessor):
    """Stands after ``SaveAutoGrades`` in ``Autograde.autograde_preprocessors``.

    nbgrader writes a score for the checks that it meets. For a deleted one it would keep what an earlier
    submission of the same student earned.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Write zero for every check that the gradebook knows and the notebook lacks."""
        names = resources["nbgrader"]
        present = {cell.metadata.nbgrader.grade_id for cell in nb.cells if is_check(cell)}
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            for grade in submitted.grades:
                if grade.cell.cell_type == "code" and grade.name not in present:
                    self.log.warning("Check '%s' is missing from the submission: 0 points", grade.name)
                    grade.auto_score = 0
            gradebook.db.commit()
        return nb, resources
