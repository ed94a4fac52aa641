"""Zips, the class's and the students': names set right, sizes capped before unpacking."""

import io
import stat
import zipfile
from collections.abc import Iterator
from typing import IO

from grader.submissions.download_contents import (
    Contents,
    Download,
    Refusal,
    and_others,
    is_passed_over,
    limit_of,
    why_unsafe,
)

STUDENTS_BYTES = 50_000_000  # that one student's zip may hold, unpacked
TOLD_OF_ONE_ZIP = 20  # files that are not taken, each on a line of its own
LARGE, MOST_SHRUNK = 10_000_000, 100  # from this size on, data that shrinks more is made to harm
_UTF8, _ENCRYPTED = 0x800, 0x1  # bits of a zip's entry


def read_zip(file: IO[bytes], contents: Contents, within: str = "", most: int | None = None) -> list[str]:
    """Take the files of a zip into ``contents``.

    Args:
        within: the folder that they are to lie in; a student's zip of that name, if there is one.
        most: bytes that they may have together.

    Returns:
        names of those that did not fit into ``most``.

    Raises:
        BadZipFile: it is damaged as a whole.
    """
    room, too_many = most, []
    with _opened(file) as archive:
        for entry, name in _entries(archive, within):
            if is_passed_over(name):
                contents.passed_over.append(name)
            elif (reason := why_unsafe(name) or _why_refused(entry, name)) is not None:
                contents.refused.append(Refusal(name, reason))
            elif room is not None and entry.file_size > room:
                too_many.append(name)
            elif contents.files_left <= 0 or entry.file_size > contents.bytes_left:
                contents.beyond.append(name)
            else:
                content = _read(archive, entry)
                if content is None:
                    contents.refused.append(Refusal(name, "it is damaged"))
                    continue
                room = None if room is None else room - len(content)
                contents.take(Download(name, content, within))
    return too_many


def open_students_zip(download: Download, contents: Contents) -> None:
    """Take the files of a zip that one student handed in. Where not all are taken, the zip is kept too."""
    before = len(contents.refused)
    try:
        too_many = read_zip(io.BytesIO(download.content), contents, download.name[:-4], STUDENTS_BYTES)
    except zipfile.BadZipFile:
        contents.refused.append(Refusal(download.name, "it is a damaged zip", download.content))
        return
    refused = contents.refused[before:]
    if len(refused) > TOLD_OF_ONE_ZIP:
        rest = and_others([one.name for one in refused[TOLD_OF_ONE_ZIP:]])
        contents.refused[before + TOLD_OF_ONE_ZIP :] = [Refusal(rest, "for reasons like those above")]
    if too_many:
        reason = f"{STUDENTS_BYTES / 1e6:g} MB are allowed in one zip: {and_others(too_many)} did not fit"
        contents.refused.append(Refusal(download.name, reason, download.content))
    elif refused:
        reason = "kept whole, because files in it are not taken, for the reasons beside them"
        contents.refused.append(Refusal(download.name, reason, download.content))


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # a zip that is damaged on purpose raises many kinds
        raise zipfile.BadZipFile(str(error)) from error


def _entries(archive: zipfile.ZipFile, within: str) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The files with their paths; notebooks first, so that a cap costs other files before it costs one."""
    named = [(entry, _name(entry)) for entry in archive.infolist() if not entry.filename.endswith("/")]
    for entry, name in sorted(named, key=lambda one: not one[1].lower().endswith(".ipynb")):
        yield entry, f"{within}/{name.lstrip('/')}" if within else name


def _name(entry: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 without the bit that says so: Python then reads code page 437."""
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/").encode("utf-8", "replace").decode()


def _why_refused(entry: zipfile.ZipInfo, name: str) -> str | None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link"
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if entry.file_size > limit_of(name):
        return f"it is larger than {limit_of(name) / 1e6:g} MB"
    if entry.file_size > LARGE and entry.file_size > MOST_SHRUNK * entry.compress_size:
        times = entry.file_size // max(entry.compress_size, 1)
        return f"unpacked it would be {times:,} times as large, as only a zip is that was made to harm"
    return None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """No more than the entry says of its size, which was checked; ``None`` if it is damaged."""
    try:
        with archive.open(entry) as opened:
            content = opened.read(entry.file_size + 1)
    except Exception:  # a zip that is damaged on purpose raises many kinds
        return None
    return content if len(content) == entry.file_size else None
