"""Which cells are graded by which exercise."""

from nbformat import NotebookNode

from grader.cell_names import exercise_id


def is_check(cell: NotebookNode) -> bool:
    """Is ``cell`` a code cell that is graded automatically?"""
    marks = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(marks.get("grade")) and not marks.get("solution")


def exercise_of(cell: NotebookNode) -> str:
    """The id of the exercise that a check cell stands for: "freezing-quiz" is "freezing.quiz"."""
    return exercise_id(cell.metadata.nbgrader.grade_id)
