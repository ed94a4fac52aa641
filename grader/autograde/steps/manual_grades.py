"""What was graded by hand is looked at again when the student's text has changed, not at every grading."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook, SubmittedNotebook
from nbgrader.preprocessors import NbGraderPreprocessor


class RememberManualGrades(NbGraderPreprocessor):
    """Stands before ``SaveAutoGrades``, which asks for a second look at each grade that was given by hand."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Note which grades wait for an instructor, where this very submission was graded before."""
        given = resources["finetuning_course"]
        if given.get("same_as_before"):
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
                grades = _submitted(gradebook, resources).grades
                given["waiting"] = {
                    grade.name: grade.needs_manual_grade for grade in grades if grade.manual_score is not None
                }
        return nb, resources


class KeepManualGrades(NbGraderPreprocessor):
    """Stands after ``SaveAutoGrades``."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Let the same grades wait as before."""
        waiting = resources["finetuning_course"].get("waiting", {})
        if waiting:
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
                for grade in _submitted(gradebook, resources).grades:
                    if grade.name in waiting:
                        grade.needs_manual_grade = waiting[grade.name]
                gradebook.db.commit()
        return nb, resources


def _submitted(gradebook: Gradebook, resources: ResourcesDict) -> SubmittedNotebook:
    names = resources["nbgrader"]
    return gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
