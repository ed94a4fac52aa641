"""Wrong numbers of a model card: each is told what it is, and costs its field."""

import math

import pytest

from grader.exercises import find_exercise
from grader.exercises.lesson_06_capstone.card_fields import INTERVAL, NUMBERS
from tests.exercises.lesson_06_capstone.test_model_card import CARD, ID, MEASURED, judged, told, wilson

# name: (changed fields, mistake)
WRONG_NUMBERS = {
    "percent": ({"accuracy": 87.65}, "accuracy-percent"),
    "interval in percent": ({"interval": (84.9, 89.95)}, "interval-percent"),
    "balanced in percent": ({"balanced_accuracy": 84.2}, "balanced-accuracy-percent"),
    "baseline in percent": ({"baseline": 68.75}, "baseline-percent"),
    "half a point too high": ({"accuracy": 575 / 656 + 0.005}, "accuracy-another"),
    "half a point too low": ({"accuracy": 575 / 656 - 0.005}, "accuracy-another"),
    "invented": ({"accuracy": 0.95}, "accuracy-another"),
    "the paper's": ({"accuracy": 0.8842}, "accuracy-another"),
    "one": ({"accuracy": 1.0}, "accuracy-another"),
    "one decimal": ({"accuracy": 0.9}, "accuracy-rounded"),
    "the balanced one": ({"accuracy": MEASURED["balanced"]}, "accuracy-is-balanced"),
    "the baseline": ({"accuracy": 0.6875}, "accuracy-is-baseline"),
    "error rate": ({"accuracy": 81 / 656}, "accuracy-is-error"),
    "count": ({"accuracy": 575}, "accuracy-no-fraction"),
    "nan": ({"accuracy": math.nan}, "accuracy-not-finite"),
    "infinite balanced": ({"balanced_accuracy": math.inf}, "balanced-accuracy-not-finite"),
    "infinite baseline": ({"baseline": -math.inf}, "baseline-not-finite"),
    "number as text": ({"accuracy": "87.65 %"}, "accuracy-no-number"),
    "truth": ({"accuracy": True}, "accuracy-no-number"),
    "function": ({"accuracy": judged}, "accuracy-no-number"),
    "huge": ({"accuracy": 10**30}, "accuracy-no-fraction"),
    "negative": ({"accuracy": -0.1}, "accuracy-no-fraction"),
    "all cells": ({"interval": (0.8634, 0.8885)}, "interval-all-cells"),
    "one standard error": ({"interval": (0.86311, 0.88879)}, "interval-one-error"),
    "100 cells": ({"interval": (0.797, 0.927)}, "interval-wide"),
    "10,000 cells": ({"interval": (0.8701, 0.8829)}, "interval-narrow"),
    "moved": ({"interval": (0.8711, 0.9214)}, "interval-another"),
    "outside": ({"interval": (0.701, 0.752)}, "interval-outside"),
    "90 %": ({"interval": (0.8539, 0.89608)}, "interval-ninety"),
    "99 %": ({"interval": (0.8396, 0.90583)}, "interval-ninety-nine"),
    "normal": ({"interval": (0.85135, 0.90170)}, "interval-normal"),
    "of the error rate": ({"interval": (0.10050, 0.15086)}, "interval-error-rate"),
    "of an invented accuracy": ({"accuracy": 0.95, "interval": wilson(623)}, "interval-of-another-accuracy"),
    "one decimal each": ({"interval": (0.8, 0.9)}, "interval-rounded"),
    "swapped": ({"interval": (0.8995, 0.84914)}, "interval-order"),
    "half width": ({"interval": 0.025}, "interval-no-pair"),
    "three numbers": ({"interval": (0.849, 0.8765, 0.8995)}, "interval-no-pair"),
    "interval as text": ({"interval": "84.9 to 89.9 %"}, "interval-no-pair"),
    "nan in the interval": ({"interval": (math.nan, 0.9)}, "interval-not-finite"),
    "counts in the interval": ({"interval": (557, 590)}, "interval-no-fraction"),
    "baseline one half": ({"baseline": 0.5}, "baseline-half"),
    "minority": ({"baseline": 0.3125}, "baseline-minority"),
    "other baseline": ({"baseline": 0.72}, "baseline-another"),
    "baseline with one decimal": ({"baseline": 0.7}, "baseline-rounded"),
    "balanced of nothing": ({"balanced_accuracy": 0.5}, "balanced-accuracy-is-half"),
    "balanced too good": ({"balanced_accuracy": 0.95}, "balanced-accuracy-another"),
    "balanced half a point too high": ({"balanced_accuracy": 0.8447}, "balanced-accuracy-another"),
    "balanced with one decimal": ({"balanced_accuracy": 0.8}, "balanced-accuracy-rounded"),
    "balanced is the accuracy": ({"balanced_accuracy": 575 / 656}, "balanced-accuracy-is-accuracy"),
    "balanced as text": ({"balanced_accuracy": "good"}, "balanced-accuracy-no-number"),
    "balanced as count": ({"balanced_accuracy": 552}, "balanced-accuracy-no-fraction"),
    "baseline as text": ({"baseline": "68.75"}, "baseline-no-number"),
    "baseline as count": ({"baseline": 451}, "baseline-no-fraction"),
    "missed in percent": ({"missed": 25.85}, "missed-percent"),
    "missed as count": ({"missed": 53}, "missed-count"),
    "missed as another count": ({"missed": 205}, "missed-no-fraction"),
    "missed as text": ({"missed": "a quarter"}, "missed-no-number"),
    "missed of nothing": ({"missed": math.nan}, "missed-not-finite"),
    "found": ({"missed": 152 / 205}, "missed-is-found"),
    "false alarms": ({"missed": 28 / 451}, "missed-is-false-alarms"),
    "missed is the error rate": ({"missed": 81 / 656}, "missed-is-error"),
    "missed of all cells": ({"missed": 53 / 656}, "missed-of-all-cells"),
    "missed with one decimal": ({"missed": 0.3}, "missed-rounded"),
    "missed too few": ({"missed": 0.2}, "missed-another"),
    "missed none": ({"missed": 0}, "missed-another"),
    "training cells": ({"test_cells": 1476}, "test-cells-of-another-part"),
    "validation cells": ({"test_cells": 492}, "test-cells-of-another-part"),
    "both": ({"test_cells": 1968}, "test-cells-of-another-part"),
    "the whole data set": ({"test_cells": 2624.0}, "test-cells-of-another-part"),
    "modules": ({"test_cells": 44}, "test-cells-of-another-part"),
    "right ones": ({"test_cells": 575}, "test-cells-correct"),
    "a quarter": ({"test_cells": 0.25}, "test-cells-share"),
    "one cell more": ({"test_cells": 657}, "test-cells-another"),
    "no cells": ({"test_cells": 0}, "test-cells-another"),
    "infinitely many": ({"test_cells": math.inf}, "test-cells-not-finite"),
    "cells in words": ({"test_cells": "656"}, "test-cells-no-number"),
    "cells themselves": ({"test_cells": list(range(656))}, "test-cells-no-number"),
    "balanced as pair": ({"balanced_accuracy": (0.94, 0.74)}, "balanced-accuracy-no-number"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_NUMBERS)
def test_wrong_numbers_are_named_and_cost_a_field_each(name):
    changed, mistake = WRONG_NUMBERS[name]
    verdict = judged({**CARD, **changed})
    assert mistake in told(verdict), verdict
    assert verdict.points == 6 - 0.5 * len(changed), verdict


def test_every_known_mistake_of_the_numbers_is_reached():
    answers = [{**CARD, **changed} for changed, _ in WRONG_NUMBERS.values()]
    answers += [{}, dict.fromkeys(CARD), {name.title(): value for name, value in CARD.items()}]
    reached = {mistake for card in answers for mistake in told(judged(card))} | set(told(judged(CARD, None)))
    starts = tuple(f"{name.replace('_', '-')}-" for name in (*NUMBERS, INTERVAL))
    known = [row.id for row in find_exercise(ID).mistakes if row.id.startswith(starts)]
    assert [name for name in known if name not in reached] == []
    assert len(set(known)) == len(known)


def test_a_count_of_missed_cells_that_looks_like_percent_is_told_as_a_count():
    verdict = judged({**CARD, "missed": 53})
    assert "53, the number of the defective test cells" in verdict.findings[0].text


def test_a_share_of_one_is_no_count_where_many_are_missed():
    few = {**MEASURED, "correct": 655, "balanced": (1 + 204 / 205) / 2}
    assert "missed-count" in told(judged({**CARD, "missed": 1}, few))
    assert "missed-another" in told(judged({**CARD, "missed": 1}))
