"""Known mistakes of a model card's numbers, which are compared with what the inspector reached."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.lesson_06_capstone.card_texts import COST, empty_rows
from grader.exercises.machine.mistakes import Mistake

NUMBERS = ("accuracy", "balanced_accuracy", "baseline")
INTERVAL = "interval"
_DIGITS = 1e-4  # what a number may be off by the rounding of float32, and by z = 1.96
_DECIMALS = (2, 3)  # a number with so few is compared as it is written
_INCONSTANT = 13  # cells: an inspector that changes from call to call may be right on so many more or fewer
_DEFECTIVE = 205  # held-out cells: one more moves the balanced accuracy most


class Reached:
    """What the inspector of the same submission reached, and the intervals that belong to it.

    Attributes:
        known: whether its check has given anything to compare with.
        correct, total, balanced: of the held-out cells.
        cells: by how many right ones a second measurement may differ.
    """

    def __init__(self, measured: dict[str, Any] | None, expected: dict[str, Any]) -> None:
        self.known = measured is not None
        self.baseline, self.total = expected["baseline"], expected["total"]
        self.correct, self.balanced, self.cells = 0, 0.0, 1
        self._intervals = {
            name: np.asarray(table, dtype=float) for name, table in expected["intervals"].items()
        }
        if measured is not None:
            self.correct, self.balanced = int(measured["correct"]), float(measured["balanced"])
            self.cells = 1 if measured["constant"] else _INCONSTANT

    def counts(self) -> range:
        """Counts of right ones that another call of the inspector may give."""
        return range(max(0, self.correct - self.cells), min(self.total, self.correct + self.cells) + 1)

    @property
    def accuracy(self) -> float:
        """As a fraction."""
        return self.correct / self.total

    @property
    def low(self) -> float:
        """The lower bound of Wilson's interval."""
        return float(self._intervals["wilson"][self.correct][0])

    @property
    def high(self) -> float:
        """Its upper bound."""
        return float(self._intervals["wilson"][self.correct][1])

    def is_accuracy(self, value: float) -> bool:
        """Whether ``value`` is the accuracy."""
        return any(agrees(value, count / self.total) for count in self.counts())

    def is_balanced(self, value: float) -> bool:
        """Whether ``value`` is the balanced accuracy."""
        return abs(value - self.balanced) <= self.cells / (2 * _DEFECTIVE) + _rounding(value)

    def is_interval(self, kind: str, low: float, high: float, near: float | None = None) -> bool:
        """Whether this is the interval of this kind, of the inspector's accuracy or of another one ``near``."""
        counts = self.counts() if near is None else [round(near * self.total)]
        table = self._intervals[kind]
        return any(
            0 <= count <= self.total and agrees(low, table[count][0]) and agrees(high, table[count][1])
            for count in counts
        )


def agrees(value: float, wanted: float) -> bool:
    """Whether two fractions are the same, up to rounding to two decimals or more."""
    return abs(value - wanted) <= _rounding(value)


def _rounding(value: float) -> float:
    """What a number may be off, by the decimals with which it is written."""
    few = (decimals for decimals in _DECIMALS if _has_decimals(value, decimals))
    return max((0.51 * 10.0**-decimals for decimals in few), default=_DIGITS)


def _has_decimals(value: float, decimals: int) -> bool:
    return abs(round(value, decimals) - value) < 1e-6


def _coarse(value: float, wanted: float) -> bool:
    """Whether ``value`` is ``wanted`` with one decimal."""
    return 0 < value < 1 and _has_decimals(value, 1) and abs(value - wanted) <= 0.051


_NOTHING = "`{name}` has nothing to be compared with: the check of exercise 1 has measured no inspector yet."
_RUN = "Run the check of exercise 1 in this notebook, then this one. What an inspector reaches is not known without it."
_ROUNDED = "Take the variable as it is, or give two decimals at least."


