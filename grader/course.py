"""Where the lessons of the course lie on disk."""

import os
import re
from pathlib import Path

from grader.errors import CourseError


def _root() -> Path:
    """The course's folder: the checkout that this package lies in, else the folder that we work in.

    A package that was installed without ``-e`` lies in no course: lessons are then found from the working
    folder upwards. Folders that may not be looked into are passed over, as in a sandbox.
    """
    package = Path(__file__).resolve().parents[1]
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return package
    for folder in (package, here, *here.parents):
        if os.path.isdir(folder / "notebooks") and os.path.isfile(folder / "nbgrader_config.py"):
            return folder
    return here


ROOT = _root()
SOLUTIONS = ROOT / "solutions"
RELEASES = ROOT / "notebooks"

_LESSON_ID = re.compile(r"\d\d_\w+")


def lesson_ids(folder: Path = SOLUTIONS) -> list[str]:
    """The ids of the lessons in ``folder`` (their folder names), in teaching order; none without a folder."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _LESSON_ID.fullmatch(path.name))


def lesson_file(lesson: str, name: str) -> Path:
    """Path of a file that belongs to a lesson, wherever the notebook was started from.

    The notebook's own folder comes first, so that a copy which an instructor released or collected
    uses the files beside it; for a solution that is built or validated, the release of its own course;
    then the course's ``notebooks/``; then ``solutions/``.

    Raises:
        CourseError: the file is in none of these places.
    """
    here = Path.cwd()
    candidates = [here] if here.name == lesson else []
    if here.name == lesson and here.parent.name == SOLUTIONS.name:
        candidates.append(here.parents[1] / RELEASES.name / lesson)
    candidates += [RELEASES / lesson, SOLUTIONS / lesson]
    for folder in candidates:
        if (folder / name).is_file():
            return folder / name
    raise CourseError(
        f"{name} of lesson {lesson} was not found: keep the notebook in its folder notebooks/{lesson}, "
        f"together with the files it came with, and start it there, or Python in the course's folder."
    )
