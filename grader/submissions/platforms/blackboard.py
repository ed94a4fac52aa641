"""Blackboard: ``Assignment_username_attempt_2026-01-31-23-59-00_lesson.ipynb``, and a ``.txt`` for each.

Titles and user names may hold underscores, so one name alone does not say where the user's begins. All names
of a download begin with the same title; the ``.txt``, which Blackboard writes, says the user name.
"""

import re
from collections.abc import Collection, Sequence

from grader.submissions.download_contents import Download
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

# From the left: what a student calls a file, stands on the right and is no longer looked at.
_NAMED = re.compile(
    r"(?P<before>[^/]+?)_attempt_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<file>[^/]+)|(?P<end>\.\w{1,10}))?",
    re.DOTALL,
)
_FIRST_LINE = re.compile(r"[^:\n]*:\s*(?P<name>[^\n]*?)\s*\((?P<login>[^()\n]+)\)\s*(?:\n|$)")
_FEW = 3  # with fewer students what their names share may be more than the title


class Blackboard(Platform):
    """The files of one column of the grade center."""

    name = "Blackboard"
    unnamed = "its name is none that Blackboard gives to what a student hands in"

    def reads(self, outermost: str) -> bool:
        return _NAMED.fullmatch(outermost) is not None

    def is_own(self, path: str) -> bool:
        match = _NAMED.fullmatch(path)
        return match is not None and match["end"] == ".txt"

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        found = [_NAMED.fullmatch(outermost(download.name)[0]) for download in downloads]
        told: dict[str, re.Match[str]] = {}
        for match, download in zip(found, downloads, strict=True):
            if match and self.is_own(download.name):
                line = _FIRST_LINE.match(download.content[:2000].decode("utf-8-sig", "replace"))
                if line and match["before"].endswith(f"_{line['login']}"):
                    told[match["before"]] = line
        title, doubt = _title({match["before"] for match in found if match}, told, logins)
        return [
            [_sender(match, download, title, doubt, told.get(match["before"]))] if match else []
            for match, download in zip(found, downloads, strict=True)
        ]


def _sender(
    match: re.Match[str], download: Download, title: str, doubt: str, told: re.Match[str] | None
) -> Sender:
    login = told["login"] if told else match["before"].removeprefix(title)
    rest = outermost(download.name)[1]
    return Sender(
        login,
        (told["name"],) if told and told["name"] else (),
        rest.rpartition("/")[2] or match["file"] or download.name,
        login=login,
        attempt=match["time"],
        doubt="" if told else doubt,
    )


def _title(befores: set[str], told: dict[str, re.Match[str]], logins: Collection[str]) -> tuple[str, str]:
    """What all names begin with, and why that is uncertain, if it is."""
    said = {before.removesuffix(line["login"]) for before, line in told.items()}
    if len(said) == 1 and all(before.startswith(title) for title in said for before in befores):
        return said.pop(), ""
    first, last = min(befores, default=""), max(befores, default="")
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    ends = [at + 1 for at in range(min(same, len(first))) if first[at] == "_"]
    titles = [first[:end] for end in ends if all(len(before) > end for before in befores)]
    if not titles:
        return "", "where the user name begins is not known" if befores else ""
    known = {
        title: sum(before.removeprefix(title).casefold() in logins for before in befores) for title in titles
    }
    best = [title for title in titles if known[title] == max(known.values())]
    if any(known.values()) and len(best) > 1:
        return "", ""  # two of the class could be meant: then nobody is
    guessed = len(titles) > 1 and len(befores) < _FEW
    return best[-1], "where the user name begins is guessed" if guessed else ""
