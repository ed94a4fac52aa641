"""Read files that a student may have made to harm: links, devices, pipes, sizes.

Every step down opens a folder by its descriptor and follows no link, so that nothing can be swapped between
looking and reading.
"""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from grader.lesson_folder import NOTEBOOK
from grader.submissions.shown_data import without_shown_data

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"  # of `nbgrader submit`
_PASSED_OVER = frozenset([".ipynb_checkpoints", "__pycache__", ".checkpoints", "my_photos"])
_FIRST = (NOTEBOOK, TIMESTAMP, SECRET)  # taken before a cap is reached


class Refused(Exception):
    """Why a file or notebook is not taken, in one sentence."""


class FileLimits(BaseModel):
    """Bytes of a notebook without and with what it shows, of another file, of all; number of files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notebook: int = 30_000_000
    with_pictures: int = 100_000_000
    file: int = 20_000_000
    total: int = 80_000_000
    files: int = 200
    depth: int = 8


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a plain file; its last component is not followed if it is a link.

    Raises:
        Refused: it is a link, a folder, a device or a pipe, larger than ``limit`` bytes, or unreadable.
    """
    return _read(path.name, None, limit, path)


def bounded_notebook(content: bytes, limit: int) -> bytes:
    """A notebook's file; without what its cells show where it is larger than ``limit`` bytes with it.

    Raises:
        Refused: it is larger all the same.
    """
    if len(content) > limit:
        content = without_shown_data(content)
    if len(content) > limit:
        raise Refused(f"it is larger than {limit / 1e6:g} MB even without what its cells show")
    return content


def regular_files(folder: Path, limits: FileLimits) -> tuple[dict[str, bytes], list[str]]:
    """The plain files below ``folder`` by their path in it, and one sentence for each that is not taken.

    Hidden files, caches, checkpoints and the student's own photographs are passed over in silence.
    """
    taken = take_regular(folder, limits)
    return taken.files, taken.problems


@dataclass
class Taken:
    """What was taken of a folder.

    Attributes:
        files: by their path in the folder.
        problems: one sentence for each that is not taken.
        changed: when the folder, or a file that was taken, was last changed, in seconds since 1970; 0 if it
            cannot be read. The system keeps this time (``ctime``), and nobody can set it back.
        owner: the number of the account that everything has to belong to; ``None`` if that is no matter.
    """

    limits: FileLimits
    owner: int | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    changed: float = 0.0

    def look(self, opened: int) -> None:
        """Note when an open file or folder was changed.

        Raises:
            Refused: it belongs to another account.
        """
        found = os.fstat(opened)
        if self.owner is not None and found.st_uid != self.owner:
            raise Refused("it belongs to another account than the folder should")
        self.changed = max(self.changed, found.st_ctime)


def take_regular(folder: Path, limits: FileLimits, owner: int | None = None) -> Taken:
    """As ``regular_files``, with the time of the last change.

    Args:
        owner: the number of the account that the folder and all in it have to belong to.
    """
    taken = Taken(limits, owner)
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        taken.problems.append(f"The folder {folder.name} cannot be read: {_why(error)}.")
        return taken
    try:
        taken.look(root)
        _walk(root, "", taken)
        taken.look(root)
    except Refused as reason:
        taken.files.clear()
        taken.problems.append(f"The folder {folder.name} is not taken: {reason}.")
    finally:
        os.close(root)
    return taken


def _walk(folder: int, prefix: str, taken: Taken) -> None:
    limits, files, problems = taken.limits, taken.files, taken.problems
    try:
        names = sorted(os.listdir(folder), key=lambda name: (name not in _FIRST, name))
    except OSError as error:
        problems.append(f"{_shown(prefix)} cannot be listed: {_why(error)}.")
        return
    for name in names:
        if name.startswith(".") or name in _PASSED_OVER:
            continue
        shown = _shown(prefix + name)
        if len(files) >= limits.files:
            problems.append(
                f"There are more than {limits.files} files: {shown} and what follows is not taken."
            )
            return
        try:
            kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(kind):
                _enter(folder, name, prefix, taken)
                continue
            left = limits.total - sum(map(len, files.values()))
            if left <= 0:
                problems.append(
                    f"The files are larger than {limits.total / 1e6:g} MB together: {shown} is not taken."
                )
                return
            if (text := _text(prefix + name)) in files:
                raise Refused("its name differs from another's only in what is no text")
            if name.endswith(".ipynb"):
                content = _read(name, folder, limits.with_pictures, taken=taken)
                files[text] = bounded_notebook(content, min(limits.notebook, left))
            else:
                files[text] = _read(name, folder, min(limits.file, left), taken=taken)
        except OSError as error:
            problems.append(f"{shown} is not taken: {_why(error)}.")
        except Refused as reason:
            problems.append(f"{shown} is not taken: {reason}.")


def _enter(folder: int, name: str, prefix: str, taken: Taken) -> None:
    if prefix.count("/") >= taken.limits.depth:
        raise Refused("the folders are nested too deeply")
    below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        taken.look(below)
        _walk(below, f"{prefix}{name}/", taken)
        taken.look(below)
    finally:
        os.close(below)


def _read(
    name: str, folder: int | None, limit: int, path: Path | None = None, taken: Taken | None = None
) -> bytes:
    # NONBLOCK: opening a pipe must not wait for somebody who writes.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        opened = os.open(path or name, flags, dir_fd=folder)
    except OSError as error:
        raise Refused(_why(error)) from error
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("it is no plain file")
        if found.st_nlink > 1 and folder is not None and found.st_uid != os.fstat(folder).st_uid:
            raise Refused("it is a second name of somebody else's file")
        if found.st_size > limit:
            raise Refused(f"it is larger than {limit / 1e6:g} MB")
        content = file.read(limit + 1)
        if taken is not None:
            taken.look(opened)  # after reading: what was changed before, counts
    if len(content) > limit:
        raise Refused(f"it is larger than {limit / 1e6:g} MB")
    return content


def _why(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "it is a link"
    return (error.strerror or type(error).__name__).lower()


def _text(name: str) -> str:
    """File names are bytes; those that are not UTF-8 become readable."""
    return os.fsencode(name).decode("utf-8", "replace")


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in _text(name))[:120] or "The folder"
