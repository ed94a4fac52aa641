"""Brightspace: ``<number>-<number> - Full Name - Jan 31, 2026 1159 PM/lesson.ipynb``, or flat, with `` - ``.

The numbers are no student's: seen in the wild, two share both. The date is in the site's language.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from grader.submissions.download_contents import Download
from grader.submissions.person_names import normalised
from grader.submissions.platforms.platform import Platform, outermost
from grader.submissions.platforms.sender import Sender

_NUMBERS = re.compile(r"[0-9]+-[0-9]+ - (?P<rest>.+)", re.DOTALL)
_MONTHS = {
    normalised(name): month
    for month, names in enumerate(
        (
            ("jan", "ene", "gen"),
            ("feb", "fev", "fév"),
            ("mar", "mär", "mrt"),
            ("apr", "abr", "avr"),
            ("may", "mai", "mei", "mag", "maj"),
            ("jun", "giu", "juin"),
            ("jul", "lug", "juil"),
            ("aug", "ago", "aoû"),
            ("sep", "set"),
            ("oct", "okt", "out", "ott"),
            ("nov",),
            ("dec", "dez", "dic", "déc"),
        ),
        start=1,
    )
    for name in names
}


class Brightspace(Platform):
    """The files of an assignment (a "dropbox")."""

    name = "Brightspace"
    unnamed = "its name is none that Brightspace gives to what a student hands in"

    def reads(self, outermost: str) -> bool:
        return _parts(outermost) is not None

    def is_own(self, path: str) -> bool:
        return path == "index.html"

    def senders(self, downloads: Sequence[Download], logins: Collection[str]) -> list[list[Sender]]:
        found = [_parts(outermost(download.name)[0]) for download in downloads]
        dates: dict[str, set[str]] = {}
        for parts in filter(None, found):
            dates.setdefault(parts[0], set()).add(parts[1])
        # A roster says how many there are of a name.
        doubted = set() if logins else {name for name, of_it in dates.items() if len(of_it) > 1}
        return [
            [_sender(*parts, download, doubted=parts[0] in doubted)] if parts else []
            for parts, download in zip(found, downloads, strict=True)
        ]


def _sender(name: str, date: str, file: str, download: Download, doubted: bool) -> Sender:
    rest = outermost(download.name)[1]
    doubt = "whether one student handed in twice or two of one name is not told: give a roster"
    file = rest.rpartition("/")[2] or file
    return Sender(name, (name,), file, attempt=_time(date), doubt=doubt if doubted else "")


def _parts(outermost: str) -> tuple[str, str, str] | None:
    """Name, date and file; the first part that can be a date is it, what stands behind is a student's."""
    match = _NUMBERS.fullmatch(outermost)
    if match is None:
        return None
    parts = match["rest"].split(" - ")
    for at, part in enumerate(parts[1:], start=1):
        if re.search(r"(?<!\d)\d{4}(?!\d)", part) and len(re.findall(r"\d+", part)) > 1:
            return " - ".join(parts[:at]), part, " - ".join(parts[at + 1 :])
    return None


def _time(date: str) -> str:
    """The date so that later ones are larger; "" if it is in a language that is not known here."""
    date = date.replace(".", "")  # "p.m.", "janv."
    numbers = [int(number) for number in re.findall(r"[0-9]{1,4}", date)]
    words = [normalised(word) for word in re.findall(r"[^\W\d_]+", date)]
    half = re.search(r"\b([ap]) ?m\b", date, re.IGNORECASE)
    month = next((_MONTHS[word[:n]] for word in words for n in (4, 3) if word[:n] in _MONTHS), None)
    if month is not None and len(numbers) == 3:
        day, year, clock = numbers if numbers[0] <= 31 else (numbers[1], numbers[0], numbers[2])
    elif month is None and len(numbers) == 4 and numbers[0] > 31:
        year, month, day, clock = numbers
    else:
        return ""
    hour, minute = divmod(clock, 100)
    if half:
        hour = hour % 12 + 12 * (half[1].casefold() == "p")
    try:
        return datetime(year, month, day, hour, minute).isoformat()
    except ValueError:
        return ""
