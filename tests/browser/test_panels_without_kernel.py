"""A panel of a lesson that is opened again says what to do; a live one is as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = pytest.mark.slow

SHOW = """
import ipywidgets
from IPython.display import display
display(ipywidgets.Label("a live panel"))
gone = {"model_id": "0" * 32, "version_major": 2, "version_minor": 0}
display({"application/vnd.jupyter.widget-view+json": gone, "text/plain": "words"}, raw=True)
"""


def test_a_panel_without_its_kernel_says_what_to_do(
    make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> None:
    path = make_lesson("gone")
    content = nbformat.read(path, as_version=4)
    content.cells = [nbformat.v4.new_code_cell(SHOW)]
    nbformat.write(content, path)
    notebook = open_notebook("lab", path, run=False)
    notebook.run_all()
    outputs = notebook.page.locator(".jp-OutputArea-output")
    notebook.page.get_by_text("a live panel", exact=True).wait_for(timeout=60_000)
    notebook.page.get_by_text("model not found").wait_for(state="attached", timeout=60_000)
    shown = outputs.evaluate_all(
        """(nodes) => nodes.map((node) => [getComputedStyle(node).fontSize !== "0px",
                                           getComputedStyle(node, "::after").content])"""
    )
    assert shown == [[True, "none"], [False, '"This panel needs its kernel: run the cell again."']]
    notebook.page.context.close()
