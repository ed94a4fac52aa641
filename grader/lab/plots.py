"""Figures of the lessons: one palette, one line style and one marker for each thing that is compared."""

import base64
import html
import io
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from IPython.display import DisplayHandle, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from grader.lab.recorded import Recorded
from grader.lab.training import History


@dataclass(frozen=True)
class Style:
    """Colour, line and marker of one arm of an experiment, so that no two differ by colour alone."""

    color: str
    line: str | tuple[int, tuple[int, ...]]
    marker: str

    @property
    def drawn(self) -> dict[str, Any]:
        """As keyword arguments of ``Axes.plot``."""
        return {"color": self.color, "linestyle": self.line, "marker": self.marker}


# Okabe and Ito's palette, made to be told apart with every common colour vision deficiency
# (jfly.uni-koeln.de/color, 2008).
STYLES = {
    "scratch": Style("#D55E00", "--", "s"),
    "fine-tuned": Style("#0072B2", "-", "o"),
    "linear probe": Style("#009E73", "-.", "^"),
    "your prediction": Style("#CC79A7", "", "*"),
    "other": Style("#56B4E9", (0, (1, 1)), "D"),
}
# For arms without a style of their own: the palette's other colours, apart from the prediction's star.
SPARE = [
    STYLES["other"],
    Style("#E69F00", (0, (5, 1)), "v"),
    Style("#000000", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Style("#CC79A7", (0, (6, 2, 1, 2)), "X"),
]
_CYCLE = [style for name, style in STYLES.items() if name not in ("your prediction", "other")] + SPARE
BASELINE: dict[str, Any] = {"color": "#555555", "linestyle": ":", "linewidth": 1.5}


def style_of(name: str) -> Style:
    """The style of an arm by its name; an unknown name gets the style ``"other"``."""
    return STYLES.get(name, STYLES["other"])


def styles_for(names: Sequence[str]) -> dict[str, Style]:
    """A style for each name: its own where it has one, otherwise the next that no other name has.

    After seven names the styles begin anew.
    """
    styles = {name: STYLES[name] for name in names if name in STYLES}
    free = [style for style in _CYCLE if style not in styles.values()] or _CYCLE
    others = [name for name in names if name not in STYLES]
    styles |= {name: free[place % len(free)] for place, name in enumerate(others)}
    return {name: styles[name] for name in names}


def new_figure(columns: int = 1, width: float = 9.0, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """An empty figure with a row of axes, in the course's typography. Sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = list(figure.subplots(1, columns, squeeze=False)[0])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
    return figure, axes


class _FigureWithAlt:
    """A figure as HTML with alt text, and as that text where no picture can be shown."""

    def __init__(self, figure: Figure, alt: str) -> None:
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=100, facecolor="white")
        self._data = base64.b64encode(picture.getvalue()).decode()
        self._alt = " ".join(alt.split())
        self._width = int(figure.get_figwidth() * 100)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {
            "text/html": f'<img src="data:image/png;base64,{self._data}" alt="{html.escape(self._alt)}" '
            f'width="{self._width}" style="max-width:100%;height:auto">',
            "text/plain": f"[Figure: {self._alt}]",
        }


def show(figure: Figure, alt: str) -> None:
    """Draw a figure below the cell, with ``alt`` as the text for those who cannot see it."""
    display(_FigureWithAlt(figure, alt))


class LivePlot:
    """Loss and held-out accuracy while networks train, redrawn in place.

    Call it with a ``History`` after every step; it draws at most once a second, and every history that
    it was ever given stays in the picture. ``finish`` draws the final figure.
    """

    def __init__(self, baseline: float, interval: float = 1.0) -> None:
        self._baseline = baseline
        self._interval = interval
        self._last_drawn = 0.0
        self._histories: dict[str, History] = {}
        self._handle: DisplayHandle | None = None

    def __call__(self, history: History) -> None:
        self._histories[history.name] = history
        if time.monotonic() - self._last_drawn >= self._interval:
            self.finish()

    def finish(self) -> None:
        """Draw the figure with all that is known."""
        picture = learning_curves(list(self._histories.values()), self._baseline)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)
        self._last_drawn = time.monotonic()


def learning_curves(histories: Sequence[History], baseline: float) -> _FigureWithAlt:
    """Training loss and held-out accuracy against steps, one line a history."""
    figure, (left, right) = new_figure(columns=2)
    told = []
    styles = styles_for([history.name for history in histories])
    for history in histories:
        style = styles[history.name]
        steps = np.arange(1, len(history.loss) + 1)
        left.plot(steps, history.loss, color=style.color, linestyle=style.line, label=history.name)
        measured = sorted(history.scores.items())
        right.plot(
            [step for step, _ in measured],
            [score.accuracy for _, score in measured],
            label=history.name,
            **style.drawn,
        )
        if history.final:
            told.append(f"{history.name} ends at {history.final.accuracy:.1%}")
    right.axhline(baseline, label="majority baseline", **BASELINE)
    left.set(title="Training loss", xlabel="step", ylabel="cross-entropy (nats)", ylim=(0, None))
    right.set(title="Held-out accuracy", xlabel="step", ylabel="accuracy", ylim=(0, 1))
    right.yaxis.set_major_formatter("{x:.0%}")
    if histories:
        left.legend(frameon=False)
    right.legend(frameon=False)
    alt = (
        "Two line charts against training steps: training loss, and held-out accuracy beside the majority "
        f"baseline of {baseline:.1%}. " + "; ".join(told)
    )
    return _FigureWithAlt(figure, alt)


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
        told.append(f"{arm} rises from {means[0]:.0%} to {means[-1]:.0%}")
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


def image_grid(images: np.ndarray, captions: Sequence[str], title: str, alt: str, columns: int = 4) -> None:
    """Show images in a grid, each with a caption.

    Args:
        images: uint8 or floats in 0…1, shape ``(n, height, width)`` for grey or ``(n, height, width, 3)``.
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(2.1 * columns, 2.4 * rows + 0.4), layout="constrained")
    figure.suptitle(title)
    for number, ax in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        ax.axis("off")
        if number < len(images):
            ax.imshow(images[number], cmap="gray")
            ax.set_title(textwrap.fill(captions[number], 24), fontsize=9)
    show(figure, alt)


def photo_row(photos: Mapping[str, Image.Image], title: str, alt: str) -> None:
    """Show photographs side by side under their names, each cut to a square."""
    figure = Figure(figsize=(2.6 * len(photos), 3.0), layout="constrained")
    figure.suptitle(title)
    for (name, photo), ax in zip(
        photos.items(), figure.subplots(1, len(photos), squeeze=False).flat, strict=True
    ):
        ax.imshow(ImageOps.fit(photo, (300, 300)))
        ax.set_title(name, fontsize=10)
        ax.axis("off")
    show(figure, alt)
