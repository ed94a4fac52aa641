"""The card and the check below it say the same, whether the answer cell was run or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.slow

NOT_RUN = "The answer cell was changed and not run: run it, then check again."
AHEAD = "The last check saw other answers than these: run the answer cell, then the check again."


@pytest.fixture(scope="module", params=["lab", "notebooks"])
def notebook(
    request: pytest.FixtureRequest, make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> Any:
    """A quiz, its answer cell and its check, run once with nothing answered."""
    path = make_lesson(f"checked-{request.param}")
    content = nbformat.read(path, as_version=4)
    source = 'from grader.exercises import check\n\ncheck("scratch.quiz", answers)'
    marks = {
        "schema_version": 3,
        "solution": False,
        "grade": True,
        "points": 4,
        "locked": True,
        "task": False,
    }
    content.cells[2] = nbformat.v4.new_code_cell(
        source, metadata={"nbgrader": marks | {"grade_id": "scratch-quiz"}}
    )
    nbformat.write(content, path)
    opened = open_notebook(request.param, path)
    verdict_of(opened, "0 of 4 points")
    return opened


def verdict_of(notebook: Any, points: str) -> str:
    """The check's box, once it shows these points."""
    box = notebook.page.locator("section[aria-label='Verdict on scratch.quiz']").filter(has_text=points)
    box.wait_for(timeout=60_000)
    return box.inner_text()


def run_cell(notebook: Any, number: int) -> None:
    notebook.page.locator(".jp-CodeCell").nth(number).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")


def next_step(notebook: Any, words: str) -> None:
    notebook.page.locator(".ftq-next").filter(has_text=words).wait_for(timeout=20_000)


def test_what_was_not_run_is_told_by_the_check_and_by_the_card(notebook: Any) -> None:
    for number, letter in enumerate("BAC"):
        notebook.radio(number, letter).check()
    next_step(notebook, AHEAD)
    run_cell(notebook, 2)
    notebook.page.get_by_text(NOT_RUN).wait_for(timeout=20_000)
    told = verdict_of(notebook, "0 of 4 points")
    assert "not answered yet" not in told
    next_step(notebook, AHEAD)

    run_cell(notebook, 1)
    run_cell(notebook, 2)
    assert NOT_RUN not in verdict_of(notebook, "4 of 4 points")
    next_step(notebook, "Checked: 3 of 3 right.")

    # A lower-case letter counts on both sides.
    notebook.set_source('answers = {"what-for": "b", "head-swap": "a", "steps": " d "}')
    notebook.wait_for_choices("BAD")
    next_step(notebook, AHEAD)
    run_cell(notebook, 1)
    run_cell(notebook, 2)
    assert "D is not right." in verdict_of(notebook, "3 of 4 points")
    next_step(notebook, "Checked: 2 of 3 right.")
    assert notebook.page.locator(".ftq-progress").inner_text() == "3 of 3 answered · 2 right"
