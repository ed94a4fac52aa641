"""Answers cross over; nothing else that a student changed matters."""

import copy
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.submissions.student_notebook import parse_notebook
from grader.submissions.transplant import MISSING, NOT_CODE, YOURS_TO_CHANGE, transplant


def marked(source, name, *, solution=False, grade=False, kind=new_code_cell, **metadata):
    marks = {"grade_id": name, "solution": solution, "grade": grade, "locked": not solution, "points": 1}
    return kind(source, metadata={"nbgrader": marks, **metadata})


SKELETON = new_notebook(
    cells=[
        new_code_cell("import torch", id="imports"),
        new_markdown_cell("Text."),
        marked("def answer():\n    return 1", "a-answer", solution=True),
        marked('check("a", answer)', "a", grade=True),
        new_code_cell("predicted = {}", id="prediction", metadata={"tags": [YOURS_TO_CHANGE]}),
        marked('answers = {\n    "q": "A",\n}', "q-answers", solution=True),
        marked('check("q", answers)', "q", grade=True),
        new_code_cell("plot()", id="last"),
    ]
)


def student(change=lambda notebook: None) -> NotebookNode:
    """A student's notebook, as the intake reads it."""
    notebook = copy.deepcopy(SKELETON)
    notebook.cells[2].source = "def answer():\n    return 2"
    change(notebook)
    return parse_notebook(json.dumps(notebook).encode())


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_the_answer_crosses_over_and_the_rest_is_the_instructors():
    def change(notebook):
        notebook.cells[3].source = "3.0"
        notebook.cells[7].source = "cheat()"
        notebook.cells[0].source = "import cheat"

    rebuilt = transplant(student(change), SKELETON)
    assert sources(rebuilt) == [
        "import torch", "Text.", "def answer():\n    return 2", 'check("a", answer)', "predicted = {}",
        'answers = {\n    "q": "A",\n}', 'check("q", answers)', "plot()",
    ]  # fmt: skip
    assert [cell.metadata.get("nbgrader") for cell in rebuilt.cells] == [
        cell.metadata.get("nbgrader") for cell in SKELETON.cells
    ]


def test_extra_cells_stay_behind_the_cell_that_they_followed():
    def change(notebook):
        notebook.cells.insert(2, new_code_cell("helper = 1"))
        notebook.cells.insert(0, new_code_cell("first = 1"))
        notebook.cells.append(new_code_cell("end = 1"))

    found = sources(transplant(student(change), SKELETON))
    assert found[0] == "first = 1"
    assert found.index("helper = 1") + 1 == found.index("def answer():\n    return 2")
    assert found[-1] == "end = 1"


def test_a_cell_that_is_hers_to_change_crosses_over():
    def change(notebook):
        notebook.cells[4].source = "predicted = {'x': 1}"

    assert "predicted = {'x': 1}" in sources(transplant(student(change), SKELETON))


def test_a_deleted_answer_fails_with_a_reason_and_the_check_is_back():
    def change(notebook):
        del notebook.cells[2:4]

    found = sources(transplant(student(change), SKELETON))
    assert MISSING in found
    assert 'check("a", answer)' in found


def test_an_answer_that_is_no_code_any_more_says_so():
    def change(notebook):
        notebook.cells[2].cell_type = "markdown"

    assert NOT_CODE in sources(transplant(student(change), SKELETON))


def test_an_answer_in_two_cells_runs_whole_in_its_order():
    """JupyterLab copies the name where a cell is split (a helper above) or copied (the stub above)."""

    def change(notebook):
        double = copy.deepcopy(notebook.cells[2])
        double.source = "def answer():\n    return 3"
        notebook.cells.append(double)

    rebuilt = transplant(student(change), SKELETON)
    assert "def answer():\n    return 2\n\ndef answer():\n    return 3" in sources(rebuilt)
    assert "all of it runs" in rebuilt.metadata["finetuning_course_notes"][0]


@pytest.mark.parametrize("keep_ids", [True, False])
def test_answers_are_found_when_an_editor_dropped_all_metadata(keep_ids):
    def change(notebook):
        notebook.cells[5].source = 'answers = {\n    "q": "B",\n}'
        for cell in notebook.cells:
            cell.metadata = {}
            if not keep_ids:
                cell.pop("id")

    found = sources(transplant(student(change), SKELETON))
    assert "def answer():\n    return 2" in found
    assert 'answers = {\n    "q": "B",\n}' in found
    assert MISSING not in found


EDITS = st.sampled_from(["delete", "double", "retype", "edit", "move", "strip"])


def is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith(("answer", "answers"))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.lists(EDITS, max_size=12))
def test_edits_of_cells_that_are_no_answers_change_nothing(seed, edits):
    """The property: whatever is done to other cells, every answer and every check is where it belongs."""
    chance = random.Random(seed)
    notebook = student()
    for edit in edits:
        others = [cell for cell in notebook.cells if not is_answer(cell)]
        if not others:
            break
        cell = chance.choice(others)
        place = notebook.cells.index(cell)
        if edit == "delete":
            del notebook.cells[place]
        elif edit == "double":
            notebook.cells.insert(chance.randrange(len(notebook.cells)), copy.deepcopy(cell))
        elif edit == "retype":
            cell.cell_type = chance.choice(["markdown", "raw", "code"])
        elif edit == "edit":
            cell.source = chance.choice(["3.0", "check = None", "", "x" * 1000])
        elif edit == "move":
            notebook.cells.insert(chance.randrange(len(notebook.cells)), notebook.cells.pop(place))
        else:
            cell.metadata = {}
    rebuilt = transplant(notebook, SKELETON)
    graded = [cell for cell in rebuilt.cells if "nbgrader" in cell.metadata]
    assert [cell.metadata.nbgrader.grade_id for cell in graded] == ["a-answer", "a", "q-answers", "q"]
    assert [cell.source for cell in graded] == [
        "def answer():\n    return 2",
        'check("a", answer)',
        'answers = {\n    "q": "A",\n}',
        'check("q", answers)',
    ]
