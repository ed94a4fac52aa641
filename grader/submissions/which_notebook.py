"""Which of the notebooks that one student handed in is graded, and why the others are not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.submissions.matching import HandedIn
from grader.submissions.student_notebook import parse_notebook
from grader.submissions.untrusted_files import FileLimits, Refused, bounded_notebook
from grader.submissions.usual_names import is_named_like_the_lesson, without_copy_mark


@dataclass(frozen=True)
class Choice:
    """The notebook that counts.

    Attributes:
        doubt: why it may be the wrong one, a clause; "" if nothing speaks against it.
        others: the rest, each with the true reason.
    """

    taken: HandedIn
    doubt: str
    others: list[tuple[HandedIn, str]]


@dataclass(frozen=True)
class _Look:
    """One notebook, by what decides: the platform's clock, the cells of the lesson in it, its name."""

    handed: HandedIn
    cells: int
    of_the_lesson: bool
    named: bool

    @property
    def rank(self) -> tuple[bool, bool, str, int, bool]:
        """Larger counts; what is equal leaves a doubt."""
        sender = self.handed.sender
        return not sender.doubt, self.of_the_lesson, sender.attempt, self.cells, self.named

    @property
    def stem(self) -> str:
        """The file's name without what a second copy gets."""
        return without_copy_mark(_stem(self.handed)).casefold()

    @property
    def is_unmarked(self) -> bool:
        """Is it the first of its name?"""
        return _stem(self.handed).casefold() == self.stem


def choose(handed: Sequence[HandedIn], student: str, lesson: str, cells: Collection[str] | None) -> Choice:
    """The notebook of a student's that is graded.

    What holds the lesson's cells comes before what holds less than half as many, the platform's last attempt
    before an earlier one, then more cells, then the usual name.

    Args:
        cells: the ``grade_id`` of every answer and check of the lesson; ``None`` if they are not known.
    """
    if len(handed) == 1:
        return Choice(handed[0], handed[0].sender.doubt, [])
    counts = [_cells(one, cells) for one in handed]
    looks = [
        _Look(one, count, 2 * count >= max(counts) > 0, is_named_like_the_lesson(_stem(one), lesson))
        for one, count in zip(handed, counts, strict=True)
    ]
    looks.sort(key=lambda look: look.handed.download.name, reverse=True)
    looks.sort(key=lambda look: (look.rank, look.handed.sender.order, look.is_unmarked))
    best = looks[-1]
    # Of one name the platform numbers the later one higher; that goes before a cell more or less.
    later = [look for look in looks if look.of_the_lesson == best.of_the_lesson and _is_later(look, best)]
    best = max(later, key=lambda look: look.handed.sender.order, default=best)
    others = [look for look in reversed(looks) if look is not best]
    doubt = best.handed.sender.doubt
    if equal := [repr(other.handed.download.name) for other in others if not _is_settled(best, other)]:
        doubt = f"as good a choice would have been {', '.join(equal)}: open them, or ask"
    reasons = [(other.handed, _why_not(other, best, student, lesson)) for other in others]
    return Choice(best.handed, doubt, reasons)


def cells_of(notebook: bytes) -> frozenset[str]:
    """The ``grade_id`` of every cell that nbgrader knows; none if it is no notebook."""
    try:
        parsed = parse_notebook(bounded_notebook(notebook, FileLimits().notebook))
    except Refused:
        return frozenset()
    return frozenset(cell.metadata.nbgrader.grade_id for cell in parsed.cells if "nbgrader" in cell.metadata)


def _cells(one: HandedIn, wanted: Collection[str] | None) -> int:
    found = cells_of(one.download.content)
    return len(found if wanted is None else found & set(wanted))


def _stem(one: HandedIn) -> str:
    return PurePosixPath(one.sender.file).stem


def _is_later(one: _Look, other: _Look) -> bool:
    """Two copies of one name, numbered by the platform."""
    mine, its = one.handed.sender, other.handed.sender
    alike = (one.stem, mine.attempt, mine.doubt) == (other.stem, its.attempt, its.doubt)
    return alike and mine.order > its.order


def _is_settled(best: _Look, other: _Look) -> bool:
    same = best.handed.download.content == other.handed.download.content
    return same or best.rank != other.rank or _is_later(best, other)


def _why_not(other: _Look, best: _Look, student: str, lesson: str) -> str:
    mine, its = best.handed.sender, other.handed.sender
    if other.handed.download.content == best.handed.download.content:
        return f"the same notebook of {student} once more"
    if its.doubt and not mine.doubt:
        return f"another notebook of {student}: {its.doubt}"
    if best.of_the_lesson and not other.of_the_lesson:
        held = f"only {other.cells}, not {best.cells}" if other.cells else "none"
        return f"another notebook of {student}: of the cells of {lesson} it holds {held}"
    if its.attempt < mine.attempt or _is_later(best, other):
        return f"an earlier attempt of {student}"
    if best.cells > other.cells:
        held = f"{other.cells}, not {best.cells}"
        return f"another notebook of {student}: of the cells of {lesson} it holds {held}"
    if best.named and not other.named:
        return f"another notebook of {student}: it is not named like the lesson's"
    return f"another notebook of {student}: whether it is the right one is not certain"
