"""What a download holds: files by their paths, what is refused, and how much there may be."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.submissions.untrusted_files import FileLimits

TOTAL_BYTES, FILES = 2_000_000_000, 20_000  # of a whole class, what lies in its zips included
LONGEST_NAME = 1_000  # letters of one part of a path; no file system takes more
_LIMITS = FileLimits()
_CACHES = ("__MACOSX", "__pycache__", "Thumbs.db")


@dataclass(frozen=True)
class Download:
    """One file, by its path in the download.

    Attributes:
        opened: path, without ``.zip``, of the student's zip that it lay in; "" if it lay in none.
    """

    name: str
    content: bytes
    opened: str = ""


@dataclass(frozen=True)
class Refusal:
    """Something that is not taken, and why. ``content`` is kept, if it could be read."""

    name: str
    reason: str
    content: bytes | None = None


@dataclass
class Contents:
    """What a download holds; it fills as the download is read.

    Attributes:
        passed_over: hidden files and caches, which nobody hands in on purpose.
        beyond: files for which there was no room any more.
        bytes_left, files_left: what may still be taken, zips within zips included.
    """

    files: list[Download] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    bytes_left: int = TOTAL_BYTES
    files_left: int = FILES

    def take(self, download: Download) -> None:
        """Count a file in, or, where it has no room, among those beyond."""
        if self.files_left <= 0 or len(download.content) > self.bytes_left:
            self.beyond.append(download.name)
        else:
            self.files.append(download)
            self.files_left -= 1
            self.bytes_left -= len(download.content)

    def without_room(self) -> Refusal | None:
        """One line for all files beyond the caps."""
        if not self.beyond:
            return None
        reason = (
            f"{FILES:,} files and {TOTAL_BYTES / 1e9:g} GB are allowed together: collect the class in parts"
        )
        return Refusal(and_others(self.beyond), reason)


def and_others(names: list[str]) -> str:
    """The first of some names, and how many there are.

    >>> and_others(["a.txt", "b.txt", "c.txt"])
    'a.txt and 2 more files'
    """
    more = len(names) - 1
    return names[0] if not more else f"{names[0]} and {more:,} more file{'s' * (more > 1)}"


def limit_of(name: str) -> int:
    """Bytes that one file of this name may have."""
    return _LIMITS.with_pictures if name.lower().endswith(".ipynb") else _LIMITS.file


def why_unsafe(name: str) -> str | None:
    """Why a path from elsewhere is not to be believed; ``None`` if it may be."""
    path = PurePosixPath(name)
    if not path.parts:
        return "it has no name"
    if path.is_absolute() or ".." in path.parts or path.parts[0][1:2] == ":":
        return "its name leads out of the folder"
    if max(map(len, path.parts)) > LONGEST_NAME:
        return f"a part of its name has more than {LONGEST_NAME:,} letters"
    return None


def is_passed_over(name: str) -> bool:
    """Hidden, or a cache, such as a Mac or Jupyter leaves behind."""
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part != "..") or part in _CACHES for part in parts)
