"""Read a download of a learning platform: a folder or a zip, with a zip for a student perhaps."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import CourseError
from grader.submissions.download_contents import Contents, Download, Refusal, is_passed_over, limit_of
from grader.submissions.untrusted_files import Refused, read_regular
from grader.submissions.zip_files import open_students_zip, read_zip

DEEPEST = 40  # folders within folders


def read_downloads(source: Path) -> Contents:
    """All files of a download, those of students' zips as if each zip were a folder of its name.

    Raises:
        CourseError: ``source`` is neither a folder nor a zip, or a damaged one.
    """
    contents = Contents()
    if source.is_dir():
        _read_folder(source, contents)
    elif source.is_file() and zipfile.is_zipfile(source):
        with source.open("rb") as file:
            try:
                read_zip(file, contents)
            except zipfile.BadZipFile:
                raise CourseError(f"{source} is a damaged zip: download it again.") from None
    elif not source.exists():
        raise CourseError(f"{source} does not exist: name the zip or the folder that you downloaded.")
    else:
        raise CourseError(f"{source} is neither a folder nor a zip: name the file that you downloaded.")
    lying, contents.files = contents.files, []
    for download in lying:
        if download.name.lower().endswith(".zip"):
            open_students_zip(download, contents)
        else:
            contents.files.append(download)
    if (refusal := contents.without_room()) is not None:
        contents.refused.append(refusal)
    return contents


def _read_folder(folder: Path, contents: Contents) -> None:
    for path in _plain_files(folder, contents):
        name = _text(path.relative_to(folder))
        if is_passed_over(name):
            contents.passed_over.append(name)
            continue
        try:
            contents.take(Download(name, read_regular(path, limit_of(name))))
        except Refused as reason:
            contents.refused.append(Refusal(name, str(reason)))


def _plain_files(folder: Path, contents: Contents) -> Iterator[Path]:
    """Everything below ``folder`` that is no folder, in order; links are not followed."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            reason = f"it cannot be listed: {(error.strerror or 'unreadable').lower()}"
            contents.refused.append(Refusal(_text(here.relative_to(folder)), reason))
            continue
        below = []
        for entry in entries:
            path = here / entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif len(path.relative_to(folder).parts) > DEEPEST:
                deep = _text(path.relative_to(folder))
                contents.refused.append(Refusal(deep, "the folders are nested too deeply"))
            else:
                below.append(path)
        waiting += reversed(below)


def _text(path: Path) -> str:
    """File names are bytes; those that are not UTF-8 become readable."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")
