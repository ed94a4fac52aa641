"""What became of each submission of a class."""

import json
from typing import Literal

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

State = Literal["graded", "no evidence", "set aside", "failed"]


class Row(BaseModel):
    """One student.

    Attributes:
        state: "no evidence": at least one check had nothing to judge; "set aside": the submission could not
            be read; "failed": this machine could not grade it, and nothing was written.
        points: as the gradebook has them: manual points and extra credit counted, the penalty taken off.
        penalty: for being late.
        exercises: the points of each by id, extra credit counted.
        needs_manual_grading: an instructor has something to look at.
        feedback_problem: why there is no new page for the student, if one was wanted.
        suspicions: what an instructor should look at, though points may have been earned.
        executed: in this run, rather than taken from the spool.
    """

    student: str
    state: State
    points: float = 0.0
    max_points: float = 0.0
    penalty: float = 0.0
    exercises: dict[str, float] = {}
    needs_manual_grading: bool = False
    feedback_problem: str | None = None
    suspicions: list[str] = []
    reasons: list[str] = []
    executed: bool = False
    seconds: float = 0.0


class Summary(BaseModel):
    """A class."""

    lesson: str
    sandbox: str
    rows: list[Row]
    seconds: float = 0.0

    @property
    def failed(self) -> list[Row]:
        """Students whose submission was not graded, or got no page, through a fault of this machine."""
        return [row for row in self.rows if row.state == "failed" or row.feedback_problem]


def show(summary: Summary, console: Console) -> None:
    """The table that an instructor reads."""
    table = Table(title=f"{summary.lesson} · sandbox: {summary.sandbox}", title_justify="left")
    table.add_column("student", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("why")
    colours = {"graded": "green", "no evidence": "yellow", "set aside": "yellow", "failed": "red"}
    for row in summary.rows:
        points = "–" if row.state == "failed" else f"{row.points:g} of {row.max_points:g}"
        state = f"[{colours[row.state]}]{row.state}[/]"
        # As texts: of a string Rich makes something of brackets, and of a word between colons.
        table.add_row(Text(_printable(row.student)), points, state, Text(_shortened(_remarks(row))))
    console.print(table)
    counts = {state: sum(row.state == state for row in summary.rows) for state in colours}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    executed = sum(row.executed for row in summary.rows)
    console.print(
        f"{len(summary.rows)} submissions: {told}; {executed} executed now, in {summary.seconds:.0f} s."
    )


def _remarks(row: Row) -> list[str]:
    """What an instructor has to know first, then the reasons."""
    remarks = [f"late: {row.penalty:g} points taken off"] if row.penalty else []
    remarks += ["needs manual grading"] if row.needs_manual_grading else []
    remarks += [f"no new feedback page: {row.feedback_problem}"] if row.feedback_problem else []
    remarks += [f"please look: {suspicion}" for suspicion in row.suspicions]
    return [*remarks, *row.reasons]


def as_json(summary: Summary) -> str:
    """For programs."""
    return json.dumps(summary.model_dump(), indent=1)


def _shortened(reasons: list[str]) -> str:
    shown = [_printable(reason)[:200] for reason in reasons[:3]]
    return "\n".join(shown + ([f"… and {len(reasons) - 3} more"] if len(reasons) > 3 else []))


def _printable(text: str) -> str:
    """What a student wrote must not reach the terminal as a control sequence."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
