"""A right click on an answer gives it its released text again; the old one stays below; undo goes back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.cell_names import RELEASED
from grader.reset_answer import reset_source
from tests.browser.conftest import UNANSWERED

pytestmark = pytest.mark.slow

MINE = 'answers = {\n    "what-for": "D",\n\n}'


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_an_answer_is_reset_by_a_right_click(
    app: str, make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> None:
    path = make_lesson(f"reset-{app}")
    content = nbformat.read(path, as_version=4)
    content.cells[1].metadata[RELEASED] = UNANSWERED
    nbformat.write(content, path)
    notebook = open_notebook(app, path)
    notebook.set_source(MINE)
    notebook.wait_for_choices("D--")
    entry = notebook.page.get_by_role("menuitem").filter(has_text="Reset This Answer")

    notebook.page.locator(".jp-CodeCell").nth(2).locator(".cm-content").click(button="right")
    notebook.page.locator(".lm-Menu").wait_for()
    assert entry.count() == 0
    notebook.page.keyboard.press("Escape")

    notebook.answer_editor().click(button="right")
    entry.click()
    notebook.wait_for_choices("---")
    assert notebook.source() == reset_source(MINE, UNANSWERED)
    notebook.answer_editor().click()
    notebook.page.keyboard.press("Control+z")
    notebook.wait_for_choices("D--")
    assert notebook.source() == MINE
    notebook.page.context.close()
