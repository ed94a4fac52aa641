"""A code line of the greatest length that lessons may have is not cut in a window of 1280 pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks.test_code_lines import WIDTH

pytestmark = pytest.mark.slow

SCROLL_BAR = 15  # pixels, on systems where it takes room


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_the_longest_code_line_is_not_cut(
    app: str, make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> None:
    path = make_lesson(f"width-{app}")
    content = nbformat.read(path, as_version=4)
    content.cells = [nbformat.v4.new_code_cell(f"# {'m' * (WIDTH - 2)}")]
    nbformat.write(content, path)
    notebook = open_notebook(app, path, run=False, width=1280)
    if app == "lab":
        assert notebook.page.locator("#jp-left-stack").is_visible()
    room, line = notebook.page.evaluate(
        """() => {
          const cell = document.querySelector(".jp-CodeCell");
          const range = document.createRange();
          range.selectNodeContents(cell.querySelector(".cm-line"));
          const { left } = range.getBoundingClientRect();
          return [cell.querySelector(".cm-scroller").getBoundingClientRect().right - left,
                  range.getBoundingClientRect().width];
        }"""
    )
    assert line > WIDTH * 5
    assert line <= room - SCROLL_BAR
    notebook.page.context.close()
