"""What a right answer gives: ``EXPECT`` of a lesson's ``answers.py``, which stays with the instructor."""

import contextlib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.errors import CourseError
from grader.lesson_folder import ANSWERS, LessonFolder

Expect = dict[str, Callable[[dict[str, Any]], dict[str, Any]]]


def load_expect(folder: LessonFolder) -> Expect:
    """``EXPECT`` of the lesson's ``answers.py``: by exercise id, what a right answer gives.

    Raises:
        CourseError: the file cannot be run or defines no such dict.
    """
    path = folder.source(ANSWERS)
    namespace: dict[str, Any] = {"__name__": f"answers_of_{folder.lesson}", "__file__": str(path)}
    with blamed_on(path):
        # Not imported: that would leave a __pycache__ in the folder, and keep the module for a next build.
        exec(compile(path.read_bytes(), str(path), "exec"), namespace)
    expect = namespace.get("EXPECT")
    if not isinstance(expect, dict):
        raise CourseError(
            f"{folder.lesson}/{ANSWERS} must define EXPECT, a dict of functions by exercise id."
        )
    return expect


@contextlib.contextmanager
def blamed_on(path: Path) -> Iterator[None]:
    """Whatever is raised inside becomes one sentence with the last line of ``path`` that ran.

    Raises:
        CourseError: something was raised inside.
    """
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        where = f", line {lines[-1]}" if lines else ""
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CourseError(f"{path.parent.name}/{path.name}{where} fails with {reason}") from error
