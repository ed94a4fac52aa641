"""Figures that compare the arms of an experiment: seeds as points, means as lines, baselines drawn in."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.lines import Line2D

from grader.lab.plots import BASELINE, STYLES, new_figure, show, styles_for

_HATCHES = ["", "//", "..", "\\\\", "xx", "--"]


def start_and_end(losses: Sequence[float | None]) -> str:
    """Where a loss curve starts (mean of 5 steps) and ends (of 10), in words; None and NaN are no numbers."""
    values = _as_numbers(losses)
    numbers = values[np.isfinite(values)]
    if len(numbers) == 0:
        return "is never a number"
    if np.isnan(values[-1]):
        last = int(np.flatnonzero(np.isfinite(values))[-1]) + 1
        return f"starts at {numbers[:5].mean():.2f} and is no number after step {last}"
    return f"starts at {numbers[:5].mean():.2f} and ends at {numbers[-10:].mean():.2f}"


def _as_numbers(losses: Sequence[float | None]) -> np.ndarray:
    """float64, with NaN for whatever is no finite number."""
    values = np.array([np.nan if loss is None else loss for loss in losses], dtype=float)
    values[~np.isfinite(values)] = np.nan
    return values


def _smoothed(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of ``width`` (odd) neighbours around each place; NaN where one of them is missing."""
    smooth, half = np.full(len(values), np.nan), width // 2
    if len(values) >= width:
        smooth[half : len(values) - half] = np.convolve(values, np.ones(width) / width, mode="valid")
    return smooth


def _top_of_losses(losses: np.ndarray) -> float:
    """Upper end of a loss axis: the largest loss, 3 nats at most."""
    numbers = losses[np.isfinite(losses)]
    return min(3.0, 1.05 * numbers.max()) if len(numbers) and numbers.max() > 0 else 3.0


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


def loss_curves(
    curves: Mapping[str, Sequence[float | None]],
    title: str = "Training loss",
    accuracies: Mapping[str, float] | None = None,
    highest: float | None = None,
) -> None:
    """Show training loss against steps, one panel a curve, all with the same axes.

    Args:
        curves: for each name the loss of each step, in nats; None where it was no number.
        accuracies: held-out accuracy at the end, written into the panel's title.
        highest: upper end of the loss axis; by default the largest loss, 3 at most.
    """
    figure, axes = new_figure(columns=len(curves), width=2.6 * len(curves), height=2.9)
    top = highest or _top_of_losses(_as_numbers([loss for curve in curves.values() for loss in curve]))
    longest = max(len(curve) for curve in curves.values())
    styles, told = styles_for(list(curves)), []
    for ax, (name, curve) in zip(axes, curves.items(), strict=True):
        losses = _as_numbers(curve)
        steps = np.arange(1, len(losses) + 1)
        ax.plot(steps, losses, color=styles[name].color, linewidth=1.2, label="each step")
        ax.plot(
            steps, _smoothed(losses, 9), color="black", linewidth=2, linestyle="--", label="mean of 9 steps"
        )
        if np.isnan(losses).all():
            ax.text(0.5, 0.5, "no number", transform=ax.transAxes, ha="center")
        ended = f", held-out {accuracies[name]:.0%}" if accuracies and name in accuracies else ""
        ax.set(title=f"{name}{ended}", xlabel="step", xlim=(0, longest + 1), ylim=(0, top))
        told.append(f"{name} {start_and_end(curve)}{ended}")
    axes[0].legend(frameon=False, fontsize=7, loc="lower left")
    axes[0].set_ylabel("cross-entropy (nats)")
    figure.suptitle(title)
    show(
        figure,
        f"{len(curves)} line charts. {title}; the dashed line is a mean of 9 steps. {'; '.join(told)}.",
    )


def range_test_curve(
    rates: Sequence[float], losses: Sequence[float | None], marked: float | None = None
) -> None:
    """Show the losses of a learning-rate range test against the rate, with a mean of 5 steps dashed.

    Args:
        losses: in nats; NaN, infinite or None where training had broken down.
        marked: a learning rate to point at.
    """
    figure, (ax,) = new_figure(width=8.0, height=3.6)
    values = _as_numbers(losses)
    smooth = _smoothed(values, 5)
    ax.plot(rates, values, color=STYLES["other"].color, linewidth=1.2, label="each batch")
    ax.plot(rates, smooth, color="black", linestyle="--", linewidth=2, label="mean of 5 steps")
    if marked is not None:
        ax.axvline(marked, color=STYLES["fine-tuned"].color, linestyle="-.", label=f"our choice, {marked:g}")
    ax.set(
        title="Learning-rate range test",
        xlabel="learning rate (logarithmic)",
        ylabel="loss (nats)",
        xscale="log",
        ylim=(0, _top_of_losses(values)),
    )
    ax.legend(frameon=False, fontsize=9)
    told = _range_test_in_words(rates, values, smooth)
    show(figure, f"Line chart of the batch loss against a rising learning rate{told}.")


def _short(rate: float) -> str:
    """Two digits, without an exponent where none is needed."""
    return f"{float(f'{rate:.2g}'):g}"


def _range_test_in_words(rates: Sequence[float], losses: np.ndarray, smooth: np.ndarray) -> str:
    if len(losses) == 0:
        return ": nothing was measured"
    told = f", from {_short(rates[0])} to {_short(rates[-1])}: "
    curve, name = (smooth, "smoothed loss") if np.isfinite(smooth).any() else (losses, "loss")
    measured = np.flatnonzero(np.isfinite(curve))
    if len(measured) == 0:
        return told + "no loss was a number"
    low, last = int(np.nanargmin(curve)), int(measured[-1])
    told += f"the {name} is lowest, {curve[low]:.2f}, near the rate {_short(rates[low])}"
    told += f" and ends at {curve[last]:.2f}"
    numbers = np.flatnonzero(np.isfinite(losses))
    if numbers[-1] < len(losses) - 1:
        told += f"; beyond the rate {_short(rates[numbers[-1]])} it is no number"
    return told
