"""Find and read the ``quiz.json`` of a lesson, wherever its notebook was started."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader import course
from grader.errors import CourseError
from grader.lesson_folder import QUIZ as FILE
from grader.lesson_folder import LessonFolder
from grader.nearest_name import did_you_mean
from grader.quiz.publish import FORMAT


def read_published(prefix: str) -> dict[str, Any]:
    """The published quiz whose exercise ids begin with ``prefix``, as made by ``publish``.

    The notebook's own folder comes first, then the course's ``notebooks/`` and ``solutions/``.

    Raises:
        CourseError: no lesson has this prefix (the nearest is suggested), or the file is damaged.
    """
    known: list[str] = []
    damaged: list[CourseError] = []
    for path in _candidates():
        try:
            published = _read(path)
        except CourseError as error:
            damaged.append(error)
            continue
        if published["prefix"] == prefix:
            return published
        known.append(published["prefix"])
    if damaged:
        raise damaged[0]
    if not known:
        raise CourseError(
            f"No {FILE} was found: keep the notebook in its folder, together with the files it came with."
        )
    raise CourseError(f"No lesson has a quiz named {prefix!r}{did_you_mean(prefix, known)}")


def is_withheld(folder: LessonFolder) -> bool:
    """Was the lesson's quiz built last time without its feedback?"""
    try:
        return json.loads((folder.solution / FILE).read_text(encoding="utf-8"))["withheld"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _candidates() -> Iterator[Path]:
    folders = [Path.cwd()]
    for home in (course.RELEASES, course.SOLUTIONS):
        if home.is_dir():
            folders += [home / lesson for lesson in course.lesson_ids(home)]
    return (folder / FILE for folder in folders if (folder / FILE).is_file())


def _read(path: Path) -> dict[str, Any]:
    try:
        published = json.loads(path.read_text(encoding="utf-8"))
        complete = published["format"] == FORMAT and {"prefix", "parts"} <= published.keys()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        complete = False
    if not complete:
        raise CourseError(
            f"{path.parent.name}/{path.name} is damaged or of another version of the course: "
            f"fetch a fresh copy of the lesson's folder."
        )
    return published
