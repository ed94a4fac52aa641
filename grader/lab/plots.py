"""What the lessons' figures are made of: a style for each thing that is compared, axes, words beside it."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Classes by which the extension's stylesheet (figures.css) knows what may turn dark in a dark theme.
CHART, PHOTOGRAPHS = "ftc-chart", "ftc-photographs"


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


class FigureWithAlt:
    """A figure as HTML with alt text, and as that text where no picture can be shown."""

    def __init__(self, figure: Figure, alt: str) -> None:
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=100, facecolor="white")
        self._data = base64.b64encode(picture.getvalue()).decode()
        self._alt = " ".join(alt.split())
        self._width = int(figure.get_figwidth() * 100)
        self._kind = PHOTOGRAPHS if any(ax.images for ax in figure.axes) else CHART

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {
            "text/html": f'<img src="data:image/png;base64,{self._data}" alt="{html.escape(self._alt)}" '
            f'width="{self._width}" class="{self._kind}" style="max-width:100%;height:auto">',
            "text/plain": f"[Figure: {self._alt}]",
        }


def show(figure: Figure, alt: str) -> None:
    """Draw a figure below the cell, with ``alt`` as the text for those who cannot see it."""
    display(FigureWithAlt(figure, alt))
