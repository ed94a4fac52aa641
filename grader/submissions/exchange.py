"""nbgrader's exchange: a folder of one machine that every account can write to, under any name.

``inbound/<student>+<lesson>+<time>+<random>`` is a name that anybody may give. Who owns a folder, and when it
was last changed, the system keeps; that is what is believed here.
"""

import os
import pwd
import re
import stat
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.errors import CourseError
from grader.submissions.collect import Collected, Placed
from grader.submissions.person_names import as_student_id
from grader.submissions.placing import Places
from grader.submissions.platforms.sender import Sender
from grader.submissions.roster import Roster
from grader.submissions.roster_file import read_roster
from grader.submissions.untrusted_files import TIMESTAMP, FileLimits, Taken, take_regular

TIME_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader's
KEPT_OF_ONE = 20  # folders in others' names, of one account, that are copied into unmatched/
_A_MOMENT = 60.0  # seconds that `nbgrader submit` may take from saying its time to the last file
_LONGEST = 255  # bytes of a file's name


@dataclass(frozen=True)
class Folder:
    """One folder of the exchange.

    Attributes:
        claimed: the student by its name.
        time: by its name, too.
        owner: the number of the account that made it.
    """

    path: Path
    claimed: str
    time: str
    owner: int

    def taken(self) -> Taken:
        """Its files, as far as they are plain and the owner's."""
        taken = take_regular(self.path, FileLimits(), self.owner)
        for name in [name for name in taken.files if not _can_be_written(name)]:
            del taken.files[name]
            taken.problems.append(f"{name} is not taken: its name is no text, or too long.")
        return taken


def account_of(folder: Folder) -> str | None:
    """The name of the account that owns a folder; ``None`` if no account has its number."""
    try:
        return pwd.getpwuid(folder.owner).pw_name
    except KeyError:
        return None


def inbound(root: Path, course: str) -> Path:
    """The folder that students submit to.

    Raises:
        CourseError: there is none.
    """
    for folder in (root / course / "inbound", root / "inbound"):
        if folder.is_dir():
            return folder
    raise CourseError(
        f"{root / course / 'inbound'} is no folder: name the exchange's folder after --exchange, or set "
        f"Exchange.root in nbgrader_config.py. `nbgrader release_assignment` makes it."
    )


def collect_exchange(
    inbox: Path, lesson: str, submitted: Path, *, roster: Path | None = None, dry_run: bool = False
) -> Collected:
    """Lay out what was submitted to the exchange as ``submitted/<student>/<lesson>/``, with its time.

    The student is the owner of the folder; one that bears another's name is nobody's. Of several the one that
    was changed last counts. ``timestamp.txt`` gets the time of that change.

    Args:
        inbox: the exchange's folder ``inbound``.
        roster: a CSV file that says, in a column username, which account is which student.

    Raises:
        CourseError: ``inbox`` or ``roster`` cannot be read, or a file cannot be written.
    """
    known = read_roster(roster) if roster else None
    places = Places(submitted, lesson, dry_run=dry_run)
    collected = Collected("nbgrader's exchange: whoever owns a folder is its student", dry_run=dry_run)
    collected.notes = list(known.notes) if known else []
    by_student: dict[str, list[tuple[float, Folder]]] = {}
    strange: Counter[int] = Counter()
    for folder in _folders(inbox, lesson, collected):
        student, reason = _whose(folder, known)
        if student is not None and (taken := folder.taken()).changed:
            by_student.setdefault(student, []).append((taken.changed, folder))
        elif student is not None:
            collected.aside.append((folder.path.name, " ".join(taken.problems)))
        else:
            strange[folder.owner] += 1
            _set_aside(folder, reason, strange[folder.owner] <= KEPT_OF_ONE, places, collected)
    for student, theirs in sorted(by_student.items()):
        *earlier, (_, last) = sorted(theirs, key=lambda one: (one[0], one[1].path.name))
        for _, folder in earlier:
            reason = f"an earlier submission of {student}; it stays in the exchange"
            collected.aside.append((folder.path.name, reason))
        _place(last, student, places, collected)
    if known:
        collected.missing = [student for student in known.ids if student not in by_student]
    return collected


