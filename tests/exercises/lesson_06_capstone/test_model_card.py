"""Right and wrong model cards, beside an inspector that was right on 575 of 656 cells."""

import functools
import math

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import check, collect_evidence, find_exercise, public_challenge, try_answer
from grader.exercises.machine import checking
from grader.exercises.machine.judging import judge_evidence
from tests.exercises.lesson_06_capstone.test_inspector import inspector

ID, INSPECTOR = "capstone.model_card", "capstone.inspector"
MEASURED = {"correct": 575, "total": 656, "balanced": 0.842, "constant": True}


@functools.cache
def asked():
    exercise = find_exercise(ID)
    challenge = public_challenge(exercise)
    return exercise, challenge, expected_for(ROOT, exercise.lesson, ID, challenge)


def judged(card, measured=MEASURED):
    """The verdict on a card whose submission has an inspector that reached ``measured``."""
    exercise, challenge, expected = asked()
    bundle = collect_evidence(exercise, card, challenge).bundle
    return judge_evidence(bundle, expected, ID, others={INSPECTOR: measured})


def told(verdict):
    return [finding.id for finding in verdict.findings]


def wilson(correct):
    return tuple(binomtest(correct, 656).proportion_ci(method="wilson"))


CARD = {
    "task": "Tells defective solar cells from good ones in their photographs, for an engineer to look at.",
    "data": "The ELPV data set: 2,624 grey photographs, cut from 44 modules, labelled by experts.",
    "split": "656 cells, drawn at random, were held out and never used to choose anything.",
    "accuracy": 575 / 656,
    "interval": (0.84914, 0.89950),
    "balanced_accuracy": 0.842,
    "baseline": 0.6875,
    "limits": "It misses every fourth defective cell and has never seen another camera or factory.",
    "leak_warning": "Cells of one module may stand on both sides: expect less on a new module.",
    "licence": "The photographs are CC BY-NC-SA 4.0: this model is not for commercial use.",
}
ANOTHER = {
    "task": "Gegeben ein Foto einer Solarzelle: ist die Zelle defekt oder in Ordnung?",
    "data": "Buerhop-Lutz et al. 2018, three quarters of it for training, with soft labels.",
    "split": "The test cells were put aside; epochs were chosen on a quarter of the training cells.",
    "accuracy": np.float32(0.80),
    "interval": torch.tensor([0.77, 0.83]),
    "balanced_accuracy": torch.tensor(0.76),
    "baseline": np.float64(0.69),
    "limits": "We do not know how it does under other currents, and a scratch may be taken for a crack.",
    "leak_warning": "A random split shares the 44 modules, so that we cannot rule out a leak.",
    "license": "Non-commercial (photographs: CC BY-NC-SA).",
}
RIGHT = {
    "first": (CARD, MEASURED),
    "second": (ANOTHER, {"correct": 524, "total": 656, "balanced": 0.7612, "constant": True}),
    "more keys": ({**CARD, "contact": "us", "made": [2024, 5, 1]}, MEASURED),
    "three decimals": ({**CARD, "accuracy": 0.877, "interval": [0.849, 0.9], "balanced_accuracy": 0.842}, MEASURED),
    "two decimals": ({**CARD, "accuracy": 0.88, "interval": (0.85, 0.9), "baseline": 0.69}, MEASURED),
    "a cell fewer at the desk": ({**CARD, "accuracy": 574 / 656, "interval": (0.8475, 0.8982)}, MEASURED),
    "arrays": ({**CARD, "interval": np.array([0.84914, 0.8995]), "accuracy": np.array(0.8765)}, MEASURED),
    "an inspector that varies": ({**CARD, "accuracy": 570 / 656, "interval": (0.841, 0.893)}, {**MEASURED, "constant": False}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_cards_pass(name):
    verdict = judged(*RIGHT[name])
    assert verdict.passed, verdict


def test_an_empty_template_gets_nothing():
    verdict = judged(dict.fromkeys(CARD))
    assert verdict.points == 0
    assert told(verdict) == [f"{name.replace('_', '-')}-empty" for name in CARD]


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
    "the balanced one": ({"accuracy": 0.842}, "accuracy-is-balanced"),
    "the baseline": ({"accuracy": 0.6875}, "accuracy-is-baseline"),
    "error rate": ({"accuracy": 81 / 656}, "accuracy-is-error"),
    "count": ({"accuracy": 575}, "accuracy-no-fraction"),
    "nan": ({"accuracy": math.nan}, "accuracy-not-finite"),
    "infinite balanced": ({"balanced_accuracy": math.inf}, "balanced-accuracy-not-finite"),
    "infinite baseline": ({"baseline": -math.inf}, "baseline-not-finite"),
    "number as text": ({"accuracy": "87.65 %"}, "accuracy-no-number"),
    "truth": ({"accuracy": True}, "accuracy-no-number"),
    "function": ({"accuracy": judged}, "accuracy-no-number"),
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
    "balanced half a point too high": ({"balanced_accuracy": 0.847}, "balanced-accuracy-another"),
    "balanced with one decimal": ({"balanced_accuracy": 0.8}, "balanced-accuracy-rounded"),
    "balanced is the accuracy": ({"balanced_accuracy": 575 / 656}, "balanced-accuracy-is-accuracy"),
    "balanced as text": ({"balanced_accuracy": "good"}, "balanced-accuracy-no-number"),
    "balanced as count": ({"balanced_accuracy": 552}, "balanced-accuracy-no-fraction"),
    "baseline as text": ({"baseline": "68.75"}, "baseline-no-number"),
    "baseline as count": ({"baseline": 451}, "baseline-no-fraction"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_NUMBERS)
def test_wrong_numbers_are_named_and_cost_a_field_each(name):
    changed, mistake = WRONG_NUMBERS[name]
    verdict = judged({**CARD, **changed})
    assert mistake in told(verdict), verdict
    assert verdict.points == pytest.approx(6 - 0.6 * len(changed)), verdict


def test_without_a_measured_inspector_its_three_numbers_earn_nothing():
    verdict = judged(CARD, measured=None)
    assert told(verdict) == ["accuracy-unmeasured", "interval-unmeasured", "balanced-accuracy-unmeasured"]
    assert verdict.points == pytest.approx(4.2)


def test_a_stale_card_is_told_what_was_measured():
    verdict = judged(CARD, {**MEASURED, "correct": 544, "balanced": 0.78})
    assert told(verdict) == ["accuracy-another", "interval-of-another-accuracy", "balanced-accuracy-another"]
    assert "is 0.8765; the check of exercise 1 measured 0.8293" in verdict.findings[0].text


def test_a_field_costs_its_share():
    missing = {name: value for name, value in CARD.items() if name != "leak_warning"}
    verdict = judged(missing)
    assert verdict.points == pytest.approx(5.4)
    assert told(verdict) == ["leak-warning-missing"]


def test_a_card_is_a_dict():
    assert "takes the dict of your model card" in judged(list(CARD)).findings[0].text


def test_every_known_mistake_of_the_numbers_is_reached():
    answers = [{**CARD, **changed} for changed, _ in WRONG_NUMBERS.values()]
    answers += [{}, dict.fromkeys(CARD)]
    reached = {mistake for card in answers for mistake in told(judged(card))} | set(told(judged(CARD, None)))
    known = [
        row.id
        for row in find_exercise(ID).mistakes
        if row.id.startswith(("accuracy", "balanced", "baseline", "interval"))
    ]
    assert [name for name in known if name not in reached] == []


@pytest.fixture
def desk(monkeypatch):
    """A kernel in which nothing was checked yet, with public challenges as they are now."""
    monkeypatch.setattr(checking, "_measured", {})
    for name in (INSPECTOR, ID):
        exercise = find_exercise(name)
        challenge = public_challenge(exercise)
        expected = expected_for(ROOT, exercise.lesson, name, challenge)
        monkeypatch.setattr(exercise, "published", lambda both=(challenge, expected): both)


def test_at_the_desk_the_kernel_remembers_what_the_inspector_reached(desk):
    assert "accuracy-unmeasured" in told(try_answer(ID, CARD))
    check(INSPECTOR, inspector(0.9, 0.8))  # right on 570 of 656 cells
    measured = checking._measured[INSPECTOR]
    card = {**CARD, "accuracy": 570 / 656, "interval": wilson(570), "balanced_accuracy": measured["balanced"]}
    assert try_answer(ID, card).passed
    assert told(try_answer(ID, {**card, "accuracy": 0.95})) == ["accuracy-another"]
    check(INSPECTOR, inspector(0.8, 0.7))  # trained anew, and the card left as it was
    assert "accuracy-another" in told(try_answer(ID, card))
    check(INSPECTOR, lambda photographs: None)
    assert "accuracy-unmeasured" in told(try_answer(ID, card))
