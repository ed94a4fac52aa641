"""The course's secret: what makes the challenges of a graded submission impossible to foresee.

It decides only what is asked. Whoever loses it gets other challenges, and old executions are made again.
"""

import os
import secrets
import stat

from grader.autograde.grading_folder import GradingFolder
from grader.errors import CourseError

NAME, BYTES = "secret", 32


def course_secret(folder: GradingFolder) -> bytes:
    """The secret, made at the first call with mode 600 (660 in a course that a group shares).

    Raises:
        CourseError: others can read it, it is a link, or it is damaged.
    """
    path = folder.root / NAME
    allowed = folder.mode & 0o660  # 600, or 660 where a group of instructors shares the course
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, allowed)
            file.write(secrets.token_bytes(BYTES))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: remove it, and a new secret is made.") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        is_ours = found.st_uid == os.geteuid() or bool(allowed & 0o060)
        if stat.S_IMODE(found.st_mode) & 0o777 & ~allowed or not is_ours:
            raise CourseError(
                f"Others can read {path}: if that may have happened, remove it and grade again; otherwise "
                f"run `chmod 600` on it."
            )
        content = file.read(BYTES + 1)
    if len(content) != BYTES:
        raise CourseError(f"{path} is damaged: remove it, and a new secret is made.")
    return content
