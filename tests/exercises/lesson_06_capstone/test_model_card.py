"""Right and wrong model cards, beside an inspector that was right on 575 of 656 test cells."""

import functools
import re

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from grader.authoring.starting_program import split_starting_program
from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import check, collect_evidence, find_exercise, public_challenge, try_answer
from grader.exercises.lesson_06_capstone.card_fields import FIELDS, IN_YOUR_WORDS, INTERVAL, NUMBERS
from grader.exercises.lesson_06_capstone.card_statements import STATEMENTS
from grader.exercises.machine import checking
from grader.exercises.machine.judging import judge_evidence
from tests.exercises.conftest import starting_program
from tests.exercises.lesson_06_capstone.test_inspector import inspector
from tests.exercises.test_judges_never_raise import changed

ID, INSPECTOR = "capstone.model_card", "capstone.inspector"
# Right on 423 of 451 good cells and on 152 of 205 defective ones.
MEASURED = {"correct": 575, "total": 656, "balanced": (423 / 451 + 152 / 205) / 2, "constant": True}
LESSON = (ROOT / "solutions" / "06_capstone" / "lesson.py").read_text(encoding="utf-8")


@functools.cache
def asked(seed=None):
    exercise = find_exercise(ID)
    challenge = (
        public_challenge(exercise) if seed is None else exercise.challenge(np.random.default_rng(seed))
    )
    return exercise, challenge, expected_for(ROOT, exercise.lesson, ID, challenge)


def judged(card, measured=MEASURED, seed=None):
    """The verdict on a card whose submission has an inspector that reached ``measured``."""
    exercise, challenge, expected = asked(seed)
    bundle = collect_evidence(exercise, card, challenge).bundle
    return judge_evidence(bundle, expected, ID, others={INSPECTOR: measured})


def told(verdict):
    return [finding.id for finding in verdict.findings]


def wilson(correct):
    return tuple(binomtest(correct, 656).proportion_ci(method="wilson"))


