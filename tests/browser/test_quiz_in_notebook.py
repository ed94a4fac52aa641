"""The quiz in JupyterLab and Notebook 7: every way to answer reaches the notebook, and nothing else does."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.slow

BLANK = (
    'answers = {\n    "what-for": None,\n    "head-swap": None,  # look at the shapes\n    "steps": None,\n}'
)


@pytest.fixture(scope="module", params=["lab", "notebooks"])
def opened(
    request: pytest.FixtureRequest, make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> Any:
    return open_notebook(request.param, make_lesson(f"answering-{request.param}"))


@pytest.fixture
def notebook(opened: Any) -> Any:
    """The open notebook with nothing answered yet."""
    opened.set_source(BLANK)
    opened.wait_for_choices("---")
    return opened


def answered(what_for: str = "None", head_swap: str = "None", steps: str = "None") -> str:
    lines = (
        f'"what-for": {what_for},\n    "head-swap": {head_swap},  # look at the shapes\n    "steps": {steps},'
    )
    return f"answers = {{\n    {lines}\n}}"


def test_a_click_writes_one_line(notebook: Any) -> None:
    notebook.radio(0, "B").check()
    notebook.wait_for_choices("B--")
    assert notebook.source() == answered(what_for='"B"')
    assert "1 of 3 answered · 1 right" in notebook.page.locator(".ftq-progress").inner_text()


def test_arrows_move_the_choice(notebook: Any) -> None:
    notebook.radio(1, "B").focus()
    notebook.page.keyboard.press("ArrowUp")
    notebook.wait_for_choices("-A-")
    notebook.page.keyboard.press("ArrowDown")
    notebook.wait_for_choices("-B-")
    assert notebook.source() == answered(head_swap='"B"')


def test_letters_choose_and_no_shortcut_leaks(notebook: Any) -> None:
    cells = notebook.cell_count()
    notebook.radio(2, "A").focus()
    for key in "abddxmyjzcC":
        notebook.page.keyboard.press(key)
    notebook.wait_for_choices("--C")
    for key in ["Enter", "Escape", "Home", "0", "0"]:
        notebook.page.keyboard.press(key)
    assert notebook.cell_count() == cells
    assert notebook.source() == answered(steps='"C"')
    assert notebook.page.locator(".jp-Dialog").count() == 0


def test_keyboard_alone_goes_through_the_quiz(notebook: Any) -> None:
    press = notebook.page.keyboard.press
    notebook.radio(0, "A").focus()
    press("Space")
    notebook.wait_for_choices("A--")
    for _ in range(2):  # Worked solution, Common mistakes
        press("Tab")
    press("Enter")
    assert notebook.question(0).locator("details").nth(1).get_attribute("open") is not None
    press("Tab")
    press("a")
    notebook.wait_for_choices("AA-")
    assert notebook.source() == answered('"A"', '"A"')


def test_feedback_is_announced_and_described(notebook: Any) -> None:
    notebook.radio(0, "D").check()
    notebook.wait_for_choices("D--")
    described_by = notebook.radio(0, "D").get_attribute("aria-describedby")
    feedback = notebook.page.locator(f"[id='{described_by}']")
    assert feedback.is_visible()
    assert "Not quite. That is pruning" in feedback.inner_text()
    status = notebook.question(0).get_by_role("status")
    assert status.text_content() == 'Not quite. In your notebook: "what-for": "D",'
    assert notebook.radio(0, "A").get_attribute("aria-describedby") is None


def test_typing_moves_the_radio_buttons(notebook: Any) -> None:
    notebook.answer_editor().click()
    notebook.page.keyboard.press("Control+a")
    # CodeMirror closes brackets and quotes on its own; inserted text comes as it is.
    notebook.page.keyboard.insert_text("answers = {'steps' : 'E'}  # mine")
    notebook.wait_for_choices("--E")
    notebook.radio(2, "C").check()
    notebook.radio(0, "B").check()
    notebook.wait_for_choices("B-C")
    assert notebook.source() == "answers = {'steps' : 'C', \"what-for\": \"B\"}  # mine"


def test_each_click_is_one_undoable_edit(notebook: Any) -> None:
    notebook.radio(0, "A").check()
    notebook.radio(0, "B").check()
    notebook.wait_for_choices("B--")
    notebook.answer_editor().click()
    for key, choices in [("z", "A--"), ("z", "---"), ("Shift+z", "A--"), ("Shift+z", "B--")]:
        notebook.page.keyboard.press(f"Control+{key}")
        notebook.wait_for_choices(choices)


def test_a_broken_dict_is_left_alone(notebook: Any) -> None:
    notebook.set_source("answers = {\n")
    notebook.radio(0, "B").check()
    assert notebook.source() == "answers = {\n"
    assert "write answers = { } there again" in notebook.page.locator(".ftq-notice").inner_text()
    status = notebook.question(0).get_by_role("status")
    assert status.text_content() == 'Right. Type this line into the answer cell: "what-for": "B",'
    notebook.set_source(BLANK)
    notebook.wait_for_choices("---")
    assert notebook.page.locator(".ftq-notice").is_hidden()


def test_a_read_only_answer_cell_is_left_alone(notebook: Any) -> None:
    notebook.set_answer_metadata("editable", False)
    notebook.radio(1, "A").check()
    assert notebook.source() == BLANK
    assert "The answer cell is read-only." in notebook.page.locator(".ftq-notice").inner_text()
    notebook.set_answer_metadata("editable", True)
    notebook.radio(1, "A").check()
    notebook.wait_for_choices("-A-")
    assert notebook.source() == answered(head_swap='"A"')


def test_saved_restarted_reopened_and_executed(notebook: Any, open_notebook: Callable[..., Any]) -> None:
    for number, letter in enumerate("BAC"):
        notebook.radio(number, letter).check()
    notebook.page.keyboard.press("Control+s")  # chords reach the application from inside the quiz
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    assert notebook.source_on_disk() == answered('"B"', '"A"', '"C"')

    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    notebook.wait_for_kernel()
    notebook.run_all()
    notebook.page.get_by_text("[('head-swap', 'A')").wait_for()
    notebook.wait_for_choices("BAC")

    reopened = open_notebook(notebook.app, notebook.path, run=False)
    reopened.wait_for_choices("BAC")
    reopened.radio(0, "C").check()
    assert reopened.source() == answered('"C"', '"A"', '"C"')
    reopened.page.context.close()

    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--stdout"]
    run = subprocess.run([*command, str(notebook.path)], capture_output=True, text=True, check=True)
    printed = nbformat.reads(run.stdout, as_version=4).cells[2].outputs[0].text
    assert printed == "[('head-swap', 'A'), ('steps', 'C'), ('what-for', 'B')]\n"
