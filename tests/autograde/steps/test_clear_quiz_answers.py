"""A release keeps the lines of the answer cell and none of the keys."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.autograde.steps.clear_quiz_answers import ClearQuizAnswers


def cleared(name: str, source: str) -> str:
    marks = {"grade": False, "solution": True, "locked": False, "grade_id": name, "schema_version": 3}
    notebook = new_notebook(cells=[new_code_cell(source, metadata={"nbgrader": marks})])
    ClearQuizAnswers().preprocess(notebook, {})
    nbformat.validate(notebook)
    return notebook.cells[0].source


@pytest.mark.parametrize("name", ["scratch-quiz-answers", "start_here-recall-answers"])
def test_every_answer_becomes_none(name: str) -> None:
    source = 'answers = {\n    "what-for": "B",\n    "head-swap": "A",  # because\n}'
    assert cleared(name, source) == 'answers = {\n    "what-for": None,\n    "head-swap": None,\n}'


def test_other_solutions_are_cleared_as_nbgrader_does() -> None:
    source = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    assert "return 1" not in cleared("scratch-f-answer", source)
    assert "secret" not in cleared("scratch-g-answer", "secret = 1")