def _folders(inbox: Path, lesson: str, collected: Collected) -> list[Folder]:
    """Those of the lesson, by their names."""
    try:
        names = sorted(os.listdir(inbox))
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise CourseError(
            f"{inbox} cannot be listed ({reason}): collect as the account that made it."
        ) from error
    named = re.compile(
        rf"(?P<student>.+?)\+{re.escape(lesson)}\+(?P<time>\d.*?)(?:\+[\w-]{{12}})?", re.DOTALL
    )
    found = []
    for name in names:
        match = named.fullmatch(name)
        if match is None:
            if f"+{lesson}+" in name or name.endswith(f"+{lesson}"):
                collected.aside.append((_text(name), "its name is not student+lesson+time: it stays there"))
            continue
        try:
            status = os.stat(inbox / name, follow_symlinks=False)
        except OSError as error:
            reason = (error.strerror or "unreadable").lower()
            collected.aside.append((_text(name), f"it cannot be looked at ({reason})"))
            continue
        if stat.S_ISDIR(status.st_mode):
            found.append(Folder(inbox / name, match["student"], match["time"], status.st_uid))
        else:
            collected.aside.append((_text(name), "it is no folder: it stays in the exchange"))
    owners = {folder.owner for folder in found}
    if len(owners) == 1 and len({folder.claimed for folder in found}) > 2:
        account = account_of(found[0]) or f"number {found[0].owner}"
        collected.notes.append(
            f"Every folder belongs to the account {account}: where all students work in one account, owners "
            f"tell nothing, and `nbgrader collect` is the way."
        )
    return found


def _whose(folder: Folder, roster: Roster | None) -> tuple[str | None, str]:
    """The student who owns a folder; ``None`` and why, if its name says another."""
    account = account_of(folder)
    if account is None:
        return None, f"it belongs to the account number {folder.owner}, which has no name on this machine"
    student: str | None = account
    if roster:
        student, reason = roster.find(Sender(account, login=account))
        if student is None:
            return None, f"it belongs to the account {account}: {reason}"
    elif as_student_id(account) != account:
        return None, f"the account {account} can be no student's id: give a roster with a column username"
    if folder.claimed not in (account, student):
        return None, (
            f"its name says {_text(folder.claimed)}, but it belongs to the account {account}: neither gets "
            f"it; ask both, and lay it into submitted/<id>/<lesson>/ by hand if it is honest"
        )
    return student, ""


def _set_aside(folder: Folder, reason: str, keep: bool, places: Places, collected: Collected) -> None:
    if keep:
        for name, content in folder.taken().files.items():
            places.set_aside(f"{folder.path.name}/{name}", content)
    collected.aside.append((folder.path.name, reason if keep else f"{reason}; it stays in the exchange"))


def _place(folder: Folder, student: str, places: Places, collected: Collected) -> None:
    taken = folder.taken()
    time = datetime.fromtimestamp(taken.changed, UTC).strftime(TIME_FORMAT)
    remarks = [problem.removesuffix(".") for problem in taken.problems]
    said = _seconds(folder.time)
    if said is None or abs(taken.changed - said) > _A_MOMENT:
        remarks.append(f"its name says {folder.time}, but it was last changed {time}, and that counts")
    became = places.place(student, {**taken.files, TIMESTAMP: time.encode()})
    collected.count_in(Placed(student, folder.path.name, remarks=tuple(remarks)), became)


def _seconds(time: str) -> float | None:
    try:
        return parse_utc(time).replace(tzinfo=UTC).timestamp()
    except Exception:  # the parser of dates raises many kinds
        return None


def _can_be_written(name: str) -> bool:
    """Names that are no UTF-8 hold the sign that stands for what cannot be read."""
    return "\ufffd" not in name and all(len(part.encode()) <= _LONGEST for part in name.split("/"))


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
