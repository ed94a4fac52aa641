"""Known mistakes of a model card's numbers, which are compared with what the inspector reached."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.lesson_06_capstone.card_fields import COST, INTERVAL, empty_rows
from grader.exercises.lesson_06_capstone.card_reached import agrees, coarse
from grader.exercises.machine.mistakes import Mistake

Said = tuple[str, Callable[[Any, float], object], str, str]  # what, when it shows, text, hint

_NOTHING = "`{name}` has nothing to be compared with: the check of exercise 1 has measured no inspector yet."
_RUN = "Run the check of exercise 1 in this notebook, then this one. What an inspector reaches is not known without it."
_ROUNDED = "Take the variable as it is, or give two decimals at least."
_STALE = "Run the notebook again from the training on, and take the variable instead of typing a number."
_PARTS: dict[float, str] = {
    2624: "all cells of the data set",
    1968: "those that train and those that choose",
    1476: "the training cells",
    492: "the validation cells",
    451: "the good ones among the test cells",
    205: "the defective ones among the test cells",
    44: "the modules",
}


def number_rows(name: str) -> list[Mistake]:
    """The table of a field that holds one number: a fraction, or for ``test_cells`` a count."""
    field, fraction = name.replace("_", "-"), name != "test_cells"

    def row(what: str, shows: Callable[[Any, float], object], text: str, hint: str = "") -> Mistake:
        return Mistake(
            f"{field}-{what}", lambda card: shows(card, card.numbers[name]), text, hint, costs=COST
        )

    wanted = "a number is expected, a fraction from 0 to 1" if fraction else "a whole number is expected"
    return [
        *empty_rows(name),
        Mistake(f"{field}-no-number", lambda card: card.kind(name, "a number"), f"`{name}` holds {{1}}; {wanted}.", "Take the variable from the cells above, without quotes.", costs=COST),
        row("not-finite", lambda card, value: not np.isfinite(value), f"`{name}` must be a number, and is not finite.", "Which computation gives it?"),
        *[row(*said) for said in _COUNTED.get(name, [])],
        *([
            row("percent", lambda card, value: 1 < value <= 100 and f"{value:g}", f"`{name}` is {{1}}, and the card wants a fraction from 0 to 1.", "Divide percent by 100."),
            row("no-fraction", lambda card, value: (not 0 <= value <= 1) and f"{value:g}", f"`{name}` is {{1}}, which is no fraction from 0 to 1.", "It is a share of cells, not their number."),
        ] if fraction else []),
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

    def of_the_card(card: Any, low: float, high: float) -> bool:
        accuracy = card.numbers.get("accuracy", np.nan)
        return 0 <= accuracy <= 1 and card.reached.is_interval("wilson", low, high, accuracy)

    exercise = "`confidence_interval(correct, len(test))` of exercise 2 gives it."
    return [
        *empty_rows(INTERVAL),
        Mistake("interval-no-pair", lambda card: card.kind(INTERVAL, "a pair of numbers"), "`interval` holds {1}; a pair of numbers is expected, `(low, high)`.", exercise, costs=COST),
        row("not-finite", lambda card, low, high: not np.isfinite([low, high]).all(), "`interval` holds a bound that is not finite.", exercise),
        row("percent", lambda card, low, high: 1 < max(low, high) <= 100, "`interval` holds a bound above 1, and the card wants fractions.", "Divide percent by 100, both bounds."),
        row("no-fraction", lambda card, low, high: not (0 <= low <= 1 and 0 <= high <= 1), "`interval` holds a bound that is no fraction from 0 to 1.", exercise),
        row("order", lambda card, low, high: low > high, "The interval's bounds stand in the wrong order.", "`(low, high)`."),
        row("unmeasured", lambda card, low, high: not card.reached.known, _NOTHING.format(name=INTERVAL), _RUN),
        row("ninety", known("ninety"), "`interval` is the 90 % interval of the measured accuracy, not the 95 % one.", "z is 1.96."),
        row("ninety-nine", known("ninety-nine"), "`interval` is the 99 % interval of the measured accuracy, not the 95 % one.", "z is 1.96."),
        row("one-error", known("one-error"), "`interval` is one standard error wide on each side, not the 95 % interval.", "z is 1.96."),
        row("normal", known("normal"), "`interval` is the normal interval (Wald's) of the measured accuracy, not Wilson's.", exercise),
        row("all-cells", known("all-cells"), "`interval` is that of 2,624 photographs; the test cells are 656.", exercise),
        row("error-rate", known("error-rate"), "`interval` is that of the error rate.", "The share is that of the right ones."),
        row("rounded", lambda card, low, high: wrong(card, low, high) and coarse(low, card.reached.low) and coarse(high, card.reached.high), "`interval` is rounded to fewer than two decimals.", _ROUNDED),
        row("of-another-accuracy", lambda card, low, high: wrong(card, low, high) and of_the_card(card, low, high), "`interval` is Wilson's of the accuracy on the card, which is not what this notebook's inspector reaches on the test cells.", "Run the cells again from the training on, and take the variables."),
        row("outside", lambda card, low, high: wrong(card, low, high) and not low <= card.reached.accuracy <= high, "The accuracy that this notebook's inspector reaches on the test cells lies outside this interval.", exercise),
        row("narrow", lambda card, low, high: wrong(card, low, high) and high - low < 0.85 * (card.reached.high - card.reached.low), "This interval is too narrow for the {0.reached.total} test cells.", "Was it computed with all 2,624 cells, or as one standard error?"),
        row("wide", lambda card, low, high: wrong(card, low, high) and high - low > 1.15 * (card.reached.high - card.reached.low), "This interval is too wide for the {0.reached.total} test cells.", exercise),
        row("another", wrong, "This is not Wilson's 95 % interval of what this notebook's inspector reaches on the test cells.", exercise),
    ]  # fmt: skip


def _of_a_measurement(name: str, reached: str, slips: list[Said]) -> list[Said]:
    """The rows of a measured fraction: ``reached`` is its name in ``Reached``; ``slips`` are other fractions."""

    def wrong(card: Any, value: float) -> bool:
        return not getattr(card.reached, f"is_{reached}")(value)

    def unless_right(shows: Callable[[Any, float], object]) -> Callable[[Any, float], object]:
        return lambda card, value: wrong(card, value) and shows(card, value)

    # What was measured is not told: the test cells are asked once, by the learner, and by no slip of the card.
    return [
        ("unmeasured", lambda card, value: not card.reached.known, _NOTHING.format(name=name), _RUN),
        ("rounded", unless_right(lambda card, value: coarse(value, getattr(card.reached, reached))), f"`{name}` is rounded to fewer than two decimals.", _ROUNDED),
        *[(what, unless_right(shows), text, hint) for what, shows, text, hint in slips],
        ("another", unless_right(lambda card, value: f"{value:.4f}"), f"`{name}` is {{1}}, and this notebook's inspector reaches another on the test cells.", _STALE),
    ]  # fmt: skip


# Counts are told before "percent" and "no fraction" are.
_COUNTED: dict[str, list[Said]] = {
    "missed": [
        ("count", lambda card, value: card.reached.known and value >= 1 and value == card.reached.missed_cells and f"{value:g}", "`missed` is {1}, the number of the defective test cells that are called good.", "The card wants their share: divide by the number of the defective test cells."),
    ],
}  # fmt: skip
_SAID: dict[str, list[Said]] = {
    "accuracy": _of_a_measurement("accuracy", "accuracy", [
        ("is-balanced", lambda card, value: agrees(value, card.reached.balanced), "`accuracy` holds the balanced accuracy.", "Are the two swapped?"),
        ("is-baseline", lambda card, value: agrees(value, card.reached.baseline), "`accuracy` holds the majority baseline.", "Are the two swapped?"),
        ("is-error", lambda card, value: card.reached.is_accuracy(1 - value), "`accuracy` holds the error rate: the share of the wrong ones.", "Take one minus that."),
    ]),
    "balanced_accuracy": _of_a_measurement("balanced_accuracy", "balanced", [
        ("is-accuracy", lambda card, value: card.reached.is_accuracy(value), "`balanced_accuracy` holds the accuracy.", "It is the mean of two accuracies: that on the good cells and that on the defective ones."),
        ("is-half", lambda card, value: value == 0.5, "0.5 is the balanced accuracy of calling every cell good, not that of this inspector.", _STALE),
    ]),
    "missed": _of_a_measurement("missed", "missed", [
        ("is-found", lambda card, value: card.reached.is_missed(1 - value), "`missed` holds the share of the defective test cells that are found.", "Take one minus that."),
        ("is-false-alarms", lambda card, value: agrees(value, card.reached.false_alarms), "`missed` holds the share of the good test cells that are called defective.", "It asks for the defective ones that are called good."),
        ("is-error", lambda card, value: card.reached.is_accuracy(1 - value), "`missed` holds the error rate on all test cells.", "Of the defective ones alone: which share is called good?"),
        ("of-all-cells", lambda card, value: agrees(value, card.reached.missed_cells / card.reached.total), "`missed` is a share of all test cells.", "Divide by the number of the defective ones."),
    ]),
    "baseline": [
        ("half", lambda card, value: agrees(value, 0.5), "A baseline of 0.5 would need as many defective cells as good ones: it is the baseline of balanced accuracy.", "Which accuracy has a program that calls every test cell good?"),
        ("minority", lambda card, value: agrees(value, 1 - card.reached.baseline), "This is the share of defective cells; the baseline always gives the more frequent class.", "Take one minus that."),
        ("rounded", lambda card, value: not agrees(value, card.reached.baseline) and coarse(value, card.reached.baseline), "`baseline` is rounded to fewer than two decimals: it is {0.reached.baseline:.4f}.", _ROUNDED),
        ("another", lambda card, value: not agrees(value, card.reached.baseline) and f"{value:.4f}", "The majority baseline on the test cells is not {1}.", "`cells.majority_baseline(test)` counts it."),
    ],
    "test_cells": [
        ("of-another-part", lambda card, value: _PARTS.get(value), "`test_cells` is the number of {1}.", "`len(test)` counts the test cells."),
        ("correct", lambda card, value: card.reached.known and value == card.reached.correct != card.reached.total, "`test_cells` is the number of the test cells on which the inspector is right.", "`len(test)` counts all of them."),
        ("share", lambda card, value: 0 < value < 1 and f"{value:g}", "`test_cells` is {1}; how many cells judged is asked, not which share of all.", "`len(test)` counts them."),
        ("another", lambda card, value: value != card.reached.total and f"{value:g}", "`test_cells` is {1}, and another number of cells judged.", "`len(test)` counts them."),
    ],
}  # fmt: skip
