"""Known mistakes as a table: how each one shows, what it costs, what the student is told.

A row is true of every answer that it is told to: it says what was seen, the likely cause, where to look. Of
several rows of one table the first that shows is told, so that one slip has one price and one sentence.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.exercises.machine.verdict import Finding

EVERYTHING = float("inf")


@dataclass(frozen=True)
class Mistake:
    """One way to be wrong.

    Attributes:
        id: stable, in kebab-case, unique in its exercise: "no-zero-grad".
        shows: what of it the facts of an answer show; anything false if they do not.
        text: what is seen; ``{0.name}`` is an attribute of the facts, ``{1}`` what ``shows`` gave.
        hint: where to look.
        fix: what to write instead.
        costs: points; ``EVERYTHING`` if nothing else can be judged.
        suspicious: an instructor should look at it, whatever it costs.
    """

    id: str
    shows: Callable[[Any], object]
    text: str
    hint: str = ""
    fix: str = ""
    costs: float = EVERYTHING
    suspicious: bool = False

    def finding(self, facts: Any) -> Finding:
        """What is said of an answer with these facts, which show the mistake."""
        shown = self.shows(facts)
        return Finding(
            id=self.id,
            text=self.text.format(facts, shown),
            hint=self.hint.format(facts, shown),
            fix=self.fix.format(facts, shown),
            suspicious=self.suspicious,
        )


def first_mistake(facts: Any, table: Iterable[Mistake]) -> Mistake | None:
    """The first row that the facts show; ``None`` if they show none."""
    return next((mistake for mistake in table if mistake.shows(facts)), None)


def judge_by_tables(
    points: float, facts: Any, tables: Sequence[Iterable[Mistake]], right: str
) -> tuple[float, list[Finding]]:
    """Points and findings: of each table the first mistake that shows is told and paid, once.

    Args:
        points: of the exercise, for an answer without a mistake.
        tables: independent aspects of the answer, the most important first.
        right: what is said of an answer without a mistake.
    """
    shown = [mistake for table in tables if (mistake := first_mistake(facts, table))]
    if not shown:
        return points, [Finding(text=right)]
    fatal = next((mistake for mistake in shown if mistake.costs >= points), None)
    if fatal:  # nothing is sure beside it
        return 0, [fatal.finding(facts)]
    return max(0, points - sum(mistake.costs for mistake in shown)), [m.finding(facts) for m in shown]
