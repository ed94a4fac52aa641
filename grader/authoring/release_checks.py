"""``checks.json`` in a release that nbgrader's own command makes."""

from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.authoring.published import renewed_checks_text
from grader.course import lesson_ids
from grader.lesson_folder import CHECKS, LessonFolder


class ReleaseChecks(NbGraderPreprocessor):
    """Stands in ``GenerateAssignment.preprocessors``.

    nbgrader copies into a release what lies beside the source notebook, and with ``--force`` removes the
    release first. ``checks.json`` lies in the release alone, so it is made anew, as ``grader build`` does.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # Read before nbgrader removes the folder: up to another processor's rounding they stay as they are.
        self._present = {
            folder.lesson: folder.checks.read_text(encoding="utf-8")
            for folder in map(self._folder, lesson_ids(self._course / "solutions"))
            if folder.checks.is_file()
        }

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Hand the file to nbconvert's writer, which writes it beside the released notebook.

        Raises:
            CourseError: the lesson's ``answers.py`` cannot be run, or lacks an exercise.
        """
        folder = self._folder(resources["nbgrader"]["assignment"])
        text = renewed_checks_text(folder, self._present.get(folder.lesson))
        outputs = dict(resources.get("outputs") or {})
        resources["outputs"] = outputs | {CHECKS: text.encode()}
        return nb, resources

    @property
    def _course(self) -> Path:
        return Path(CourseDirectory(config=self.config).root)

    def _folder(self, lesson: str) -> LessonFolder:
        return LessonFolder(lesson, self._course)
