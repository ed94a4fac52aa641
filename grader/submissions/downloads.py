"""The files of a download from a learning platform: a folder or a zip, with a zip for a student perhaps."""

import io
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import CourseError
from grader.submissions.untrusted_files import FileLimits, regular_files

TOTAL_BYTES, FILES = 2_000_000_000, 20_000  # of a whole class
_LIMITS = FileLimits(total=TOTAL_BYTES, files=FILES)
_LINK = stat.S_IFLNK


@dataclass(frozen=True)
class Download:
    """One file, by its path in the download."""

    name: str
    content: bytes


def read_downloads(source: Path) -> tuple[list[Download], list[tuple[str, str]]]:
    """All files of a download; and names with the reason, for those that cannot be read.

    Raises:
        CourseError: ``source`` is neither a folder nor a zip.
    """
    problems: list[tuple[str, str]] = []
    if source.is_dir():
        files, sentences = regular_files(source, _LIMITS)
        problems += [(sentence.split(" ")[0], sentence) for sentence in sentences]
        found = [Download(name, content) for name, content in files.items()]
    elif source.is_file() and zipfile.is_zipfile(source):
        with source.open("rb") as file:
            found = _read_zip(file, "", problems)
    elif not source.exists():
        raise CourseError(f"{source} does not exist: name the zip or the folder that you downloaded.")
    else:
        raise CourseError(f"{source} is neither a folder nor a zip: name the file that you downloaded.")
    expanded: list[Download] = []
    for download in found:
        if download.name.lower().endswith(".zip"):
            expanded += _expand(download, problems)
        else:
            expanded.append(download)
    return expanded, problems


def _expand(download: Download, problems: list[tuple[str, str]]) -> list[Download]:
    """A zip that one student handed in: its files, as if they lay in a folder of its name."""
    prefix = download.name[: -len(".zip")] + "/"
    try:
        return _read_zip(io.BytesIO(download.content), prefix, problems)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        problems.append((download.name, "it is a damaged or encrypted zip"))
        return []


def _read_zip(file: io.IOBase, prefix: str, problems: list[tuple[str, str]]) -> list[Download]:
    found, total = [], 0
    try:
        opened = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise CourseError("The zip is damaged: download it again.") from None
    with opened as archive:
        for entry in archive.infolist()[:FILES]:
            name = prefix + entry.filename.replace("\\", "/")
            if entry.is_dir() or _is_passed_over(name):
                continue
            limit = _LIMITS.notebook if name.endswith(".ipynb") else _LIMITS.file
            reason = _unsafe(name, entry)
            if reason is None:
                try:
                    with archive.open(entry) as content:
                        read = content.read(limit + 1)  # what the entry says of its size may be wrong
                except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
                    reason = "it is damaged or encrypted"
                else:
                    total += len(read)
                    if len(read) > limit:
                        reason = f"it is larger than {limit / 1e6:g} MB"
                    elif total > TOTAL_BYTES:
                        reason = "the files are too large together"
            if reason is None:
                found.append(Download(name, read))
            else:
                problems.append((name, reason))
    return found


def _unsafe(name: str, entry: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "its name leads out of the folder"
    if stat.S_IFMT(entry.external_attr >> 16) == _LINK:
        return "it is a link"
    return None


def _is_passed_over(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") and part not in (".", "..") for part in parts) or "__MACOSX" in parts
