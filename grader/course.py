"""Where the lessons of the course lie on disk."""

import re
from pathlib import Path

from grader.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
SOLUTIONS = ROOT / "solutions"
RELEASES = ROOT / "notebooks"

_LESSON_ID = re.compile(r"\d\d_\w+")


def lesson_ids(folder: Path = SOLUTIONS) -> list[str]:
    """The ids of the lessons in ``folder`` (their folder names), in teaching order."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _LESSON_ID.fullmatch(path.name))


def lesson_file(lesson: str, name: str) -> Path:
    """Path of a file that belongs to a lesson, wherever the notebook was started from.

    The notebook's own folder comes first, so that a copy which an instructor released or collected
    uses the files beside it; then the course's ``notebooks/``; then ``solutions/``.

    Raises:
        CourseError: the file is in none of these places.
    """
    here = Path.cwd()
    candidates = [here] if here.name == lesson else []
    candidates += [RELEASES / lesson, SOLUTIONS / lesson]
    for folder in candidates:
        if (folder / name).is_file():
            return folder / name
    raise CourseError(
        f"{name} of lesson {lesson} was not found: keep the notebook in its folder notebooks/{lesson}, "
        f"together with the files it came with, and start it there."
    )
