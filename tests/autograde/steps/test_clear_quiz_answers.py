"""A release keeps the lines of the answer cell and none of the keys."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.autograde.steps.clear_quiz_answers import ClearQuizAnswers
from grader.cell_names import RELEASED
from grader.submissions.transplant import YOURS_TO_CHANGE


def cleared(name: str, source: str) -> str:
    return released(name, source).source


def released(name: str, source: str) -> nbformat.NotebookNode:
    marks = {"grade": False, "solution": True, "locked": False, "grade_id": name, "schema_version": 3}
    notebook = new_notebook(cells=[new_code_cell(source, metadata={"nbgrader": marks})])
    ClearQuizAnswers().preprocess(notebook, {})
    nbformat.validate(notebook)
    return notebook.cells[0]


@pytest.mark.parametrize("name", ["scratch-quiz-answers", "start_here-recall-answers"])
def test_every_answer_becomes_none(name: str) -> None:
    source = 'answers = {\n    "what-for": "B",\n    "head-swap": "A",  # because\n}'
    assert cleared(name, source) == 'answers = {\n    "what-for": None,\n    "head-swap": None,\n}'


def test_other_solutions_are_cleared_as_nbgrader_does() -> None:
    source = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    assert "return 1" not in cleared("scratch-f-answer", source)
    assert "secret" not in cleared("scratch-g-answer", "secret = 1")


def test_what_is_released_is_kept_beside_it_for_a_reset() -> None:
    for name, source in [
        ("scratch-f-answer", "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"),
        ("scratch-quiz-answers", 'answers = {\n    "what-for": "B",\n}'),
    ]:
        cell = released(name, source)
        assert cell.metadata[RELEASED] == cell.source
    given = new_code_cell("recipe = {}", metadata={"tags": [YOURS_TO_CHANGE]})
    notebook = new_notebook(cells=[given, new_code_cell("x = 1")])
    ClearQuizAnswers().preprocess(notebook, {})
    assert [cell.metadata.get(RELEASED) for cell in notebook.cells] == ["recipe = {}", None]
