"""Whose each file of a download is: by the roster, or, without one, by the platform's names alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from grader.submissions.download_contents import Download
from grader.submissions.person_names import ID_BYTES, as_student_id, as_written, cut
from grader.submissions.platforms.recognise import Recognised
from grader.submissions.platforms.sender import Sender
from grader.submissions.roster import Roster

NOTEBOOK_ENDING = ".ipynb"


@dataclass(frozen=True)
class HandedIn:
    """A notebook, and who handed it in."""

    sender: Sender
    download: Download


@dataclass
class Matched:
    """Files by what is to become of them.

    Attributes:
        notebooks: by student.
        unmatched: with the reason why it is nobody's, or nobody's alone.
        own: files that the platform wrote itself.
    """

    notebooks: dict[str, list[HandedIn]] = field(default_factory=dict)
    unmatched: list[tuple[Download, str]] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


def match(recognised: Recognised, roster: Roster | None) -> Matched:
    """Who handed in what; a file that two could claim is nobody's."""
    matched = Matched()
    platform, downloads = recognised.platform, recognised.downloads
    senders = platform.senders(downloads, roster.logins if roster else ())
    handed: list[HandedIn] = []
    for download, of_it in sorted(zip(downloads, senders, strict=True), key=lambda one: one[0].name):
        if platform.is_own(download.name):
            matched.own.append(download.name)
        elif not download.name.lower().endswith(NOTEBOOK_ENDING):
            matched.unmatched.append((download, _no_notebook(download)))
        elif not of_it:
            matched.unmatched.append((download, platform.unnamed))
        else:
            handed += [HandedIn(_of_a_group(sender, of_it), download) for sender in of_it]
    if roster:
        _by_roster(handed, roster, matched)
    else:
        _by_names(handed, matched)
    return matched


def _of_a_group(sender: Sender, group: Sequence[Sender]) -> Sender:
    """Whoever names a group may do so without asking: what its members hand in themselves goes before."""
    if len(group) == 1:
        return sender
    return replace(sender, doubt=f"handed in for a group: {', '.join(one.name for one in group)}")


def _no_notebook(download: Download) -> str:
    if download.opened and download.name.lower().endswith(".zip"):
        return "it is a zip within a zip: open it by hand"
    return "it is no notebook"


def _by_roster(handed: Sequence[HandedIn], roster: Roster, matched: Matched) -> None:
    for one in handed:
        student, reason = roster.find(one.sender)
        if student is None:
            matched.unmatched.append((one.download, reason))
        else:
            sender = replace(one.sender, doubt="; ".join(filter(None, [one.sender.doubt, reason])))
            matched.notebooks.setdefault(student, []).append(HandedIn(sender, one.download))
    for student, theirs in list(matched.notebooks.items()):
        if len(people := {one.sender.identity for one in theirs} - {""}) > 1:
            reason = (
                f"{len(people)} people of this name handed something in ({', '.join(sorted(people))}), but "
                f"the roster has one, {student}: say there which of them it is, in a column lms_user_id, "
                f"participant, username or email"
            )
            matched.unmatched += [(one.download, reason) for one in theirs]
            del matched.notebooks[student]


def _by_names(handed: Sequence[HandedIn], matched: Matched) -> None:
    """The platform's names become ids. Two people of one name stay two, if they can be told apart."""
    people: dict[str, dict[tuple[str, str], list[HandedIn]]] = {}
    for one in handed:
        name = as_written(one.sender.login or one.sender.email or one.sender.name)
        # Some systems know no difference between two folders that differ in capitals alone.
        same = people.setdefault(as_student_id(name).casefold(), {})
        same.setdefault((name, one.sender.identity), []).append(one)
    taken = set(people)
    for key, persons in people.items():
        for (name, identity), theirs in persons.items():
            student = as_student_id(name)
            if len(persons) > 1:
                student = cut(f"{student}-{as_student_id(identity)}", ID_BYTES) if identity else ""
            if student and (len(persons) == 1 or student.casefold() not in taken):
                taken.add(student.casefold())
                matched.notebooks[student] = theirs
                continue
            reason = "its name holds no letter that an id could be made of: give a roster"
            if key:
                names = ", ".join(repr(name) for name, _ in persons)
                reason = (
                    f"{len(persons)} people would get one id ({names}): give a roster that tells them apart"
                )
            matched.unmatched += [(one.download, reason) for one in theirs]
