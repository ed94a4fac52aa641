"""The figure that grows while networks train."""

import time
from collections.abc import Sequence

import numpy as np
from IPython.display import DisplayHandle, display

from grader.lab.plots import BASELINE, FigureWithAlt, new_figure, styles_for
from grader.lab.training import History


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


def learning_curves(histories: Sequence[History], baseline: float) -> FigureWithAlt:
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
    return FigureWithAlt(figure, alt)
