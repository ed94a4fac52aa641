"""Figures that compare the arms of an experiment: seeds as points, means as lines, baselines drawn in."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.lines import Line2D

from grader.lab.plots import BASELINE, new_figure, show, styles_for

_HATCHES = ["", "//", "..", "\\\\", "xx", "--"]


def accuracy_by_arm(
    recorded: Mapping[str, Sequence[float]],
    baseline: float,
    live: Mapping[str, float] | None = None,
    predicted: Mapping[str, float | None] | None = None,
    title: str = "Held-out accuracy",
    xlabel: str = "accuracy",
) -> None:
    """Show one row an arm: a faint point a recorded seed, a line at their mean, this notebook's run large.

    Args:
        recorded: for each arm, from top to bottom, the accuracies of its seeds (fractions).
        baseline: accuracy of always giving the most frequent class; 0.5 for balanced accuracy.
        live: accuracy of the runs of this notebook.
        predicted: what the student predicted; None where not.
    """
    figure, (ax,) = new_figure(width=8.0, height=1.6 + 0.5 * len(recorded))
    styles, told = styles_for(list(recorded)), []
    lowest = min(0.5, baseline)
    for row, (arm, of_seeds) in enumerate(recorded.items()):
        style, values = styles[arm], np.asarray(of_seeds, dtype=float)
        ax.plot(values, [row] * len(values), style.marker, color=style.color, alpha=0.4, markersize=6)
        ax.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color=style.color, linewidth=2.5)
        words = f"{arm} {values.mean():.1%}, from {values.min():.1%} to {values.max():.1%}"
        value, guess = (live or {}).get(arm), (predicted or {}).get(arm)
        if value is not None:
            ax.plot(value, row, style.marker, color=style.color, markersize=12, markeredgecolor="black")
            words += f", this notebook's run {value:.1%}"
        if guess is not None:
            ax.plot(guess, row, "*", color="white", markeredgecolor=style.color, markersize=15)
            words += f", predicted {guess:.0%}"
        told.append(words)
        lowest = min([lowest, *values, *(x for x in (value, guess) if x is not None)])
    ax.axvline(baseline, **BASELINE)
    ax.text(baseline, -0.65, " baseline", fontsize=8, color=BASELINE["color"], va="top")
    ax.set(title=title, xlabel=xlabel, xlim=(max(0.0, lowest - 0.05), 1.0), ylim=(len(recorded) - 0.4, -0.7))
    ax.set_yticks(range(len(recorded)), list(recorded))
    ax.xaxis.set_major_formatter("{x:.0%}")
    figure.legend(
        handles=_arm_legend(live, predicted), loc="outside lower right", ncols=4, frameon=False, fontsize=8
    )
    show(
        figure,
        f"Chart with one row for each arm and a point for each recorded seed. {title}, mean over seeds: "
        f"{'; '.join(told)}. Baseline: {baseline:.0%}.",
    )


def _arm_legend(live: Mapping | None, predicted: Mapping | None) -> list[Line2D]:
    """What the marks of ``accuracy_by_arm`` mean; each arm has its own shape and colour of them."""
    marks = [
        Line2D([], [], color="grey", marker="o", alpha=0.4, linestyle="", label="a recorded seed"),
        Line2D(
            [],
            [],
            color="grey",
            marker="|",
            markersize=12,
            markeredgewidth=2.5,
            linestyle="",
            label="their mean",
        ),
    ]
    if any(value is not None for value in (live or {}).values()):
        marks.append(
            Line2D(
                [],
                [],
                color="grey",
                marker="o",
                markersize=10,
                markeredgecolor="black",
                linestyle="",
                label="this run",
            )
        )
    if any(guess is not None for guess in (predicted or {}).values()):
        marks.append(
            Line2D(
                [],
                [],
                color="white",
                marker="*",
                markersize=13,
                markeredgecolor="grey",
                linestyle="",
                label="predicted",
            )
        )
    return marks


def bars(values: Mapping[str, float], title: str, unit: str, form: str = "{:,.0f}") -> None:
    """Show one horizontal bar for each name, with its value beside it; the axis begins at zero.

    Args:
        form: how to write a value, as in ``str.format``.
    """
    figure, (ax,) = new_figure(width=8.0, height=1.2 + 0.45 * len(values))
    styles = styles_for(list(values))
    for row, (name, value) in enumerate(values.items()):
        hatch = _HATCHES[row % len(_HATCHES)]
        ax.barh(row, value, color=styles[name].color, hatch=hatch, edgecolor="white", height=0.6)
        ax.annotate(
            form.format(value), (value, row), (5, 0), textcoords="offset points", va="center", fontsize=9
        )
    ax.set(title=title, xlabel=unit, xlim=(0, 1.15 * max(values.values()) or 1))
    ax.set_yticks(range(len(values)), list(values))
    ax.invert_yaxis()
    told = "; ".join(f"{name} {form.format(value)}" for name, value in values.items())
    show(figure, f"Bar chart. {title}, in {unit}: {told}.")


def against_rate(
    series: Mapping[str, Mapping[float, Sequence[float]]],
    baseline: float,
    live: Mapping[float, float] | None = None,
    title: str = "Held-out accuracy against the learning rate",
) -> None:
    """Show accuracy against the learning rate, logarithmic: faint points are seeds, lines go through means.

    Args:
        series: for each name, the accuracies of the seeds at each learning rate.
        live: accuracy of this notebook's own runs, by learning rate; drawn in the first series' style.
    """
    figure, (ax,) = new_figure(width=8.0, height=4.2)
    styles, told = styles_for(list(series)), []
    lowest = min([0.25, *(live or {}).values()])
    for name, by_rate in series.items():
        style = styles[name]
        for rate, values in by_rate.items():
            ax.plot([rate] * len(values), values, style.marker, color=style.color, alpha=0.35, markersize=5)
        means = {rate: float(np.mean(values)) for rate, values in sorted(by_rate.items())}
        lowest = min([lowest, *(value for values in by_rate.values() for value in values)])
        ax.plot(
            list(means),
            list(means.values()),
            color=style.color,
            linestyle=style.line,
            label=f"{name} (recorded)",
        )
        told.append(name + ": " + ", ".join(f"{rate:g} gives {mean:.0%}" for rate, mean in means.items()))
    first = styles[next(iter(series))]
    for number, (rate, accuracy) in enumerate((live or {}).items()):
        ax.plot(
            rate, accuracy, first.marker, color=first.color, markersize=11, markeredgecolor="black",
            label=None if number else "your runs", linestyle="",
        )  # fmt: skip
    if live:
        runs = ", ".join(f"{rate:g} gives {accuracy:.0%}" for rate, accuracy in live.items())
        told.append(f"This notebook's runs: {runs}")
    ax.axhline(baseline, label="majority baseline", **BASELINE)
    ax.set(
        title=title,
        xlabel="learning rate (logarithmic)",
        ylabel="accuracy",
        xscale="log",
        ylim=(max(0.0, lowest - 0.05), 1.0),
    )
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(frameon=False, fontsize=9, loc="lower left")
    show(
        figure,
        f"Line chart. {title}, means over seeds. {'. '.join(told)}. Majority baseline: {baseline:.0%}.",
    )
