"""An answer gets its released text again, and nothing of it is lost."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from typer.testing import CliRunner

from grader import cli, course
from grader.cell_names import RELEASED
from grader.reset_answer import reset_source

STUB = "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
MINE = "def f(x):\n\n    return x  # mine"


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """The path of a student's notebook with an answer, the lines of a quiz, and a cell of another kind."""
    monkeypatch.setattr(course, "RELEASES", tmp_path)
    path = tmp_path / "02_freezing" / "lesson.ipynb"
    path.parent.mkdir()

    def cell(name, source, **metadata):
        return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "solution": True}, **metadata})

    answer = cell("freezing-freeze_backbone-answer", MINE, **{RELEASED: STUB})
    answer.outputs, answer.execution_count = [new_output("stream", text="ä")], 3
    quiz = cell("freezing-quiz-answers", 'answers = {"a": "B"}', **{RELEASED: 'answers = {"a": None}'})
    old = cell("freezing-set_modes-answer", MINE)
    nbformat.write(new_notebook(cells=[answer, quiz, old, new_code_cell("x = 1")]), path)
    return path


def run(exercise):
    return CliRunner().invoke(cli.app, ["reset", exercise])


def test_the_released_text_comes_back_and_the_answer_stays_as_a_comment(lesson):
    before = nbformat.read(lesson, 4)
    done = run("freezing.freeze_backbone")
    assert done.exit_code == 0
    assert str(lesson) in done.stdout
    assert "Reload Notebook from Disk" in done.stdout
    notebook = nbformat.read(lesson, 4)
    nbformat.validate(notebook)
    kept = "# What stood here before the reset:\n# def f(x):\n#\n#     return x  # mine"
    assert notebook.cells[0].source == f"{STUB}\n\n{kept}"
    assert notebook.cells[0].outputs == []
    assert notebook.cells[1:] == before.cells[1:]
    assert lesson.read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"


def test_a_quiz_is_reset_too(lesson):
    assert run("freezing.quiz").exit_code == 0
    namespace: dict = {}
    exec(nbformat.read(lesson, 4).cells[1].source, namespace)
    assert namespace["answers"] == {"a": None}


@pytest.mark.parametrize(
    ("exercise", "sentence"),
    [
        ("freezing.freeze_bakbone", "did you mean 'freezing.freeze_backbone'?"),
        ("freezing.set_modes", "does not hold its released answers: fetch the lesson's folder again."),
    ],
)
def test_what_cannot_be_reset_is_one_sentence_and_nothing_changes(lesson, exercise, sentence):
    before = lesson.read_bytes()
    done = run(exercise)
    assert done.exit_code == 1
    assert done.stderr.strip().endswith(sentence)
    assert lesson.read_bytes() == before


def test_what_stands_as_released_is_left_alone(lesson):
    content = json.loads(lesson.read_text(encoding="utf-8"))
    content["cells"][0]["source"] = f"{STUB}\n"
    lesson.write_text(json.dumps(content), encoding="utf-8")
    assert "there is nothing to reset" in run("freezing.freeze_backbone").stderr


def test_a_second_reset_keeps_the_first_answer_too():
    twice = reset_source(reset_source(MINE, STUB) + "\nmore = 1", STUB)
    assert twice.startswith(STUB)
    assert "# #     return x  # mine" in twice
    assert "# more = 1" in twice
