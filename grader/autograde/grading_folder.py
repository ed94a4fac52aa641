"""Where grading keeps what is its own: ``.grading/`` in the course's folder, for its owner alone."""

import hashlib
import os
import stat
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
        """``.grading/``, mode 700; in a course that a group shares, open to the group.

        Raises:
            CourseError: it belongs to somebody else, is a link, or cannot be made.
        """
        folder = self.course / NAME
        try:
            _make(folder, self.mode)
            found = folder.lstat()
            if folder.is_symlink():
                raise CourseError(f"{folder} is a link: remove it and run this again.")
            if found.st_uid != os.geteuid() and not self._is_our_groups(found):
                raise CourseError(
                    f"{folder} belongs to another user. If you grade together, set nbgrader's `groupshared = "
                    f"True` and give the course's folder to a group of yours, mode 2770; else ask who it is."
                )
            if found.st_mode & 0o777 & ~self.mode and found.st_uid == os.geteuid():
                folder.chmod(self.mode)
        except OSError as error:
            raise CourseError(f"{folder} cannot be used: {(error.strerror or '').lower()}.") from error
        return folder

    @property
    def mode(self) -> int:
        """Of its folders. nbgrader's ``groupshared`` makes folders that their group writes to and that hand
        the group down: then several instructors, each with an account, grade one course."""
        found = self.course.stat().st_mode
        return 0o2770 if found & stat.S_ISGID and found & stat.S_IWGRP else 0o700

    def _is_our_groups(self, found: os.stat_result) -> bool:
        """Open to the course's group, and to nobody else."""
        same = found.st_gid == self.course.stat().st_gid
        return self.mode != 0o700 and same and not found.st_mode & 0o007

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
        _make(folder, self.mode)
        return (
            folder
            / f"{readable}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:12]}{suffix}"
        )

    def _made(self, name: str) -> Path:
        folder = self.root / name
        _make(folder, self.mode)
        return folder


def _make(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(mode)  # whatever the umask is


def write_privately(path: Path, text: str) -> None:
    """Write atomically a file for its owner alone; for the group too, where the folder is the group's.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    shared = path.parent.stat().st_mode & stat.S_IWGRP
    write_atomically(path, text, mode=0o660 if shared else 0o600)
