"""nbgrader fails open; with GradeFromVerdict it must fail closed."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade
from traitlets.config import Config

from grader.autograde.grade_from_verdict import GradeFromVerdict

LESSON = "00_start_here"


def grade(root: Path, *outputs: nbformat.NotebookNode) -> tuple[float, nbformat.NotebookNode]:
    marks = {"grade": True, "solution": False, "locked": True, "grade_id": "start-quiz", "points": 3.0}
    cell = new_code_cell('check("start.quiz", answers)', metadata={"nbgrader": marks}, outputs=list(outputs))
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = "solutions"
    resources = {"nbgrader": {"assignment": LESSON, "student": "someone", "notebook": "lesson"}}
    GradeFromVerdict(config=config).preprocess(new_notebook(cells=[cell]), resources)
    return determine_grade(cell)[0], cell


def result(text: str) -> nbformat.NotebookNode:
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


ERROR = new_output("error", ename="NameError", evalue="name", traceback=["NameError"])
WARNING = new_output("stream", name="stderr", text="UserWarning: careful")
PRINT = new_output("stream", name="stdout", text="3.0")
DISPLAY = new_output("display_data", data={"text/plain": "3.0"})


@pytest.mark.parametrize("text", ["3.0", "0.0", "1.5"])
def test_a_number_of_points_counts(tmp_path: Path, text: str) -> None:
    assert grade(tmp_path, result(text))[0] == float(text)


def test_an_honest_warning_costs_nothing(tmp_path: Path) -> None:
    assert grade(tmp_path, WARNING, result("3.0"))[0] == 3.0
    assert grade(tmp_path, result("2.0"), WARNING)[0] == 2.0


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ([], "gave no result"),
        ([PRINT], "gave no result"),
        ([DISPLAY], "gave no result"),
        ([result("nan")], "not a number"),
        ([result("inf")], "not a number"),
        ([result("full marks")], "not a number"),
        ([result("'3.0'")], "not a number"),
        ([result("")], "not a number"),
        ([result("3.5")], "not between 0 and 3"),
        ([result("-1")], "not between 0 and 3"),
        ([result("3.0"), result("3.0")], "more than one result"),
        ([result("3.0"), ERROR], "stopped with an error"),
        ([ERROR], "stopped with an error"),
    ],
)
def test_everything_else_is_zero_with_a_reason(tmp_path: Path, outputs: list, reason: str) -> None:
    score, cell = grade(tmp_path, *outputs)
    assert score == 0
    assert reason in cell.outputs[0].data["text/html"]
    nbformat.validate(new_notebook(cells=[cell]))


def test_the_error_stays_below_the_score(tmp_path: Path) -> None:
    assert [output.output_type for output in grade(tmp_path, ERROR)[1].outputs] == ["execute_result", "error"]


def test_cells_without_points_are_left_alone(tmp_path: Path) -> None:
    marks = {"grade": False, "solution": True, "locked": False, "grade_id": "start-quiz-answers"}
    cell = new_code_cell("answers = {}", metadata={"nbgrader": marks}, outputs=[WARNING])
    GradeFromVerdict().preprocess(new_notebook(cells=[cell]), {"nbgrader": {"assignment": LESSON}})
    assert cell.outputs == [WARNING]
