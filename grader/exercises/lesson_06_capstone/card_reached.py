"""What the inspector of the same submission reached: a model card's numbers are compared with it."""

from typing import Any

import numpy as np

_DIGITS = 1e-4  # what a number may be off by the rounding of float32, and by z = 1.96
_DECIMALS = (2, 3)  # a number with so few is compared as it is written
_INCONSTANT = 13  # cells: an inspector that changes from call to call may be right on so many more or fewer


class Reached:
    """What was measured, and the intervals that belong to it.

    Attributes:
        known: whether the inspector's check has given anything to compare with.
        correct, total, defective: counts of test cells.
        balanced, missed, baseline: fractions; ``missed`` of the defective test cells.
        cells: by how many right ones a second measurement may differ.
    """

    def __init__(self, measured: dict[str, Any] | None, expected: dict[str, Any]) -> None:
        self.known = measured is not None
        self.baseline, self.total = expected["baseline"], expected["total"]
        self.defective = round((1 - self.baseline) * self.total)
        self.correct, self.balanced, self.missed, self.cells = 0, 0.0, 0.0, 1
        self._intervals = {
            name: np.asarray(table, dtype=float) for name, table in expected["intervals"].items()
        }
        if measured is not None:
            self.correct, self.balanced = int(measured["correct"]), float(measured["balanced"])
            # The accuracy weighs the rates of the two classes by their counts, the balanced one alike.
            good = self.total - self.defective
            found = (2 * self.balanced * good - self.correct) / (good - self.defective)
            self.missed = min(1.0, max(0.0, 1 - found))
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

    @property
    def missed_cells(self) -> int:
        """How many defective test cells are called good."""
        return round(self.missed * self.defective)

    @property
    def false_alarms(self) -> float:
        """Share of the good test cells that are called defective."""
        return 2 * (1 - self.balanced) - self.missed

    def is_accuracy(self, value: float) -> bool:
        """Whether ``value`` is the accuracy."""
        return any(agrees(value, count / self.total) for count in self.counts())

    def is_balanced(self, value: float) -> bool:
        """Whether ``value`` is the balanced accuracy."""
        return abs(value - self.balanced) <= self.cells / (2 * self.defective) + _rounding(value)

    def is_missed(self, value: float) -> bool:
        """Whether ``value`` is the share of the defective test cells that are called good."""
        return abs(value - self.missed) <= self.cells / self.defective + _rounding(value)

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


def coarse(value: float, wanted: float) -> bool:
    """Whether ``value`` is ``wanted`` with one decimal."""
    return 0 < value < 1 and _has_decimals(value, 1) and abs(value - wanted) <= 0.051


def _rounding(value: float) -> float:
    """What a number may be off, by the decimals with which it is written."""
    few = (decimals for decimals in _DECIMALS if _has_decimals(value, decimals))
    return max((0.51 * 10.0**-decimals for decimals in few), default=_DIGITS)


def _has_decimals(value: float, decimals: int) -> bool:
    return abs(round(value, decimals) - value) < 1e-6