def number_rows(name: str) -> list[Mistake]:
    """The table of a field that holds one fraction."""
    field = name.replace("_", "-")

    def row(what: str, shows: Callable[[Any, float], object], text: str, hint: str = "") -> Mistake:
        return Mistake(
            f"{field}-{what}", lambda card: shows(card, card.numbers[name]), text, hint, costs=COST
        )

    return [
        *empty_rows(name),
        Mistake(f"{field}-no-number", lambda card: name not in card.numbers, f"`{name}` must be a number, a fraction from 0 to 1.", "Take the variable from the cells above, not a text.", costs=COST),
        row("not-finite", lambda card, value: not np.isfinite(value), f"`{name}` must be a number, and is not finite.", "Which computation gives it?"),
        row("percent", lambda card, value: 1 < value <= 100 and f"{value:g}", f"`{name}` is {{1}}: that is percent, and the card wants a fraction.", "Divide by 100."),
        row("no-fraction", lambda card, value: (not 0 <= value <= 1) and f"{value:g}", f"`{name}` is {{1}}, which is no fraction from 0 to 1.", "It is a share of the held-out cells."),
        *[row(*said) for said in _SAID[name]],
    ]  # fmt: skip


def interval_rows() -> list[Mistake]:
    """The table of the interval."""

    def row(what: str, shows: Callable[[Any, float, float], object], text: str, hint: str) -> Mistake:
        return Mistake(
            f"interval-{what}", lambda card: shows(card, *card.pairs[INTERVAL]), text, hint, costs=COST
        )

    def known(kind: str) -> Callable[[Any, float, float], object]:
        return lambda card, low, high: wrong(card, low, high) and card.reached.is_interval(kind, low, high)

    def wrong(card: Any, low: float, high: float) -> bool:
        return not card.reached.is_interval("wilson", low, high)

    exercise = "`confidence_interval(correct, len(test))` of exercise 2 gives it."
    return [
        *empty_rows(INTERVAL),
        Mistake("interval-no-pair", lambda card: INTERVAL not in card.pairs, "`interval` must be a pair of numbers, `(low, high)`.", exercise, costs=COST),
        row("not-finite", lambda card, low, high: not np.isfinite([low, high]).all(), "`interval` holds a bound that is not finite.", exercise),
        row("percent", lambda card, low, high: 1 < max(low, high) <= 100, "`interval` is in percent, and the card wants fractions.", "Divide both bounds by 100."),
        row("no-fraction", lambda card, low, high: not (0 <= low <= 1 and 0 <= high <= 1), "`interval` holds a bound that is no fraction from 0 to 1.", exercise),
        row("order", lambda card, low, high: low > high, "The interval's bounds stand in the wrong order.", "`(low, high)`."),
        row("unmeasured", lambda card, low, high: not card.reached.known, _NOTHING.format(name=INTERVAL), _RUN),
        row("ninety", known("ninety"), "`interval` is the 90 % interval of the measured accuracy, not the 95 % one.", "z is 1.96."),
        row("ninety-nine", known("ninety-nine"), "`interval` is the 99 % interval of the measured accuracy, not the 95 % one.", "z is 1.96."),
        row("one-error", known("one-error"), "`interval` is one standard error wide on each side, not the 95 % interval.", "z is 1.96."),
        row("normal", known("normal"), "`interval` is the normal interval (Wald's) of the measured accuracy, not Wilson's.", exercise),
        row("all-cells", known("all-cells"), "`interval` is that of 2,624 photographs; 656 were held out.", exercise),
        row("error-rate", known("error-rate"), "`interval` is that of the error rate.", "The share is that of the right ones."),
        row("rounded", lambda card, low, high: wrong(card, low, high) and _coarse(low, card.reached.low) and _coarse(high, card.reached.high), "`interval` is rounded to fewer than two decimals.", _ROUNDED),
        row("of-another-accuracy", lambda card, low, high: wrong(card, low, high) and "accuracy" in card.numbers and 0 <= card.numbers["accuracy"] <= 1 and card.reached.is_interval("wilson", low, high, card.numbers["accuracy"]), "`interval` is Wilson's of the accuracy on the card, which is not what the check of exercise 1 measured in this notebook ({0.reached.accuracy:.4f}).", "Run the cells again from the training on, and take the variables."),
        row("outside", lambda card, low, high: wrong(card, low, high) and not low <= card.reached.accuracy <= high, "The measured accuracy of {0.reached.accuracy:.4f} lies outside this interval.", exercise),
        row("narrow", lambda card, low, high: wrong(card, low, high) and high - low < 0.85 * (card.reached.high - card.reached.low), "This interval is too narrow for the {0.reached.total} held-out photographs.", "Was it computed with all 2,624 cells, or as one standard error?"),
        row("wide", lambda card, low, high: wrong(card, low, high) and high - low > 1.15 * (card.reached.high - card.reached.low), "This interval is too wide for the {0.reached.total} held-out photographs.", exercise),
        row("another", wrong, "This is not Wilson's 95 % interval of the measured accuracy, which is {0.reached.low:.4f} to {0.reached.high:.4f}.", exercise),
    ]  # fmt: skip


