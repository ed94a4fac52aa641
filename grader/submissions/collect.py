"""From a download of a learning platform to nbgrader's layout. No file is dropped."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from grader.lesson_folder import NOTEBOOK
from grader.submissions.downloads import read_downloads
from grader.submissions.matching import match
from grader.submissions.placing import Places
from grader.submissions.platforms.recognise import Recognised, recognise
from grader.submissions.roster_file import read_roster
from grader.submissions.which_notebook import choose


@dataclass(frozen=True)
class Placed:
    """A submission, and what an instructor should know of it.

    Attributes:
        file: its name in the download.
        late: the platform marked it as late.
        remarks: clauses; a doubt among them.
    """

    student: str
    file: str
    late: bool = False
    remarks: tuple[str, ...] = ()


@dataclass
class Collected:
    """What became of each file.

    Attributes:
        recognised: as what the names were read, a clause.
        placed: for each notebook that is now a submission.
        unchanged: those that were there already, the same.
        aside: names with the reason; the files lie in ``unmatched/``.
        missing: students of the roster of whom no submission was found; perhaps one lies aside.
        own: files that the platform wrote itself.
        passed_over: hidden files and caches.
        notes: sentences about the roster.
    """

    recognised: str = ""
    placed: list[Placed] = field(default_factory=list)
    unchanged: list[Placed] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dry_run: bool = False

    def count_in(self, placed: Placed, became: str) -> None:
        """Remember a submission by what ``Places.place`` said of it."""
        if became == "replaced":
            remark = "in place of another, which is kept in unmatched/"
            placed = Placed(placed.student, placed.file, placed.late, (*placed.remarks, remark))
        (self.unchanged if became == "unchanged" else self.placed).append(placed)


def collect(
    source: Path,
    lesson: str,
    submitted: Path,
    *,
    roster: Path | None = None,
    dry_run: bool = False,
    cells: Collection[str] | None = None,
) -> Collected:
    """Lay out the notebooks of a download as ``submitted/<student>/<lesson>/lesson.ipynb``.

    The outermost name says whose a file is, an inner one never. What was a submission before, what is of
    nobody or of more than one, and what is no notebook goes to ``unmatched/<lesson>/``.

    Args:
        source: a folder or a zip.
        roster: a CSV file; without it the platform's names become the students' ids.
        cells: the ``grade_id`` of every answer and check of the lesson, which tell its notebook from another.

    Raises:
        CourseError: ``source`` or ``roster`` cannot be read, or a file cannot be written.
    """
    known = read_roster(roster) if roster else None
    contents = read_downloads(source)
    stem = source.resolve().name if source.is_dir() else source.stem
    recognised = recognise(contents.files, stem, lesson, known.knows if known else None)
    matched = match(recognised, known)
    places = Places(submitted, lesson, dry_run=dry_run)
    collected = Collected(_as_what(recognised), dry_run=dry_run, own=matched.own)
    collected.passed_over, collected.notes = contents.passed_over, known.notes if known else []
    for refusal in contents.refused:
        collected.aside.append((refusal.name, refusal.reason))
        if refusal.content is not None:
            places.set_aside(refusal.name, refusal.content)
    aside = list(matched.unmatched)
    for student, handed in matched.notebooks.items():
        choice = choose(handed, student, lesson, cells)
        aside += [(other.download, reason) for other, reason in choice.others]
        sender, download = choice.taken.sender, choice.taken.download
        became = places.place(student, {NOTEBOOK: download.content})
        remarks = (choice.doubt,) if choice.doubt else ()
        collected.count_in(Placed(student, download.name, sender.late, remarks), became)
    for download, reason in sorted(aside, key=lambda one: one[0].name):
        collected.aside.append((download.name, reason))
        places.set_aside(download.name, download.content)
    if known:
        collected.missing = [student for student in known.ids if student not in matched.notebooks]
    return collected


def _as_what(recognised: Recognised) -> str:
    within = f", in the folder {recognised.root}" if recognised.root else ""
    if recognised.certain:
        return f"recognised as {recognised.platform.name}{within}"
    return f"not recognised: names are guessed{within}"
