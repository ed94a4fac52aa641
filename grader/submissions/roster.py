"""The class: which names, numbers and addresses of a learning platform belong to which student."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from grader.submissions.person_names import normalised
from grader.submissions.platforms.sender import Sender


@dataclass(frozen=True)
class Student:
    """One row of a roster.

    Attributes:
        name: as a person reads it; "" where the roster has none.
        names: all ways to write it, as they are compared.
        logins: user names, in lower case; the id and what stands before the @ of an address among them.
        emails: in lower case.
        user_numbers: the platform's numbers of the user (``lms_user_id``).
        participants: Moodle's numbers of a participant of one assignment.
    """

    id: str
    name: str = ""
    names: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    user_numbers: frozenset[str] = frozenset()
    participants: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.id} ({self.name})" if self.name and self.name != self.id else self.id


@dataclass(frozen=True)
class Roster:
    """The students of a class.

    Attributes:
        hidden: what the roster's platform writes for a name under blind marking, as it is compared.
        notes: what an instructor should know of how the file was read, a sentence each.
    """

    students: list[Student]
    hidden: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """nbgrader's ids, in the roster's order."""
        return [student.id for student in self.students]

    @property
    def logins(self) -> frozenset[str]:
        """Everybody's user names."""
        return frozenset(login for student in self.students for login in student.logins)

    def knows(self, name: str) -> bool:
        """Whether somebody has this name, id or address."""
        return normalised(name) in self._by_name

    def find(self, sender: Sender) -> tuple[str | None, str]:
        """The id of the one student whom everything in a download's name fits, and a doubt, if there is one.

        Whatever the name says has to agree, where the roster says something of it too. If it fits nobody, or
        more than one: ``None`` and why.
        """
        if _compared(sender.names) & self.hidden:
            sender = replace(sender, names=())
        whole = replace(sender, names=sender.names[:1])
        found = self._evidence(sender)
        if not found:
            return None, self._nobody(sender)
        agreeing = [one for one in _once(*found.values()) if _fits_all(one, found)]
        fitting = [student for student in agreeing if not _contradiction(student, sender)]
        if len(fitting) > 1:
            fitting = [student for student in fitting if _has_its_name(student, whole)] or fitting
        if len(fitting) > 1:
            ids = ", ".join(student.id for student in fitting)
            return None, f"it fits {len(fitting)} of the roster ({ids}): {_remedy(sender)}"
        if not fitting:
            said = " but ".join(f"{kind} is that of {_these(students)}" for kind, students in found.items())
            if agreeing:
                return None, f"{said}, for whom the roster has another {_contradiction(agreeing[0], sender)}"
            return None, f"{said}: they have to agree"
        [student] = fitting
        others = [one for number in sender.other_numbers for one in self._by_number.get(number, [])]
        if others and others != [student]:
            reason = f"its name can be read as that of {student} and as that of {others[0]}"
            return None, f"{reason}: open it, ask, and lay it into {_by_hand(student.id)}"
        if len(found) == 1 and _has_its_name(student, sender) and not _has_its_name(student, whole):
            return student.id, f"what stands before {student.name!r} was taken for a group's name"
        return student.id, ""

    def _evidence(self, sender: Sender) -> dict[str, list[Student]]:
        """Whatever the sender says that fits somebody, and whom it fits."""
        keys, names = _keys(sender), _compared(sender.names)
        by_name = self._by_ascii_name if sender.only_ascii else self._by_name
        found = {
            f"the name {sender.name!r}": [by_name.get(name, []) for name in names],
            f"the number {sender.user_number}": [self._by_number.get(sender.user_number, [])],
            f"the participant's number {sender.participant}": [
                self._by_participant.get(sender.participant, [])
            ],
            f"the login {_these(keys)}": [self._by_key.get(key, []) for key in keys],
        }
        return {kind: _once(*lists) for kind, lists in found.items() if any(lists)}

    @cached_property
    def _by_name(self) -> dict[str, list[Student]]:
        return _index(self.students, lambda student: student.names)

    @cached_property
    def _by_ascii_name(self) -> dict[str, list[Student]]:
        return _index(self.students, lambda student: map(_ascii, student.names))

    @cached_property
    def _by_number(self) -> dict[str, list[Student]]:
        return _index(self.students, lambda student: student.user_numbers)

    @cached_property
    def _by_participant(self) -> dict[str, list[Student]]:
        return _index(self.students, lambda student: student.participants)

    @cached_property
    def _by_key(self) -> dict[str, list[Student]]:
        return _index(self.students, lambda student: student.logins | student.emails)

    def _nobody(self, sender: Sender) -> str:
        if not sender.names and sender.number and not sender.login:
            column = "participant" if sender.participant else "lms_user_id"
            return (
                f"the platform hid the name, and the number {sender.number} is nobody's in the roster: show "
                f"the names and download again, or give a roster with these numbers in a column {column}"
            )
        number = f", and the number {sender.number} is nobody's" if sender.number else ""
        return f"nobody in the roster is {sender.name!r}{number}"


def _index(students: Iterable[Student], keys: Callable[[Student], Iterable[str]]) -> dict[str, list[Student]]:
    found: dict[str, list[Student]] = {}
    for student in students:
        for key in set(keys(student)) - {""}:
            found.setdefault(key, []).append(student)
    return found


def _once(*lists: list[Student]) -> list[Student]:
    """Each student of several lists, once."""
    return list({id(student): student for students in lists for student in students}.values())


def _fits_all(student: Student, found: dict[str, list[Student]]) -> bool:
    return all(any(student is one for one in students) for students in found.values())


def _ascii(name: str) -> str:
    return "".join(filter(str.isascii, name))


def _compared(names: Iterable[str]) -> set[str]:
    return {normalised(name) for name in names} - {""}


def _has_its_name(student: Student, sender: Sender) -> bool:
    names = set(map(_ascii, student.names)) if sender.only_ascii else student.names
    return bool(_compared(sender.names) & names)


def _keys(sender: Sender) -> set[str]:
    return {sender.login.casefold(), sender.email.casefold()} - {""}


def _contradiction(student: Student, sender: Sender) -> str:
    """What the roster has of a student that is not what the sender says; "" if there is nothing."""
    if sender.user_number and student.user_numbers and sender.user_number not in student.user_numbers:
        return f"number, {_these(student.user_numbers)} and not {sender.user_number}"
    if sender.participant and student.participants and sender.participant not in student.participants:
        other = f"participant's number, {_these(student.participants)} and not {sender.participant}"
        return f"{other} (or is it the worksheet of another assignment?)"
    if sender.email and student.emails and not _keys(sender) & (student.logins | student.emails):
        return f"address, {_these(student.emails)} and not {sender.email}"
    if _compared(sender.names) and student.name and not _has_its_name(student, sender):
        return f"name, {student.name!r} and not {sender.name!r}"
    return ""


def _these(things: Iterable[object]) -> str:
    return " or ".join(sorted(map(str, things)))


def _remedy(sender: Sender) -> str:
    if sender.participant:
        return f"give the roster a column participant, with {sender.participant} in the right row"
    if sender.user_number:
        return f"give the roster a column lms_user_id, with {sender.user_number} in the right row"
    if sender.login or sender.email:
        return f"give the roster {sender.login or sender.email} in a column username or email"
    return f"nothing else tells them apart; open it, ask, and lay it into {_by_hand('<id>')}"


def _by_hand(student: str) -> str:
    return f"submitted/{student}/<lesson>/ by hand"
