"""Where grading keeps what is its own: ``.grading/`` in the course's folder, for its owner alone."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from grader.atomic_write import write_atomically
from grader.errors import CourseError

NAME = ".grading"


@dataclass(frozen=True)
class GradingFolder:
    """The folder of the course that lies in ``course``. Its subfolders are made when they are asked for."""

    course: Path

    @property
    def root(self) -> Path:
        """``.grading/``, mode 700.

        Raises:
            CourseError: it belongs to somebody else, is a link, or cannot be made.
        """
        folder = self.course / NAME
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != os.geteuid():
                raise CourseError(
                    f"{folder} is a link or belongs to another user: remove it and run this again."
                )
            if found.st_mode & 0o077:
                folder.chmod(0o700)
        except OSError as error:
            raise CourseError(f"{folder} cannot be used: {(error.strerror or '').lower()}.") from error
        return folder

    @property
    def intake(self) -> Path:
        """Clean copies of the submissions: ``<student>/<lesson>/``."""
        return self._made("intake")

    @property
    def spool(self) -> Path:
        """Executed submissions."""
        return self._made("spool")

    @property
    def checkpoints(self) -> Path:
        """The lessons' own training runs."""
        return self._made("checkpoints")

    def report(self, lesson: str, student: str) -> Path:
        """The file of one student's report."""
        return self._of_student("reports", lesson, student, ".json")

    def failure(self, lesson: str, student: str) -> Path:
        """The file that says why a student could not be graded, where that is so."""
        return self._of_student("failures", lesson, student, ".txt")

    def _of_student(self, kind: str, lesson: str, student: str, suffix: str) -> Path:
        """Any name of a student makes a name of a file."""
        readable = "".join(sign for sign in student if sign.isalnum() or sign in "-_")[:40]
        folder = self._made(kind) / lesson
        folder.mkdir(mode=0o700, exist_ok=True)
        return (
            folder
            / f"{readable}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:12]}{suffix}"
        )

    def _made(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def write_privately(path: Path, text: str) -> None:
    """Write atomically a file that its owner alone may read.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    write_atomically(path, text, mode=0o600)
