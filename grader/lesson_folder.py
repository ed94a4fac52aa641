"""The two folders of a lesson, and the names of the files in them."""

from dataclasses import dataclass
from pathlib import Path

from grader.course import ROOT
from grader.errors import CourseError

SCRIPT, QUESTIONS, ANSWERS, RECORDED = "lesson.py", "quiz.yaml", "answers.py", "recorded.json"
SOURCES = (SCRIPT, QUESTIONS, ANSWERS, RECORDED)
NOTEBOOK = "lesson.ipynb"
CHECKS = "checks.json"
QUIZ = "quiz.json"


@dataclass(frozen=True)
class LessonFolder:
    """A lesson of the course that lies in the folder ``course`` (a test may bring its own)."""

    lesson: str
    course: Path = ROOT

    @property
    def solution(self) -> Path:
        """What authors edit, and what is built beside it."""
        return self.course / "solutions" / self.lesson

    @property
    def release(self) -> Path:
        """What students open."""
        return self.course / "notebooks" / self.lesson

    @property
    def checks(self) -> Path:
        """The public challenges with their expected values: kept once, where students need them."""
        return self.release / CHECKS

    def beside_the_notebook(self) -> dict[str, Path]:
        """The files that a kernel needs beside the lesson's notebook, by name; those that exist."""
        paths = (self.checks, self.solution / QUIZ, self.solution / RECORDED)
        return {path.name: path for path in paths if path.is_file()}

    def source(self, name: str) -> Path:
        """Path of a source file that must exist.

        Raises:
            CourseError: it does not.
        """
        path = self.solution / name
        if not path.is_file():
            raise CourseError(f"solutions/{self.lesson}/{name} does not exist: a lesson needs it, write it.")
        return path
