"""One run at a time: two would write the same gradebook and the same spool."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from grader.autograde.grading_folder import GradingFolder
from grader.errors import CourseError

_WAIT_FOR_ANOTHER_RUN = 5  # seconds


@contextlib.contextmanager
def alone(course: Path) -> Iterator[None]:
    """Nobody else grades this course inside the block; what is made there, instructors of one group share.

    Raises:
        CourseError: another run does not end.
    """
    grading = GradingFolder(course)
    path = grading.root / "running"
    shared = bool(grading.mode & 0o070)
    before = os.umask(0o007) if shared else None  # the next instructor must be able to replace it
    try:
        lock = FileLock(f"{path}.lock", timeout=_WAIT_FOR_ANOTHER_RUN, mode=0o660 if shared else 0o600)
        with lock:
            path.write_text(str(os.getpid()))
            yield
    except Timeout:
        who = path.read_text() if path.exists() else "unknown"
        raise CourseError(
            f"Another run is grading this course (process {who}): wait until it has ended."
        ) from None
    finally:
        if before is not None:
            os.umask(before)
