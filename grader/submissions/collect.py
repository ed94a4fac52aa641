"""From a download of a learning platform to nbgrader's layout. No file is dropped."""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.lesson_folder import NOTEBOOK
from grader.submissions.download_names import Sender, as_student_id, normalised, sender_of
from grader.submissions.downloads import Download, read_downloads
from grader.submissions.roster import Roster, read_roster

DOUBTFUL = "unmatched"  # beside submitted/


@dataclass
class Collected:
    """What became of each file.

    Attributes:
        placed: student and the file's name in the download, for each notebook that is now a submission.
        unchanged: students whose submission was there already, the same.
        aside: names with the reason; the files lie in ``unmatched/``.
        missing: students of the roster who handed nothing in.
    """

    placed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    dry_run: bool = False


def collect(
    source: Path, lesson: str, submitted: Path, *, roster: Path | None = None, dry_run: bool = False
) -> Collected:
    """Lay out the notebooks of a download as ``submitted/<student>/<lesson>/lesson.ipynb``.

    Of several notebooks of one student the last attempt counts. What was a submission before, what is of
    nobody, and what is no notebook goes to ``unmatched/<lesson>/``.

    Args:
        source: a folder or a zip.
        roster: a CSV file; without it the platform's names become the students' ids.

    Raises:
        CourseError: ``source`` or ``roster`` cannot be read.
    """
    known = read_roster(roster) if roster else None
    downloads, problems = read_downloads(source)
    collected = Collected(dry_run=dry_run, aside=list(problems))
    aside = submitted.parent / DOUBTFUL / lesson
    notebooks: dict[str, list[tuple[Sender, Download]]] = {}
    for download in sorted(downloads, key=lambda one: one.name):
        student, sender, reason = _whose(download, lesson, known)
        if student is None or sender is None:
            _set_aside(collected, aside, download, reason)
        else:
            notebooks.setdefault(student, []).append((sender, download))
    for student, attempts in _told_apart(notebooks, known).items():
        attempts.sort(key=lambda one: (one[0].attempt, one[1].name))
        *earlier, (_, last) = attempts
        for _, download in earlier:
            _set_aside(collected, aside, download, f"{student} handed in a later one")
        _place(collected, submitted / student / lesson, aside, student, last)
    if known:
        collected.missing = [student for student in known.ids if student not in notebooks]
    return collected


def show(collected: Collected, console: Console) -> None:
    """Tables of what was done, or would be."""
    would = "would be " if collected.dry_run else ""
    console.print(f"{len(collected.placed)} submissions {would}placed, {len(collected.unchanged)} unchanged.")
    for title, rows in (
        (f"{would}placed", collected.placed),
        (f"{would}put into {DOUBTFUL}/: look at these", collected.aside),
    ):
        if rows:
            table = Table("", "", title=title, title_justify="left", show_header=False)
            for left, right in rows:
                table.add_row(escape(_printable(left)), escape(_printable(right)))
            console.print(table)
    if collected.missing:
        console.print(f"Handed nothing in: {escape(', '.join(collected.missing))}")


def _whose(download: Download, lesson: str, roster: Roster | None) -> tuple[str | None, Sender | None, str]:
    if not download.name.lower().endswith(".ipynb"):
        return None, None, "it is no notebook"
    sender = sender_of(download.name, lesson)
    if sender is None:
        return None, None, "its name does not say who handed it in"
    if roster:
        student = roster.find(sender)
        return student, sender, f"nobody in the roster, or more than one, is {sender.name!r}"
    student = as_student_id(sender.name)
    return (student or None), sender, "its name does not say who handed it in"


def _told_apart(
    notebooks: dict[str, list[tuple[Sender, Download]]], roster: Roster | None
) -> dict[str, list[tuple[Sender, Download]]]:
    """Two people of one name stay two students: the platform's numbers differ."""
    if roster:
        return notebooks
    apart: dict[str, list[tuple[Sender, Download]]] = {}
    for student, attempts in notebooks.items():
        numbers = {sender.number for sender, _ in attempts}
        for sender, download in attempts:
            name = f"{student}-{sender.number}" if len(numbers) > 1 and sender.number else student
            apart.setdefault(name, []).append((sender, download))
    return apart


def _place(collected: Collected, folder: Path, aside: Path, student: str, download: Download) -> None:
    target = folder / NOTEBOOK
    if target.is_file() and not target.is_symlink() and target.read_bytes() == download.content:
        collected.unchanged.append(student)
        return
    if not collected.dry_run:
        if folder.exists():  # an earlier submission
            kept = _free(aside / "replaced" / student)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, kept)
        folder.mkdir(parents=True)
        target.write_bytes(download.content)
    collected.placed.append((student, download.name))


def _set_aside(collected: Collected, aside: Path, download: Download, reason: str) -> None:
    collected.aside.append((download.name, reason))
    if not collected.dry_run:
        digest = hashlib.sha256(download.content).hexdigest()[:8]
        path = PurePosixPath(download.name)
        # One flat folder: names from a download are not to be trusted with making others.
        kept = aside / f"{normalised(path.stem)[:60] or 'file'}-{digest}{path.suffix[:10]}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(download.content)


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number, free = number + 1, path.with_name(f"{path.name}-{number + 1}")
    return free


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)
