"""README's table of exercises: written between two marks, so that a new exercise adds its own row."""

import re
from pathlib import Path

from grader.course import ROOT
from grader.errors import CourseError
from grader.exercises import all_exercises

BEGIN = "<!-- Exercises: written by `grader build`, from grader/exercises -->"
END = "<!-- End of the exercises -->"

_TABLE = re.compile(rf"(?<={re.escape(BEGIN)}\n)(.*)(?={re.escape(END)})", flags=re.DOTALL)


def exercises_table() -> str:
    """Every exercise with its points and what it asks for, as Markdown.

    Raises:
        CourseError: a quiz is not built, so that its points are not known.
    """
    head = ["", "| exercise | points | asks for |", "| --- | --- | --- |"]
    rows = [f"| `{one.id}` | {one.points:g} | `{one.signature}` |" for one in all_exercises()]
    return "\n".join([*head, *rows, "", ""])


def readme_is_stale(course: Path = ROOT) -> bool:
    """Whether README's table is another than the exercises give. A course without a README has none.

    Raises:
        CourseError: README lacks the marks, or a quiz is not built.
    """
    path = course / "README.md"
    return path.is_file() and path.read_text(encoding="utf-8") != _renewed(path)


def write_readme_table(course: Path = ROOT) -> bool:
    """Renew the table; whether it changed.

    Raises:
        CourseError: as :func:`readme_is_stale`.
    """
    if not readme_is_stale(course):
        return False
    path = course / "README.md"
    path.write_text(_renewed(path), encoding="utf-8")
    return True


def _renewed(path: Path) -> str:
    text, found = _TABLE.subn(lambda _: exercises_table(), path.read_text(encoding="utf-8"))
    if found != 1:
        raise CourseError(f"README.md must hold the line {BEGIN!r} and below it {END!r}, each once.")
    return text
