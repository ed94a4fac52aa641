"""A class list as it comes: an own file, Moodle's worksheet or Canvas's gradebook, in any usual encoding."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from grader.errors import CourseError
from grader.submissions.person_names import ID_BYTES, as_student_id, as_written, normalised
from grader.submissions.roster import Roster, Student
from grader.submissions.roster_columns import (
    WANTED,
    column,
    fields_of,
    how_many_known,
    id_column,
    participant_word,
)

_SEPARATORS = (",", ";", "\t", "|")
_HEADER_WITHIN = 6  # lines; above it Sakai writes a title
_NO_STUDENTS = frozenset(
    map(normalised, ("Points Possible", "Manual Posting", "Student, Test", "Test Student"))
)


def read_roster(path: Path) -> Roster:
    """A roster from a CSV file whose header names the columns.

    Raises:
        CourseError: it cannot be read, names no column for the ids, or gives two students one id.
    """
    lines = _lines(path)
    at = max(range(min(len(lines), _HEADER_WITHIN)), key=lambda n: how_many_known(lines[n]), default=None)
    if at is None:
        raise CourseError(f"The roster {path} is empty: its first line must name the columns, with {WANTED}.")
    header, rows = lines[at], lines[at + 1 :]
    fields = fields_of(header, rows)
    ids = id_column(header, fields)
    names_too = any(field in ("name", "last") for field in fields)
    if ids is None and not ("participant" in fields and names_too):
        found = ", ".join(name.strip() or "(no name)" for name in header)
        raise CourseError(f"The roster {path} has no column id, only these: {found}. Wanted is {WANTED}.")
    students, left_out = [], []
    for row in rows:
        values = _values(fields, row)
        if _is_no_student(values):
            continue
        chosen = row[ids].strip().lstrip("#") if ids is not None and ids < len(row) else ""
        student = _student(values, chosen if ids is not None else as_student_id(_shown(values)))
        if not student.id:
            left_out.append(student.name or ", ".join(filter(None, map(str.strip, row))))
        else:
            students.append(student)
    notes = [] if ids is None or normalised(header[ids]) == "id" else [_where_ids_come_from(header[ids])]
    if ids is None:
        notes.append("The roster has no ids: they are made of its names.")
    if left_out:
        notes.append(f"Rows of the roster without an id are left out: {'; '.join(left_out)}.")
    hidden = {
        participant_word(place, header[place], column(rows, place))
        for place, field in enumerate(fields)
        if field == "participant"
    }
    return Roster(_one_row_each(students, path), frozenset(hidden - {""}), notes)


def _lines(path: Path) -> list[list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise CourseError(f"The roster {path} cannot be read ({reason}): name a CSV file.") from error
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CourseError(f"The roster {path} is a spreadsheet: open it and save it as CSV.")
    text = _decoded(raw)
    first = re.match(r"sep=(.)\r?\n", text)
    if first:  # Excel's own
        text = text[first.end() :]
    best: list[list[str]] = []
    for separator in [first[1]] if first else _SEPARATORS:
        try:
            lines = [
                row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)
            ]
        except csv.Error as error:
            raise CourseError(f"The roster {path} is no CSV file ({error}): save it as CSV again.") from error
        if not best or _columns(lines) > _columns(best):
            best = lines
    return best


def _columns(lines: list[list[str]]) -> tuple[int, int]:
    head = lines[:_HEADER_WITHIN]
    return max(map(how_many_known, head), default=0), max(map(len, head), default=0)


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    if raw[1:2] == b"\0" or raw[:1] == b"\0":  # UTF-16 without a mark
        return raw.decode("utf-16-be" if raw[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")  # Latin-1, as Windows extends it


def _values(fields: Sequence[str], row: Sequence[str]) -> dict[str, list[str]]:
    """What stands in a row, by field."""
    values: dict[str, list[str]] = {}
    for field, value in zip(fields, row, strict=False):
        if field and value.strip():
            values.setdefault(field, []).append(as_written(value).lstrip("#"))
    return values


def _is_no_student(values: dict[str, list[str]]) -> bool:
    """Canvas puts points and a student of its own below the header."""
    return not values or any(normalised(name) in _NO_STUDENTS for name in values.get("name", []))


def _names(values: dict[str, list[str]]) -> list[str]:
    """All ways to write a student's name, as a person reads it first."""
    first, last = (" ".join(values.get(field, [])) for field in ("first", "last"))
    whole = values.get("name", [])
    names = [f"{first} {last}".strip(), f"{last} {first}".strip()] if (first and last) or not whole else []
    for name in whole:
        if bool(first) != bool(last):  # "Name" is what the other column lacks, or all of it
            names += [f"{name} {last}", f"{last} {name}"] if last else [f"{first} {name}", f"{name} {first}"]
        words = name.replace(",", " ").split()
        names += [" ".join(words[at:] + words[:at]) for at in range(len(words))]
    return names


def _student(values: dict[str, list[str]], identity: str) -> Student:
    emails = values.get("email", []) + [login for login in values.get("login", []) if "@" in login]
    logins = [identity, *values.get("login", []), *(email.split("@")[0] for email in emails)]
    names = _names(values)
    digits = [re.sub(r"\D", "", value) for value in values.get("participant", [])]
    return Student(
        as_written(identity),
        _shown(values),
        frozenset(filter(None, map(normalised, [*names, *emails, *logins]))),
        frozenset(filter(None, map(str.casefold, logins))),
        frozenset(map(str.casefold, emails)),
        frozenset(values.get("user_number", [])),
        frozenset(filter(None, digits)),
    )


def _shown(values: dict[str, list[str]]) -> str:
    """A student's name; "" if the roster has none."""
    first, last = (" ".join(values.get(field, [])) for field in ("first", "last"))
    whole = next(iter(values.get("name", [])), "")
    if (first and last) or not whole:
        return f"{first} {last}".strip()
    return whole if normalised(first + last) in normalised(whole) else f"{first} {whole} {last}".strip()


def _one_row_each(students: list[Student], path: Path) -> list[Student]:
    """Without rows that stand there twice.

    Raises:
        CourseError: two students have one id, or an id is none.
    """
    by_id: dict[str, Student] = {}
    for student in students:
        unusable = "/" in student.id or student.id.startswith((".", "-")) or not student.id.isprintable()
        if unusable or len(student.id.encode("utf-8", "replace")) > ID_BYTES:
            raise CourseError(
                f"The roster {path} has the id {student.id!r}, which can be no folder's name: change it."
            )
        other = by_id.setdefault(student.id, student)
        if other != student:
            raise CourseError(
                f"The roster {path} gives the id {student.id} to {other.name or 'one row'} and to "
                f"{student.name or 'another'}: add a column id that tells them apart."
            )
    return list(by_id.values())


def _where_ids_come_from(header: str) -> str:
    return f"Ids are taken from the roster's column {header.strip()!r}; a column id would come first."
