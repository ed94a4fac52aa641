"""Figures of recorded accuracies: against the number of labels, and against the steps of the training."""

from collections.abc import Mapping, Sequence

from grader.lab.plots import BASELINE, new_figure, show, style_of
from grader.lab.recorded import Recorded


def accuracy_against_labels(
    recorded: Recorded,
    live: Mapping[str, tuple[int, float]],
    baseline: float,
    column: str = "accuracy",
    predicted: Mapping[str, float | None] | None = None,
    **chosen: object,
) -> None:
    """Show accuracy against the number of labels: recorded runs faint, this notebook's runs bold.

    Args:
        live: for each arm that ran in this notebook, the number of labels and the accuracy (a fraction).
        baseline: accuracy of always giving the most frequent class.
        column: what to draw, "accuracy" or "balanced_accuracy".
        predicted: what the student predicted for each arm, at the live number of labels; None where not.
        chosen: settings of the recorded runs to draw, e.g. ``steps=60``.
    """
    figure, (ax,) = new_figure(width=8.0, height=4.4)
    told = []
    for arm in recorded.settings_of("start", **chosen):
        style = style_of(arm)
        counts = recorded.settings_of("labels", start=arm, **chosen)
        runs = [recorded.values(column, start=arm, labels=count, **chosen) for count in counts]
        for count, values in zip(counts, runs, strict=True):
            ax.plot([count] * len(values), values, style.marker, color=style.color, alpha=0.3, markersize=5)
        means = [values.mean() for values in runs]
        ax.plot(counts, means, color=style.color, linestyle=style.line, alpha=0.75, label=f"{arm} (recorded)")
        told.append(f"{arm} goes from {means[0]:.0%} to {means[-1]:.0%}")
    for arm, (count, accuracy) in live.items():
        style = style_of(arm)
        ax.plot(
            count, accuracy, style.marker, color=style.color, markersize=11, markeredgecolor="black",
            label=f"{arm} (your run)",
        )  # fmt: skip
        guess = (predicted or {}).get(arm)
        if guess is not None:
            ax.plot(count, guess, "*", color="white", markeredgecolor=style.color, markersize=14)
            ax.annotate(f"predicted: {arm}", (count, guess), (8, -4), textcoords="offset points", fontsize=8)
    ax.axhline(baseline, label="majority baseline", **BASELINE)
    words = column.replace("_", " ")
    ax.set(
        title=f"Held-out {words} against labelled images",
        xlabel="labelled training images (logarithmic)",
        ylabel=words,
        xscale="log",
        ylim=(min(0.45, baseline - 0.05), 1.0),
    )
    every = recorded.settings_of("labels", **chosen)
    ax.set_xticks(every, [f"{count:,}" for count in every])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(frameon=False, fontsize=9, ncols=2, loc="upper left")
    show(
        figure,
        f"Line chart of held-out {words} against the number of labelled images, each recorded seed a faint "
        f"point. Mean over seeds: {'; '.join(told)}. Majority baseline: {baseline:.0%}.",
    )


def accuracy_against_steps(recorded: Recorded, labels: int, budgets: Sequence[str], baseline: float) -> None:
    """Show held-out accuracy during training: each recorded run faint, the mean over seeds bold.

    Args:
        labels: how many labelled images the runs had.
        budgets: which recorded budgets to draw.
    """
    figure, (ax,) = new_figure(width=8.0, height=4.0)
    told = []
    for run in recorded.runs:
        if run["labels"] == labels and run["budget"] in budgets:
            style = style_of(run["start"])
            ax.plot(*zip(*run["curve"], strict=True), color=style.color, linestyle=style.line, alpha=0.25)
    for budget in budgets:
        for start in recorded.settings_of("start", labels=labels, budget=budget):
            style = style_of(start)
            curves = recorded.values("curve", start=start, labels=labels, budget=budget).astype(float)
            steps, accuracy = curves.mean(axis=0).T
            steps_told = f"{start}, {int(steps[-1])} steps"
            face = style.color if budget == budgets[0] else "white"
            ax.plot(steps, accuracy, **style.drawn, markersize=6, markerfacecolor=face, label=steps_told)
            told.append(f"{steps_told}: ends at {accuracy[-1]:.1%}")
    ax.axhline(baseline, label="majority baseline", **BASELINE)
    ax.set(
        title=f"Held-out accuracy during training on {labels:,} labelled images",
        xlabel="training step (logarithmic)",
        ylabel="accuracy",
        xscale="log",
        ylim=(0.3, 1.0),
    )
    ax.set_xticks([20, 50, 100, 200, 500, 1000], ["20", "50", "100", "200", "500", "1,000"])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.legend(frameon=False, fontsize=9, loc="lower right")
    show(
        figure,
        "Line chart of held-out accuracy against training steps on a logarithmic axis, means over the seeds. "
        f"{'; '.join(told)}. Majority baseline: {baseline:.0%}.",
    )
