"""Where submissions and what is doubtful are written. What was there before is moved, never lost."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from grader.errors import CourseError
from grader.submissions.person_names import as_file_name, cut

DOUBTFUL = "unmatched"  # beside submitted/
ENDING_BYTES = 20


class Places:
    """The folders of one lesson.

    Args:
        submitted: of the course; what is doubtful goes to ``unmatched/<lesson>/`` beside it.
        dry_run: only say what would be done.
    """

    def __init__(self, submitted: Path, lesson: str, *, dry_run: bool) -> None:
        self._submitted, self._lesson, self._dry_run = submitted, lesson, dry_run
        self._aside = submitted.parent / DOUBTFUL / lesson

    def place(self, student: str, files: Mapping[str, bytes]) -> str:
        """Write a submission.

        Returns:
            "unchanged" if the same lay there already, "replaced" if something else did, otherwise "new".

        Raises:
            CourseError: it cannot be written.
        """
        folder = self._submitted / student / self._lesson
        if _holds(folder, files):
            return "unchanged"
        there = folder.exists() or folder.is_symlink()
        if not self._dry_run:
            try:
                if there:
                    kept = _free(self._aside / "replaced" / student)
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(folder, kept)
                for name, content in files.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(content)
            except OSError as error:
                raise _not_written(folder, error) from error
        return "replaced" if there else "new"

    def set_aside(self, name: str, content: bytes) -> None:
        """Keep a file of a download that is no submission.

        Raises:
            CourseError: it cannot be written.
        """
        if self._dry_run:
            return
        path = PurePosixPath(name)
        ending = cut(as_file_name(path.suffix), ENDING_BYTES) if path.suffix.strip(".") else ""
        digest = hashlib.sha256(content).hexdigest()[:12]
        # One flat folder: names from a download are not to be trusted with making others.
        stem = as_file_name(name.removesuffix(path.suffix) if ending else name)
        kept = self._aside / (f"{stem}-{digest}.{ending}" if ending else f"{stem}-{digest}")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(content)
        except OSError as error:
            raise _not_written(kept, error) from error


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Does the folder hold these files, as they are?"""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(_is(folder / name, content) for name, content in files.items())


def _is(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number, free = number + 1, path.with_name(f"{path.name}-{number + 1}")
    return free


def _not_written(path: Path, error: OSError) -> CourseError:
    reason = (error.strerror or type(error).__name__).lower()
    return CourseError(f"{path} cannot be written ({reason}): make room, and run the same command again.")
