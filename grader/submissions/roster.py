"""The class, as a CSV file: which names of a learning platform belong to which student."""

import csv
from pathlib import Path

from grader.errors import CourseError
from grader.submissions.download_names import Sender, normalised

_NUMBERS = ("lms_user_id", "platform_id", "number")  # the first is nbgrader's own


class Roster:
    """From platforms' names to nbgrader's ids.

    Args:
        rows: dicts with ``id``, and, if known, ``first_name``, ``last_name``, ``email``, ``lms_user_id``.
    """

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.ids = [row["id"] for row in rows]
        self._by_number = {
            row[column].strip(): row["id"]
            for row in rows
            for column in _NUMBERS
            if row.get(column, "").strip()
        }
        self._by_name: dict[str, set[str]] = {}
        for row in rows:
            for name in _names(row):
                self._by_name.setdefault(normalised(name), set()).add(row["id"])

    def find(self, sender: Sender) -> str | None:
        """The one student who this can be; ``None`` if there is none, or more than one."""
        if sender.number in self._by_number:
            return self._by_number[sender.number]
        found = self._by_name.get(normalised(sender.name), set())
        return next(iter(found)) if len(found) == 1 else None


def read_roster(path: Path) -> Roster:
    """A roster from a CSV file with a header.

    Raises:
        CourseError: it cannot be read, or has no column ``id``.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"The roster {path} cannot be read: it must be a CSV file in UTF-8.") from error
    if not rows or "id" not in rows[0]:
        raise CourseError(f"The roster {path} has no column id: its first line must name the columns.")
    return Roster([row for row in rows if row["id"].strip()])


def _names(row: dict[str, str]) -> set[str]:
    first, last = row.get("first_name", ""), row.get("last_name", "")
    names = {
        row["id"],
        row.get("email", ""),
        row.get("email", "").split("@")[0],
        f"{first} {last}",
        f"{last} {first}",
    }
    return {name for name in names if normalised(name)}
