"""Moodle: ``[Group-]Full Name_<participant>_assignsubmission_file_/lesson.ipynb``.

The number is a participant's of this one assignment, as in the column Identifier of its grading worksheet. It
is no user's number, and means somebody else in the next assignment. For a team it is the group's.
"""

import re
from collections.abc import Collection, Sequence

from grader.submissions.download_contents import Download
from grader.submissions.person_names import normalised
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

# From the left: what a student calls a file, stands on the right and is no longer looked at.
_NAMED = re.compile(
    r"(?P<name>[^/]+?)(?:_(?P<number>[0-9]{1,18}))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
# What stands for the name under blind marking, in Moodle's languages.
_PARTICIPANT = """
    Participant, Participante, Partecipante, Teilnehmer, Teilnehmer/in, Teilnehmende, Deelnemer, Deltagare,
    Deltager, Deltaker, Osallistuja, Uczestnik, Účastník, Účastník/ice, Udeleženec, Sudionik, Résztvevő,
    Katılımcı, Partaidea, Dalyvis, Dalībnieks, Osaleja, Συμμετέχων, Участник, Учасник, משתתף, مشارك,
    参加者, 参与者, 參與者, 참여자, 참가자
"""
PARTICIPANT = frozenset(map(normalised, _PARTICIPANT.split(",")))
_A_CLASS = 3  # as many as that share a prefix, or all one name, by no chance


class Moodle(Platform):
    """Downloads of an assignment, as folders or as one folder of files."""

    name = "Moodle"
    unnamed = "its name is none that Moodle gives to what a student hands in"

    def reads(self, outermost: str) -> bool:
        return _NAMED.fullmatch(outermost) is not None

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        found = [_NAMED.fullmatch(outermost(download.name)[0]) for download in downloads]
        numbers: dict[str, set[str]] = {}
        for match in filter(None, found):
            numbers.setdefault(match["name"], set()).add(match["number"] or "")
        prefix = _group_of_all(set(numbers))
        hidden = len(numbers) == 1 and len(next(iter(numbers.values()))) >= _A_CLASS
        return [
            [_sender(match, download, prefix, hidden)] if match else []
            for match, download in zip(found, downloads, strict=True)
        ]


def _sender(match: re.Match[str], download: Download, prefix: str, hidden: bool) -> Sender:
    number = match["number"] or ""
    rest = outermost(download.name)[1]
    file = rest.rpartition("/")[2] or match["file"] or ""
    whole = match["name"].removeprefix(prefix)
    readings = tuple(whole[at:] for at in [0, *(m.end() for m in re.finditer("-", whole))] if whole[at:])
    if hidden or any(normalised(reading) in PARTICIPANT for reading in readings):
        return Sender(f"{match['name']} {number}".strip(), (), file, participant=number)
    return Sender(whole, readings, file, participant=number)


def _group_of_all(names: set[str]) -> str:
    """The group that was downloaded, with its hyphen, where it stands before every name."""
    prefixes = {name.partition("-")[0] + "-" for name in names if "-" in name}
    if len(names) >= _A_CLASS and len(prefixes) == 1 and all("-" in name for name in names):
        return prefixes.pop()
    return ""
