"""One notebook, as JSON has it: its title, its checks and the points that their outputs show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,20})?")
_HEADING = re.compile(r"#{1,6} +(.+)")


@dataclass(frozen=True)
class CheckState:
    """One check: the heading above it, what it is worth, and what it gave; None if it gave no number."""

    name: str
    max_points: float
    points: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether points are left to be had."""
        return self.points is None or self.points < self.max_points

    @property
    def told(self) -> str:
        """As a list of open parts has it, such as "Quiz (7 of 10)"."""
        state = "not checked" if self.points is None else f"{self.points:.4g} of {self.max_points:.4g}"
        return f"{self.name} ({state})"


@dataclass(frozen=True)
class LessonState:
    """What one notebook says. ``begun``: a cell has run; ``title``: "" where it has no heading."""

    title: str
    begun: bool
    checks: tuple[CheckState, ...]

    @property
    def reached(self) -> float:
        """Points of all checks that ran."""
        return sum(check.points or 0.0 for check in self.checks)

    @property
    def total(self) -> float:
        """Points that there are."""
        return sum(check.max_points for check in self.checks)

    @property
    def open(self) -> list[str]:
        """What is left, one entry a check."""
        return [check.told for check in self.checks if check.is_open]


def read_notebook(notebook: Any) -> LessonState | None:
    """The state of a lesson; None if this is no notebook. Whatever a cell holds, it raises nothing.

    Of copies of a check the last that gave a number counts.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return None
    title, heading, begun = "", "", False
    checks: dict[str, CheckState] = {}
    for cell in filter(lambda one: isinstance(one, dict), cells):
        if cell.get("cell_type") == "markdown":
            for heading in _headings(_text(cell.get("source"))):
                title = title or heading
        if cell.get("cell_type") != "code":
            continue
        outputs = cell.get("outputs") if isinstance(cell.get("outputs"), list) else []
        begun = begun or bool(cell.get("execution_count") or outputs)
        if worth := _worth(cell):
            identity, most = worth
            points = _points(outputs, most)
            if identity not in checks:
                checks[identity] = CheckState(heading or identity, most, points)
            elif points is not None:
                checks[identity] = CheckState(checks[identity].name, most, points)
    return LessonState(title, begun, tuple(checks.values()))


def _headings(source: str) -> Iterator[str]:
    """Headings of a Markdown cell without marks of emphasis; lines of a code block are none."""
    fenced = False
    for line in source.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif (
            not fenced and (found := _HEADING.match(line)) and (text := re.sub(r"[`*]", "", found[1]).strip())
        ):
            yield text


def _worth(cell: dict) -> tuple[str, float] | None:
    """nbgrader's name of a graded cell and its points."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(marks, dict) or marks.get("grade") is not True:
        return None
    name, points = marks.get("grade_id"), marks.get("points")
    if not isinstance(name, str) or not isinstance(points, int | float) or isinstance(points, bool):
        return None
    return (name, float(points)) if 0 <= points < 1e6 else None


def _points(outputs: list, most: float) -> float | None:
    """The number that the last result shows, as nbgrader takes it for partial credit; at most ``most``."""
    points = None
    for output in outputs:
        if not isinstance(output, dict) or output.get("output_type") != "execute_result":
            continue
        data = output.get("data")
        text = _text(data.get("text/plain")) if isinstance(data, dict) else ""
        points = min(float(text), most) if _NUMBER.fullmatch(text) else None
    return points


def _text(lines: Any) -> str:
    """Text that a file may hold as a list of lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""
