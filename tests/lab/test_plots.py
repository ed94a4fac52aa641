"""Figures: words for every picture, styles that differ in more than colour, one output that is redrawn."""

import itertools

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from grader.lab import plots
from grader.lab.recorded import Recorded
from grader.lab.training import History, Score


@pytest.fixture
def shown(monkeypatch):
    """What ``display`` was given, as MIME bundles."""
    bundles = []
    monkeypatch.setattr(plots, "display", lambda thing, **options: bundles.append(thing._repr_mimebundle_()))
    return bundles


RECORDED = Recorded(
    [
        {
            "start": start,
            "labels": labels,
            "budget": "short",
            "seed": seed,
            "accuracy": 0.7 + labels / 10_000 + seed / 100,
            "curve": [[20, 0.6], [60, 0.7]],
        }
        for start, labels, seed in itertools.product(("scratch", "fine-tuned"), (50, 200), range(3))
    ],
    {},
    {},
)


def test_arms_differ_in_colour_line_and_marker():
    for one, other in itertools.combinations(plots.STYLES.values(), 2):
        assert one.color != other.color
        assert one.line != other.line
        assert one.marker != other.marker


def test_the_palette_can_be_told_apart_with_red_green_blindness():
    """Deuteranopia (Viénot, Brettel and Mollon 1999): arms stay at least 20 apart in CIELAB."""
    from skimage.color import rgb2lab

    lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    without_green = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
    seen = np.linalg.inv(lms) @ without_green @ lms
    colours = {}
    for name in ("scratch", "fine-tuned", "linear probe"):
        code = plots.STYLES[name].color
        srgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = (seen @ srgb**2.2).clip(0, 1)
        colours[name] = rgb2lab((linear ** (1 / 2.2))[None, None])[0, 0]
    for one, other in itertools.combinations(colours.values(), 2):
        assert np.linalg.norm(one - other) > 20


def test_every_figure_comes_with_words(shown):
    plots.accuracy_against_labels(
        RECORDED, {"scratch": (200, 0.8)}, 0.69, predicted={"scratch": 0.7}, budget="short"
    )
    plots.accuracy_against_steps(RECORDED, 200, ["short"], 0.69)
    plots.image_grid(np.zeros((3, 8, 8), np.uint8), ["a", "b", "c"], "three", alt='three dark "cells" & more')
    assert len(shown) == 3
    for bundle in shown:
        assert 'alt="' in bundle["text/html"]
        assert bundle["text/plain"].startswith("[Figure: ")
    assert "scratch rises from" in shown[0]["text/plain"]
    assert "&quot;cells&quot; &amp; more" in shown[2]["text/html"]


def test_a_figure_without_any_run_can_be_drawn(shown):
    plots.accuracy_against_labels(RECORDED, {}, 0.69, predicted={"scratch": None}, budget="short")
    plots.LivePlot(0.69).finish()
    assert len(shown) == 2


def test_learning_curves_tell_where_each_run_ends():
    history = History("scratch", [1.0, 0.5], [0.1, 0.2], 64, {2: Score(0.75, 0.7, 100)})
    words = plots.learning_curves([history], 0.69)._repr_mimebundle_()["text/plain"]
    assert "scratch ends at 75.0%" in words
    assert "68" not in words
    assert "69.0%" in words


def test_the_live_plot_redraws_one_output():
    """Under nbclient, as under nbconvert: one figure, the last."""
    source = (
        "from grader.lab.plots import LivePlot\n"
        "from grader.lab.training import History, Score\n"
        "plot = LivePlot(0.69, interval=0)\n"
        "history = History('scratch')\n"
        "for step in range(1, 4):\n"
        "    history.loss.append(1 / step)\n"
        "    history.scores[step] = Score(0.7 + step / 100, 0.6, 10)\n"
        "    plot(history)\n"
        "plot.finish()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert "scratch ends at 73.0%" in output.data["text/plain"]
