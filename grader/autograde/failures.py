"""Submissions that were not graded through a fault of the course or of this machine.

Each keeps one sentence and the traceback in ``.grading/failures/<lesson>/``, until it is graded.
"""

import contextlib
import traceback
from pathlib import Path

from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.errors import CheckBroken, CourseError

_CHARACTERS = 400  # of an exception's own text in the sentence


def keep_failure(course: Path, lesson: str, student: str, error: BaseException) -> str:
    """Keep the traceback; give the sentence for the instructor, which names the file that holds it.

    A sentence that says all there is to know (a plain ``CourseError``) names no file.
    """
    path = GradingFolder(course).failure(lesson, student)
    sentence = _sentence(error)
    if not isinstance(error, CourseError) or error.__cause__ is not None:
        sentence += f" (traceback: {path.relative_to(course)})"
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    with contextlib.suppress(OSError):  # a full disk: the sentence must do
        write_privately(path, _encodable(f"{sentence}\n\n{''.join(lines)}"))
    return sentence


def kept_failure(course: Path, lesson: str, student: str) -> str | None:
    """The sentence of a student's last failure; ``None`` if she was graded since, or never failed."""
    with contextlib.suppress(OSError, ValueError):
        return GradingFolder(course).failure(lesson, student).read_text(encoding="utf-8").partition("\n")[0]
    return None


def forget_failure(course: Path, lesson: str, student: str) -> None:
    """She is being graded anew."""
    GradingFolder(course).failure(lesson, student).unlink(missing_ok=True)


def _sentence(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:_CHARACTERS]
    except Exception:  # an exception that cannot show itself
        text = ""
    if isinstance(error, CourseError | CheckBroken):
        return _encodable(text)
    return _encodable(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
