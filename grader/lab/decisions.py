"""Figures of a decision between two classes: how well it ranks, what a threshold costs, how true it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.lab.plots import BASELINE, STYLES, Style, new_figure, show, styles_for

_Curve = tuple[Sequence[float], Sequence[float]]


def ranking_curves(
    roc: _Curve, precision_recall: _Curve, share: float, marks: Mapping[str, tuple[float, float, float]]
) -> None:
    """Show a ROC curve and a precision-recall curve side by side, with the places of some thresholds.

    Args:
        roc: false alarm rates and recalls, fractions.
        precision_recall: recalls and precisions, fractions.
        share: of positives among all, which is the precision of calling at random.
        marks: by name the false alarm rate, recall and precision that a threshold gives.
    """
    figure, (left, right) = new_figure(columns=2, height=4.0)
    style, styles = STYLES["fine-tuned"], styles_for([f"mark {name}" for name in marks])
    left.plot(*roc, color=style.color, linewidth=2, label="every threshold")
    right.plot(*precision_recall, color=style.color, linewidth=2, label="every threshold")
    left.plot([0, 1], [0, 1], label="by chance", **BASELINE)
    right.axhline(share, label="by chance", **BASELINE)
    for (name, (alarms, recall, precision)), mark in zip(marks.items(), styles.values(), strict=True):
        drawn = _as_mark(mark)
        left.plot(alarms, recall, linestyle="", label=name, **drawn)
        right.plot(recall, precision, linestyle="", label=name, **drawn)
    left.set(title="ROC curve", xlabel="false alarm rate", ylabel="recall")
    right.set(title="Precision-recall curve", xlabel="recall", ylabel="precision")
    for ax in (left, right):
        ax.set(xlim=(-0.02, 1.02), ylim=(0, 1.03))
        ax.xaxis.set_major_formatter("{x:.0%}")
        ax.yaxis.set_major_formatter("{x:.0%}")
        ax.legend(frameon=False, fontsize=9, loc="lower right" if ax is left else "lower left")
    told = "; ".join(
        f"{name}: false alarm rate {alarms:.0%}, recall {recall:.0%}, precision {precision:.0%}"
        for name, (alarms, recall, precision) in marks.items()
    )
    show(
        figure,
        "Two line charts: recall against the false alarm rate (ROC), and precision against recall, for every "
        f"threshold. Marked are {told}. By chance the precision is {share:.0%}.",
    )


def cost_curve(thresholds: Sequence[float], costs: Sequence[float], marks: Mapping[str, float]) -> None:
    """Show what mistakes cost against the threshold, with the places of some thresholds.

    Args:
        costs: at each threshold, of 100 cells, in the price of one false alarm.
        marks: by name a threshold.
    """
    figure, (ax,) = new_figure(width=8.0, height=3.6)
    ax.plot(thresholds, costs, color=STYLES["fine-tuned"].color, linewidth=2, label="cost of the mistakes")
    told, styles = [], styles_for([f"mark {name}" for name in marks])
    for (name, threshold), style in zip(marks.items(), styles.values(), strict=True):
        cost = float(np.interp(threshold, thresholds, costs))
        drawn = _as_mark(style)
        ax.plot(threshold, cost, linestyle="", label=name, **drawn)
        told.append(f"{name}, at {threshold:.2f}, costs {cost:.0f}")
    ax.set(
        title="What the mistakes cost",
        xlabel="threshold: above this probability a cell is called defective",
        ylabel="cost of 100 cells, in false alarms",
        xlim=(0, 1),
        ylim=(0, None),
    )
    ax.legend(frameon=False, fontsize=9)
    show(figure, f"Line chart of the cost of 100 cells against the threshold, 0 to 1. {'; '.join(told)}.")


def reliability(curves: Mapping[str, _Curve], title: str) -> None:
    """Show how often what is called probable comes true: observed shares against predicted probabilities.

    Args:
        curves: by name the mean predicted probability and the observed share of each group of cells.
    """
    figure, (ax,) = new_figure(width=6.5, height=4.4)
    ax.plot([0, 1], [0, 1], label="as often as predicted", **BASELINE)
    styles, told = styles_for(list(curves)), []
    for name, (predicted, observed) in curves.items():
        ax.plot(predicted, observed, label=name, markersize=7, **styles[name].drawn)
        pairs = (f"{p:.0%} predicted, {o:.0%} observed" for p, o in zip(predicted, observed, strict=True))
        told.append(f"{name}: {', '.join(pairs)}")
    ax.set(
        title=title,
        xlabel="predicted probability of a defect, mean of a group of cells",
        ylabel="share of defective cells in the group",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    ax.xaxis.set_major_formatter("{x:.0%}")
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    show(figure, f"Line chart. {title}; on the diagonal predictions come true. {'. '.join(told)}.")


def _as_mark(style: Style) -> dict[str, Any]:
    """One place on a curve, as keyword arguments of ``Axes.plot``."""
    return {"color": style.color, "marker": style.marker, "markersize": 10, "markeredgecolor": "black"}
