"""Sakai: ``Assignment/Last, First(eid)/Submission attachment(s)/lesson.ipynb``, or flat with ``_`` between.

Beside it lie Sakai's own files and, in a folder of their own, what the instructor handed back. The names of
the two folders are in the site's language.
"""

import re
from collections.abc import Collection, Sequence

from grader.submissions.download_contents import Download
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

_STUDENT = re.compile(r"(?P<name>[^/]*,[^/]*)\((?P<login>[^()/]+)\)")
_FLAT = re.compile(r"(?P<who>[^/]*?,[^/]*?\([^()/]+\))_(?P<file>[^/]+)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # in place of an eid that is not ASCII
_HANDED_IN, _HANDED_BACK = "submission attachment(s)", "feedback attachment(s)"
_SHEETS = ("grades.csv", "grades.xls", "grades.xlsx")
_BESIDE = ("timestamp.txt", "comments.txt", "feedbacktext.html")


class Sakai(Platform):
    """ "Download all" of an assignment.

    Args:
        flat: without folders for students. A name alone may look like either; those of a whole class do not.
    """

    name = "Sakai"
    unnamed = "its name is none that Sakai gives to what a student hands in"

    def __init__(self, *, flat: bool) -> None:
        self.flat = flat

    def reads(self, outermost: str) -> bool:
        return (_FLAT if self.flat else _STUDENT).fullmatch(outermost) is not None

    def is_own(self, path: str) -> bool:
        first, rest = outermost(path)
        if not self.reads(first):
            return path in _SHEETS
        _, own = self._parts(first, rest)
        own = own.casefold().lstrip("_")
        return own in _BESIDE or own.startswith(_HANDED_BACK + ("_" if self.flat else "/"))

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        folders = {
            _folder(download.name)
            for download in downloads
            if self.reads(outermost(download.name)[0]) and not self.is_own(download.name)
        } - {""}
        return [self._senders(download.name, folders) for download in downloads]

    def _parts(self, first: str, rest: str) -> tuple[str, str]:
        """Who, and what follows."""
        if self.flat and (match := _FLAT.fullmatch(first)):
            return match["who"], match["file"]
        return first, rest

    def _senders(self, path: str, folders: set[str]) -> list[Sender]:
        first, rest = outermost(path)
        if not self.reads(first):
            return []
        who, own = self._parts(first, rest)
        file = rest.rpartition("/")[2] or own.rpartition("(s)_")[2]
        # The folder's name is known in English; in another language it is, if there is but one.
        doubt = ""
        if not self.flat and (_folder(path) != _HANDED_IN if _HANDED_IN in folders else len(folders) > 1):
            doubt = "whether it lies among what was handed in or what was handed back is not known"
        found = []
        for one in who.split("; "):  # a group: "Last, First(eid); Last, First(eid)"
            if match := _STUDENT.fullmatch(one):
                login = "" if _UUID.fullmatch(match["login"]) else match["login"]
                name = match["name"].strip()
                found.append(Sender(name, (name,), file, login=login, only_ascii=True, doubt=doubt))
        return found


def _folder(path: str) -> str:
    """Between the student's folder and the file, in lower case; "" if there is none."""
    rest = outermost(path)[1]
    return rest.partition("/")[0].casefold() if "/" in rest else ""
