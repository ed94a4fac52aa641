"""What the grading steps know of the course that nbgrader works on."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.course import lesson_ids
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK, LessonFolder


@dataclass(frozen=True)
class Submission:
    """One submission as nbgrader names it."""

    course: Path
    lesson: str
    student: str
    database: str

    @property
    def folder(self) -> LessonFolder:
        """The lesson's folders in this course."""
        return LessonFolder(self.lesson, self.course)


def submission_of(resources: ResourcesDict, config: Config) -> Submission:
    """The submission that a preprocessor was called for."""
    names = resources["nbgrader"]
    course = Path(CourseDirectory(config=config).root)
    return Submission(course, names["assignment"], names["student"], names["db_url"])


def skeleton(folder: LessonFolder) -> NotebookNode:
    """The instructor's notebook of a lesson.

    Raises:
        CourseError: it is missing or damaged.
    """
    path = folder.solution / NOTEBOOK
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds
        raise CourseError(
            f"solutions/{folder.lesson}/{NOTEBOOK} cannot be read: run `grader build {folder.lesson}`."
        ) from error


def cells_by_lesson(course: Path) -> dict[str, set[str]]:
    """For each lesson of the course the names of the cells that nbgrader knows."""
    named = {}
    for lesson in lesson_ids(course / "solutions"):
        folder = LessonFolder(lesson, course)
        if (folder.solution / NOTEBOOK).is_file():
            named[lesson] = {
                cell.metadata.nbgrader.grade_id
                for cell in skeleton(folder).cells
                if "nbgrader" in cell.metadata
                and (cell.metadata.nbgrader.grade or cell.metadata.nbgrader.solution)
            }
    return named
