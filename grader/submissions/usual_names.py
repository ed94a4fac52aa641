"""What a lesson's notebook is called, and what systems make of the name of a second copy."""

import re
from pathlib import PurePosixPath

from grader.lesson_folder import NOTEBOOK

_COPY = re.compile(r"(?:[-_ ]\d{1,3}|[-_ ]?\(\d{1,3}\)|-Copy\d{1,3}| - Copy|[ _]copy(?: \d{1,3})?)$", re.I)


def without_copy_mark(stem: str) -> str:
    """A file's name, without its ending, as it was before a browser, Jupyter or Canvas made it unique.

    >>> without_copy_mark("lesson (1)"), without_copy_mark("lesson-2")
    ('lesson', 'lesson')
    """
    return _COPY.sub("", stem)


def is_named_like_the_lesson(stem: str, lesson: str) -> bool:
    """Whether a file's name, without its ending, is ``lesson`` or the lesson's id, or that of a copy."""
    usual = (PurePosixPath(NOTEBOOK).stem, lesson.casefold())
    return stem.casefold() in usual or without_copy_mark(stem).casefold() in usual
