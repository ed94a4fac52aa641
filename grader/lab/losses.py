"""Figures of training losses, and words for them: among the losses may be some that are no number."""

from collections.abc import Mapping, Sequence

import numpy as np

from grader.lab.plots import STYLES, new_figure, show, styles_for


def start_and_end(losses: Sequence[float | None]) -> str:
    """Means of a loss curve's first and last ten steps, in words; None and NaN are no numbers."""
    values = _as_numbers(losses)
    numbers = values[np.isfinite(values)]
    if len(numbers) == 0:
        return "is never a number"
    count = min(10, len(numbers))
    told = f"has a mean of {numbers[:10].mean():.2f} over the first {count} step{'s' * (count > 1)}"
    if np.isnan(values[-1]):
        return f"{told} and is no number after step {int(np.flatnonzero(np.isfinite(values))[-1]) + 1}"
    return f"{told} and of {numbers[-10:].mean():.2f} over the last {count}"


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
    axes[0].legend(frameon=False, fontsize=7, loc="upper right")  # losses fall
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
