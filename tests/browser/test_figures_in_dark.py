"""In a dark theme charts turn dark, photographs stay as they are; in a light theme nothing changes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

DRAW = """
import numpy as np
from grader.lab.plots import new_figure, show
figure, (ax,) = new_figure(width=3, height=2)
ax.plot([0, 1], [0, 1], color="#0072B2", linewidth=30)
show(figure, "a chart")
figure, (ax,) = new_figure(width=3, height=2)
ax.imshow(np.zeros((4, 4)), cmap="gray")
show(figure, "photographs")
"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_chart_is_dark_in_the_dark_and_photographs_are_not_inverted(
    theme: str, make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> None:
    path = make_lesson(f"figures-{theme}")
    content = nbformat.read(path, as_version=4)
    content.cells = [nbformat.v4.new_code_cell(DRAW)]
    nbformat.write(content, path)
    notebook = open_notebook("lab", path, run=False)
    notebook.page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
        f"JupyterLab {theme}",
    )
    is_light = "true" if theme == "Light" else "false"
    notebook.page.wait_for_selector(f"body[data-jp-theme-light={is_light}]", state="attached")
    notebook.run_all()
    chart, photographs = (pixels(notebook, alt) for alt in ("a chart", "photographs"))
    assert photographs.max() > 245
    assert photographs.min() < 10
    paper, line = np.median(chart, axis=(0, 1)), chart.reshape(-1, 3)[np.argmax(np.ptp(chart, axis=2))]
    assert (paper > 245).all() if theme == "Light" else (paper < 30).all()
    assert line[2] > line[1] > line[0]  # a blue line is blue in both
    notebook.page.context.close()


def pixels(notebook: Any, alt: str) -> np.ndarray:
    """A figure as it is shown: shape (height, width, 3), without its rounded corners."""
    image = notebook.page.get_by_alt_text(alt, exact=True)
    image.wait_for(timeout=60_000)
    shown = Image.open(io.BytesIO(image.screenshot(animations="disabled"))).convert("RGB")
    return np.asarray(shown)[10:-10, 10:-10].astype(int)
