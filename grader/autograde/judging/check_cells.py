"""Which cells are graded by which exercise, and which hold the answers."""

from collections.abc import Sequence

from nbformat import NotebookNode

from grader.autograde.execution import CellRun
from grader.cell_names import exercise_id, grade_id


def is_check(cell: NotebookNode) -> bool:
    """Is ``cell`` a code cell that is graded automatically?"""
    marks = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(marks.get("grade")) and not marks.get("solution")


def exercise_of(cell: NotebookNode) -> str:
    """The id of the exercise that a check cell stands for: "freezing-quiz" is "freezing.quiz"."""
    return exercise_id(cell.metadata.nbgrader.grade_id)


def runs_of_checks(cells: Sequence[NotebookNode], runs: Sequence[CellRun]) -> dict[str, list[CellRun]]:
    """The runs of the check cells, by exercise id.

    Args:
        cells: the code cells of a notebook.
        runs: one for each of them.
    """
    found: dict[str, list[CellRun]] = {}
    for cell, run in zip(cells, runs, strict=True):
        if is_check(cell):
            found.setdefault(exercise_of(cell), []).append(run)
    return found


def runs_of_answers(
    cells: Sequence[NotebookNode], runs: Sequence[CellRun], exercises: Sequence[str]
) -> dict[str, CellRun]:
    """The run of the answer's cell of each of these exercises that has one; as ``runs_of_checks``."""
    names = {
        grade_id(exercise, suffix): exercise for exercise in exercises for suffix in ("answer", "answers")
    }
    return {
        names[name]: run
        for cell, run in zip(cells, runs, strict=True)
        if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in names
    }