_STALE = "Run the notebook again from the training on, and take the variable instead of typing a number."
_SAID: dict[str, list[tuple[str, Callable[[Any, float], object], str, str]]] = {
    "accuracy": [
        ("unmeasured", lambda card, value: not card.reached.known, _NOTHING.format(name="accuracy"), _RUN),
        ("rounded", lambda card, value: not card.reached.is_accuracy(value) and _coarse(value, card.reached.accuracy), "`accuracy` is rounded to fewer than two decimals: the measured one is {0.reached.accuracy:.4f}.", _ROUNDED),
        ("is-balanced", lambda card, value: not card.reached.is_accuracy(value) and agrees(value, card.reached.balanced), "`accuracy` holds the balanced accuracy.", "Are the two swapped?"),
        ("is-baseline", lambda card, value: not card.reached.is_accuracy(value) and agrees(value, card.reached.baseline), "`accuracy` holds the majority baseline.", "Are the two swapped?"),
        ("is-error", lambda card, value: not card.reached.is_accuracy(value) and card.reached.is_accuracy(1 - value), "`accuracy` holds the error rate: the share of the wrong ones.", "Take one minus that."),
        ("another", lambda card, value: not card.reached.is_accuracy(value) and f"{value:.4f}", "`accuracy` is {1}; the check of exercise 1 measured {0.reached.accuracy:.4f} with the inspector of this notebook.", _STALE),
    ],
    "balanced_accuracy": [
        ("unmeasured", lambda card, value: not card.reached.known, _NOTHING.format(name="balanced_accuracy"), _RUN),
        ("rounded", lambda card, value: not card.reached.is_balanced(value) and _coarse(value, card.reached.balanced), "`balanced_accuracy` is rounded to fewer than two decimals: the measured one is {0.reached.balanced:.4f}.", _ROUNDED),
        ("is-accuracy", lambda card, value: not card.reached.is_balanced(value) and card.reached.is_accuracy(value), "`balanced_accuracy` holds the accuracy.", "It is the mean of two accuracies: that on the good cells and that on the defective ones."),
        ("is-half", lambda card, value: not card.reached.is_balanced(value) and value == 0.5, "0.5 is the balanced accuracy of calling every cell good, not that of this inspector.", _STALE),
        ("another", lambda card, value: not card.reached.is_balanced(value) and f"{value:.4f}", "`balanced_accuracy` is {1}; the check of exercise 1 measured {0.reached.balanced:.4f} with the inspector of this notebook.", _STALE),
    ],
    "baseline": [
        ("half", lambda card, value: agrees(value, 0.5), "A baseline of 0.5 would need as many defective cells as good ones: it is the baseline of balanced accuracy.", "Which accuracy has a program that calls every held-out cell good?"),
        ("minority", lambda card, value: agrees(value, 1 - card.reached.baseline), "This is the share of defective cells; the baseline always gives the more frequent class.", "Take one minus that."),
        ("rounded", lambda card, value: not agrees(value, card.reached.baseline) and _coarse(value, card.reached.baseline), "`baseline` is rounded to fewer than two decimals: it is {0.reached.baseline:.4f}.", _ROUNDED),
        ("another", lambda card, value: not agrees(value, card.reached.baseline) and f"{value:.4f}", "The majority baseline on the held-out cells is not {1}.", "`cells.majority_baseline(test)` counts it."),
    ],
}  # fmt: skip
