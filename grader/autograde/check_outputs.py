"""Read the one result that a check cell must have, and write it in the form that nbgrader scores."""

import html
import math
from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

EVIDENCE = "application/vnd.finetuning-course.evidence"


def is_check(cell: NotebookNode) -> bool:
    """Is ``cell`` a code cell that nbgrader scores automatically?"""
    marks = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(marks.get("grade")) and not marks.get("solution")


def results(cell: NotebookNode) -> list[NotebookNode]:
    """The cell's results (not its prints, displays or errors)."""
    return [output for output in cell.outputs if output.output_type == "execute_result"]


def score_problem(cell: NotebookNode) -> str | None:
    """Why no score can be read from a check cell, in one sentence; ``None`` if one can."""
    if any(output.output_type == "error" for output in cell.outputs):
        return "The check stopped with an error, so it gave no score."
    given = results(cell)
    if not given:
        return "The check gave no result: it did not run, or a cell above stopped the run."
    if len(given) > 1:
        return "The check gave more than one result; none of them counts."
    points = float(cell.metadata.nbgrader.points)
    score = _number(given[0].get("data", {}).get("text/plain"))
    if score is None:
        return "The check's result is not a number of points."
    if not 0 <= score <= points:
        return f"The check's result is not between 0 and {points:g} points."
    return None


def write_score(cell: NotebookNode, score: float, sentences: Sequence[str]) -> None:
    """Replace the cell's result by ``score`` and its reasons; errors and prints stay, below it."""
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    data = {"text/plain": str(float(score)), "text/html": f"<ul>{items}</ul>"}
    result = new_output("execute_result", data=data, execution_count=cell.get("execution_count"))
    cell.outputs = [result] + [output for output in cell.outputs if output.output_type != "execute_result"]


def drop_stderr(cell: NotebookNode) -> None:
    """Remove the error stream: nbgrader takes all points for one line of it, such as an honest warning."""
    cell.outputs = [
        output for output in cell.outputs if not (output.output_type == "stream" and output.name == "stderr")
    ]


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
