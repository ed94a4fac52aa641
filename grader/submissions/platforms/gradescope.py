"""Gradescope: ``assignment_<n>_export/submission_<n>/lesson.ipynb``, and a file that says whose it is."""

import re
from collections.abc import Collection, Sequence
from typing import Any

import yaml

from grader.submissions.download_contents import Download
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

METADATA = "submission_metadata.yml"
_NAMED = re.compile(r"submission_[0-9]+(\.\w{1,10})?")
_NOTHING = ("", "~", "null", "nil")


class Gradescope(Platform):
    """ "Export submissions" of an assignment."""

    name = "Gradescope"
    unnamed = f"{METADATA}, which says whose it is, does not name it: export all submissions again"

    def reads(self, outermost: str) -> bool:
        return _NAMED.fullmatch(outermost) is not None

    def is_own(self, path: str) -> bool:
        return path == METADATA

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        lists = [_submitters(one.content) for one in downloads if one.name == METADATA]
        told = lists[0] if len(lists) == 1 else {}
        return [[_sender(download, *person) for person in _people(download, told)] for download in downloads]


def _people(download: Download, told: dict[str, list[tuple[str, str, str]]]) -> list[tuple[str, str, str]]:
    first = outermost(download.name)[0]
    return told.get(first) or (told.get(f"{first}.zip", []) if download.opened == first else [])


def _sender(download: Download, name: str, sid: str, email: str) -> Sender:
    names = (name,) if name else ()
    return Sender(name or email or sid, names, download.name.rpartition("/")[2], login=sid, email=email)


def _submitters(content: bytes) -> dict[str, list[tuple[str, str, str]]]:
    """Name, number and e-mail of those who handed a submission in, a group perhaps; nothing if unreadable."""
    # Scalars stay texts, so that a number keeps its zeros; what Ruby put into the file is not built.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        told = yaml.load(content, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        return {}
    found: dict[str, list[tuple[str, str, str]]] = {}
    for submission, record in told.items() if isinstance(told, dict) else ():
        people = record.get(":submitters") if isinstance(record, dict) else None
        for person in people if isinstance(people, list) else ():
            if isinstance(person, dict):
                name, sid, email = (_text(person.get(key)) for key in (":name", ":sid", ":email"))
                if name or sid or email:
                    found.setdefault(str(submission), []).append((name, sid, email))
    return found


def _text(value: Any) -> str:
    return "" if not isinstance(value, str) or value in _NOTHING else value.strip()
