"""The folder where prepared data lie, and how files get there whole or not at all."""

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from grader.atomic_write import write_atomically
from grader.errors import CourseError

VARIABLE = "FINETUNING_COURSE_CACHE"
BACKBONE_FILE = "efficientnet-lite0.safetensors"
_SAY_THAT_WE_WAIT_AFTER = 2.0  # seconds
# Whatever the umask: the data are public, and a kernel of another user reads them when root grades.
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


def cache_folder() -> Path:
    """The course's folder in the user's cache, or the one that ``FINETUNING_COURSE_CACHE`` names."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else user_cache_path("finetuning-course")


def solar_cells_file(size: int) -> Path:
    """Where all cells at ``size`` × ``size`` pixels lie once they are prepared."""
    return cache_folder() / f"solar-cells-{size}.npy"


def manifest_of(path: Path) -> Path:
    """Beside a prepared array: its checksum and where it is from. It is written last."""
    return path.with_suffix(".json")


@contextlib.contextmanager
def reported(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals inside the block into one sentence.

    Raises:
        CourseError: ``folder`` is read-only, no folder, or on a full disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            problem = "the disk is full"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            problem = "it cannot be written to"
        elif isinstance(error, FileExistsError | NotADirectoryError):
            problem = "a file stands where a folder is needed"
        else:
            raise
        raise CourseError(
            f"The course's data cannot be stored in {folder}, because {problem}: make room or permission "
            f"there, or set the environment variable {VARIABLE} to another folder and restart the kernel."
        ) from error


@contextlib.contextmanager
def exclusive(name: str, bytes_needed: int) -> Iterator[Path]:
    """The cache folder, for one process at a time.

    Args:
        name: what is prepared; two different names do not wait for each other.
        bytes_needed: free space to insist on.

    Raises:
        CourseError: as ``reported``, or too little free space.
    """
    folder = cache_folder()
    with reported(folder):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_FOLDER_MODE)
        lock = FileLock(folder / f"{name}.lock")
        try:
            lock.acquire(timeout=_SAY_THAT_WE_WAIT_AFTER)
        except Timeout:
            print(f"Another process is preparing {name}; this one waits and then uses the same files.")
            lock.acquire()
        try:
            free = shutil.disk_usage(folder).free
            if free < bytes_needed:
                raise OSError(errno.ENOSPC, f"{free} bytes free")
            yield folder
        finally:
            lock.release()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically.

    Raises:
        CourseError: as ``reported``.
    """
    with reported(path.parent):
        write_atomically(path, content, mode=_FILE_MODE)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
