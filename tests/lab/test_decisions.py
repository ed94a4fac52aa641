"""Figures of a decision say in words what they draw, and draw each mark where its threshold lies."""

import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from grader.lab import decisions

TRUTH = [0, 0, 1, 0, 1, 1]
CHANCE = [0.1, 0.2, 0.3, 0.6, 0.7, 0.9]


@pytest.fixture
def drawn(monkeypatch):
    """Figures with their alt texts, in the order in which they were shown."""
    shown = []
    monkeypatch.setattr(decisions, "show", lambda figure, alt: shown.append((figure, alt)))
    return shown


def labels(ax):
    return ax.get_title(), ax.get_xlabel(), ax.get_ylabel()


def test_ranking_curves_mark_their_thresholds(drawn):
    alarms, recall, _ = roc_curve(TRUTH, CHANCE)
    precision, recalled, _ = precision_recall_curve(TRUTH, CHANCE)
    marks = {"threshold 0.5": (1 / 3, 2 / 3, 2 / 3), "threshold 0.25": (1 / 3, 1.0, 3 / 4)}
    decisions.ranking_curves((alarms, recall), (recalled, precision), 0.5, marks)
    ((figure, alt),) = drawn
    assert "threshold 0.25: false alarm rate 33%, recall 100%, precision 75%" in alt
    for ax in figure.axes:
        assert all(labels(ax))
        told = ax.get_legend_handles_labels()[1]
        assert told == ["every threshold", "by chance", *marks]
        lines = ax.get_lines()
        assert len({line.get_marker() for line in lines[2:]}) == 2  # told apart without colours
    (x, y) = figure.axes[0].get_lines()[3].get_xydata()[0]
    assert (x, y) == pytest.approx((1 / 3, 1.0))


def test_the_cost_curve_tells_what_each_threshold_costs(drawn):
    decisions.cost_curve([0.0, 0.5, 1.0], [70, 30, 50], {"one half": 0.5, "cheaper": 0.25})
    ((figure, alt),) = drawn
    assert "one half, at 0.50, costs 30; cheaper, at 0.25, costs 50." in alt
    assert all(labels(figure.axes[0]))


def test_reliability_stands_beside_the_diagonal(drawn):
    observed, predicted = calibration_curve(TRUTH, CHANCE, n_bins=2, strategy="quantile")
    decisions.reliability({"before": (predicted, observed), "after": (observed, observed)}, "Reliability")
    ((figure, alt),) = drawn
    assert "before: 20% predicted, 33% observed" in alt
    assert all(labels(figure.axes[0]))
    styles = {(line.get_linestyle(), line.get_marker()) for line in figure.axes[0].get_lines()}
    assert len(styles) == 3
