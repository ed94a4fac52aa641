"""Penalties for what is late by the due date, the extension and the timestamp that there are now."""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties

from grader.autograde.course_config import submission_of
from grader.autograde.grading_folder import GradingFolder
from grader.submissions.intake import handed_in_at


class LatePenalties(AssignLatePenalties):
    """Stands in ``Autograde.autograde_preprocessors`` in the place of ``AssignLatePenalties``.

    nbgrader keeps the time of an earlier submission where a later one has no ``timestamp.txt``.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Write the submission's time, then let nbgrader's plugin say the penalty."""
        names = submission_of(resources, self.config)
        folder = GradingFolder(names.course).intake / names.student / names.lesson
        with Gradebook(names.database) as gradebook:
            write_time(gradebook.find_submission(names.lesson, names.student), folder)
            gradebook.db.commit()
        return super().preprocess(nb, resources)


def write_time(submission: SubmittedAssignment, folder: Path) -> None:
    """The submission's time is the one in its folder; none where there is none."""
    submission.timestamp = handed_in_at(folder)