CARD = {
    "task": "B",
    "data": "A",
    "split": "C",
    "test_cells": 656,
    "accuracy": 575 / 656,
    "interval": (0.84914, 0.89950),
    "balanced_accuracy": MEASURED["balanced"],
    "missed": 53 / 205,
    "baseline": 0.6875,
    "limits": "A, C, E",
    "leak_warning": "D",
    "licence": "B",
    "in_your_words": "Asked once.",
}
ANOTHER = {
    "task": " b) ",
    "data": "a.",
    "split": "Option C",
    "test_cells": np.int64(656),
    "accuracy": np.float32(0.80),
    "interval": torch.tensor([0.77, 0.83]),
    "balanced_accuracy": torch.tensor(0.76),
    "missed": np.float64(0.34),
    "baseline": np.float64(0.69),
    "limits": {"e", "a", "c"},
    "leak_warning": "(D)",
    "license": ["B"],
}
LOWER = {"correct": 524, "total": 656, "balanced": (389 / 451 + 135 / 205) / 2, "constant": True}
TEXTS = {name: [statement.text for statement in statements] for name, statements in STATEMENTS.items()}
RIGHT = {
    "first": (CARD, MEASURED),
    "second": (ANOTHER, LOWER),
    "the statements themselves": (
        {
            **CARD,
            "task": TEXTS["task"][1],
            "data": f"A. {TEXTS['data'][0]}",
            "split": f"**C** · {TEXTS['split'][2].upper()}",
            "limits": [TEXTS["limits"][place] for place in (4, 0, 2)],
        },
        MEASURED,
    ),
    "letters in a row": ({**CARD, "limits": "ACE"}, MEASURED),
    "letters in any order": ({**CARD, "limits": "e;a / C"}, MEASURED),
    "letters in a sentence": ({**CARD, "limits": "Statements A, C and E.", "task": "Answer: B"}, MEASURED),
    "letters in a tuple": ({**CARD, "limits": ("A", "C", "E", "A")}, MEASURED),
    "letters in an array": ({**CARD, "limits": np.array(["A", "C", "E"])}, MEASURED),
    "wide letters": ({**CARD, "task": "Ｂ"}, MEASURED),  # of a Japanese keyboard
    "no words of its own": ({name: CARD[name] for name in FIELDS}, MEASURED),
    "words that are none": ({**CARD, "in_your_words": None}, MEASURED),
    "more keys": ({**CARD, "contact": "us", "made": [2024, 5, 1], 3: print}, MEASURED),
    "three decimals": ({**CARD, "accuracy": 0.877, "interval": [0.849, 0.9], "balanced_accuracy": 0.84, "missed": 0.259}, MEASURED),
    "two decimals": ({**CARD, "accuracy": 0.88, "interval": (0.85, 0.9), "baseline": 0.69, "missed": 0.26}, MEASURED),
    "a cell fewer at the desk": ({**CARD, "accuracy": 574 / 656, "interval": (0.8475, 0.8982), "missed": 54 / 205}, MEASURED),
    "arrays": ({**CARD, "interval": np.array([0.84914, 0.8995]), "accuracy": np.array(0.8765), "test_cells": 656.0}, MEASURED),
    "an inspector that varies": ({**CARD, "accuracy": 570 / 656, "interval": (0.841, 0.893), "missed": 58 / 205}, {**MEASURED, "constant": False}),
    "an inspector that misses none": ({**CARD, "accuracy": 615 / 656, "interval": wilson(615), "balanced_accuracy": (1 + 410 / 451) / 2, "missed": 0.0}, {**MEASURED, "correct": 615, "balanced": (1 + 410 / 451) / 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_cards_pass(name):
    verdict = judged(*RIGHT[name])
    assert verdict.passed, verdict


def test_each_field_has_a_table():
    assert sorted(FIELDS) == sorted([*STATEMENTS, *NUMBERS, INTERVAL])


def test_the_lessons_own_card_passes_and_its_template_is_empty():
    cell = LESSON.partition(f'# %% exercise="{ID}"\n')[2].partition("\n# %%")[0]
    solution, _ = split_starting_program(cell)
    measured = {"test": range(656), "accuracy": 575 / 656, "interval": wilson(575), "baseline": 0.6875}
    measured |= {"balanced": MEASURED["balanced"], "defective_right": 152 / 205}
    for program in (solution, starting_program(ID)):
        exec(program, measured)
        measured.setdefault("solved", measured["card"])
    assert judged(measured["solved"]).passed
    verdict = judged(measured["card"])
    assert list(measured["card"]) == [*FIELDS, IN_YOUR_WORDS]
    assert told(verdict) == [f"{name.replace('_', '-')}-empty" for name in FIELDS]
    assert verdict.points == 0


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_missing_costs_its_share_and_a_slip_in_its_name_is_told(field):
    others = {name: value for name, value in CARD.items() if name != field}
    start = field.replace("_", "-")
    verdict = judged(others)
    assert (told(verdict), verdict.points) == ([f"{start}-missing"], 5.5)
    for key in (field.upper(), field.replace("_", " ") + "s", field[:-1]):
        verdict = judged({**others, key: CARD[field]})
        assert (told(verdict), verdict.points) == ([f"{start}-misspelt"], 5.5)
        assert f"`{key}` is no key of it: did you mean `{field}`?" in verdict.findings[0].text


def test_a_key_that_is_none_is_told_and_costs_nothing():
    verdict = judged({**CARD, "contact": "us", "accuracies": 1})
    assert (told(verdict), verdict.points) == (["unknown-key"], 6)
    assert "`accuracies` is no key" in verdict.findings[0].text


def test_a_card_in_prose_is_told_field_by_field_that_a_letter_is_expected():
    prose = dict.fromkeys(STATEMENTS, "A true sentence of eight words or more about it.")
    verdict = judged({**CARD, **prose})
    assert told(verdict) == [f"{name.replace('_', '-')}-sentence" for name in FIELDS if name in STATEMENTS]
    assert all("letter" in finding.text and "expected" in finding.text for finding in verdict.findings)
    assert verdict.points == 3


def test_the_points_are_the_same_for_every_seed():
    cards = [CARD, {**CARD, "task": "A"}, {**CARD, "accuracy": 0.95, "limits": "A, B"}, {}]
    for seed in (101, 102, 103):
        assert [judged(card, seed=seed) for card in cards] == [judged(card) for card in cards]


def test_more_right_is_never_worth_less():
    """One field after the other is filled in, from an empty card to a right one."""
    card, points = dict.fromkeys(CARD), []
    for name in CARD:
        card[name] = CARD[name]
        points.append(judged(card).points)
    assert points == [*(0.5 * (place + 1) for place in range(12)), 6]


def test_without_a_measured_inspector_its_four_numbers_earn_nothing():
    verdict = judged(CARD, measured=None)
    fields = ["accuracy", "interval", "balanced-accuracy", "missed"]
    assert told(verdict) == [f"{field}-unmeasured" for field in fields]
    assert verdict.points == 4


def test_a_stale_card_is_told_without_asking_the_test_cells_again():
    verdict = judged(CARD, LOWER)
    assert told(verdict) == [
        "accuracy-another",
        "interval-of-another-accuracy",
        "balanced-accuracy-another",
        "missed-another",
    ]
    assert "is 0.8765, and this notebook's inspector reaches another" in verdict.findings[0].text
    assert "is 0.2585, and this notebook's inspector reaches another" in verdict.findings[3].text
    said = " ".join(finding.text for finding in verdict.findings)
    assert not re.search(r"0\.798|0\.341", said), "a slip of the card asks the test cells a second time"


def test_a_card_is_a_dict():
    assert "takes the dict of your model card" in judged(list(CARD)).findings[0].text


def test_a_book_is_not_kept_whole():
    card = {**CARD, "in_your_words": "a module, " * 20_000} | {f"key {i}": i for i in range(500)}
    exercise, challenge, _ = asked()
    evidence = collect_evidence(exercise, card, challenge).bundle["evidence"]
    assert len(str(evidence)) < 10_000
    assert judged(card).passed


def test_whatever_the_evidence_says_there_is_a_verdict():
    exercise, challenge, expected = asked()
    bundle = collect_evidence(exercise, {**CARD, "limits": ["A", "C"], "data": 3}, challenge).bundle
    for seed in range(300):
        forged = changed(bundle["evidence"], np.random.default_rng(seed))
        verdict = judge_evidence(bundle | {"evidence": forged}, expected, ID, others={INSPECTOR: MEASURED})
        assert all(finding.text for finding in verdict.findings), seed


@pytest.fixture
def desk(monkeypatch):
    """A kernel in which nothing was checked yet, with public challenges as they are now."""
    monkeypatch.setattr(checking, "_measured", {})
    for name in (INSPECTOR, ID):
        exercise = find_exercise(name)
        challenge = public_challenge(exercise)
        expected = expected_for(ROOT, exercise.lesson, name, challenge)
        monkeypatch.setattr(exercise, "published", lambda both=(challenge, expected): both)


@pytest.mark.slow  # asks inspectors for all cells
def test_at_the_desk_the_kernel_remembers_what_the_inspector_reached(desk):
    assert "accuracy-unmeasured" in told(try_answer(ID, CARD))
    check(INSPECTOR, inspector(0.9, 0.8))  # right on 570 of 656 test cells
    measured = checking._measured[INSPECTOR]
    card = {**CARD, "accuracy": 570 / 656, "interval": wilson(570), "balanced_accuracy": measured["balanced"]}
    card["missed"] = 41 / 205
    assert try_answer(ID, card).passed
    assert told(try_answer(ID, {**card, "accuracy": 0.95})) == ["accuracy-another"]
    check(INSPECTOR, inspector(0.8, 0.7))  # trained anew, and the card left as it was
    assert "accuracy-another" in told(try_answer(ID, card))
    check(INSPECTOR, lambda photographs: None)
    assert "accuracy-unmeasured" in told(try_answer(ID, card))
