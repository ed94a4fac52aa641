"""Recorded accuracies, this notebook's own and the predicted ones in a figure, and in its words."""

import itertools

from grader.lab.accuracy_curves import accuracy_against_labels, accuracy_against_steps
from grader.lab.recorded import Recorded

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


def test_the_words_tell_what_the_figures_show(shown):
    accuracy_against_labels(
        RECORDED, {"scratch": (200, 0.8)}, 0.69, predicted={"scratch": 0.7}, budget="short"
    )
    accuracy_against_steps(RECORDED, 200, ["short"], 0.69)
    (_, by_labels), (_, by_steps) = shown
    assert "scratch goes from" in by_labels
    assert "scratch, 60 steps: ends at 70.0%" in by_steps


def test_a_figure_without_any_run_can_be_drawn(shown):
    accuracy_against_labels(RECORDED, {}, 0.69, predicted={"scratch": None}, budget="short")
    assert len(shown) == 1
