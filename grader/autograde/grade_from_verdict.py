"""Let a check cell earn what its verdict says, and nothing where there is no verdict."""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.autograde.check_outputs import (
    EVIDENCE,
    drop_stderr,
    is_check,
    results,
    score_problem,
    write_score,
)
from grader.autograde.withheld_quiz import is_withheld, judge_withheld
from grader.errors import CourseError


class GradeFromVerdict(NbGraderPreprocessor):
    """Stands after ``Execute`` in ``Autograde.autograde_preprocessors``.

    nbgrader 0.9.6 reads a score from a cell's outputs and fails open: no output, or one that is no
    number, earns full points, and any line on stderr costs all of them
    (``nbgrader.utils.determine_grade``). Here exactly one result with a finite number between zero and
    the cell's points counts; everything else is zero with the reason. A quiz that was published without
    its keys is judged from its evidence, with the keys in ``solutions/``.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Grade every check of a notebook that was just executed."""
        lesson = self._lesson_folder(resources)
        withheld = is_withheld(lesson)
        for cell in filter(is_check, nb.cells):
            drop_stderr(cell)
            if withheld and cell.metadata.nbgrader.grade_id.endswith("-quiz"):
                self._grade_withheld(cell, lesson)
            elif problem := score_problem(cell):
                write_score(cell, 0.0, [problem])
        return nb, resources

    def _grade_withheld(self, cell: NotebookNode, lesson: Path) -> None:
        given = results(cell)
        evidence = given[0].data.get(EVIDENCE) if len(given) == 1 else None
        exercise = cell.metadata.nbgrader.grade_id.replace("-", ".")
        try:
            points, sentences = judge_withheld(evidence, lesson, exercise)
        # Whatever untrusted evidence makes the judge raise, the other students' grades must go on.
        except Exception as error:
            reason = str(error) if isinstance(error, CourseError) else "The evidence could not be judged."
            points, sentences = 0.0, [reason]
        write_score(cell, points, sentences)
        if problem := score_problem(cell):
            write_score(cell, 0.0, [problem])

    def _lesson_folder(self, resources: ResourcesDict) -> Path:
        course = CourseDirectory(config=self.config)
        return Path(course.format_path(course.source_directory, ".", resources["nbgrader"]["assignment"]))
