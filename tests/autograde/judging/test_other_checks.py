"""The capstone's model card is compared with the inspector of the same submission, by its own evidence."""

import functools
import json

import pytest
import torch

from grader.autograde.execution import CellRun
from grader.autograde.judging.challenges import challenges_for
from grader.autograde.judging.judge_cell import CheckRuns, judge_cell
from grader.autograde.judging.other_checks import measured_by_others
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise
from tests.exercises.lesson_06_capstone.test_inspector import inspector
from tests.exercises.lesson_06_capstone.test_model_card import CARD as WORDS

LESSON, INSPECTOR, CARD = "06_capstone", "capstone.inspector", "capstone.model_card"
GOOD = inspector(0.9, 0.8)  # right on 570 of 656 cells


@functools.cache
def asked():
    return challenges_for(b"s" * 32, ROOT, LESSON, "ada", "0")


@functools.cache
def run_of(exercise_id, answer, asked_another=False):
    challenge = asked()[exercise_id] | ({"order_seed": 1} if asked_another else {})
    return CellRun(
        bundles=[json.dumps(collect_evidence(find_exercise(exercise_id), answer, challenge).bundle)]
    )


def card_run(**changed):
    numbers = {
        "accuracy": 570 / 656,
        "interval": (0.8409, 0.8926),
        "balanced_accuracy": measured()["balanced"],
        "missed": 0.2,
    }
    challenge = asked()[CARD]
    card = {**WORDS, **numbers, **changed}
    return CellRun(bundles=[json.dumps(collect_evidence(find_exercise(CARD), card, challenge).bundle)])


def measured(*runs):
    found = measured_by_others(ROOT, LESSON, CARD, {INSPECTOR: runs or [run_of(INSPECTOR, GOOD)]}, asked())
    return found[INSPECTOR]


def judged(card, *inspectors):
    checks = {INSPECTOR: list(inspectors), CARD: [card]}
    return judge_cell(CARD, card, CheckRuns(ROOT, LESSON, asked(), checks=checks))


def test_a_card_with_the_measured_numbers_earns_everything():
    assert measured()["correct"] == 570
    verdict = judged(card_run(), run_of(INSPECTOR, GOOD))
    assert verdict.passed, verdict


@pytest.mark.parametrize("accuracy", [0.95, 570 / 656 + 0.005, 0.8442])
def test_an_invented_or_stale_accuracy_is_told_from_the_measured_one(accuracy):
    verdict = judged(card_run(accuracy=accuracy), run_of(INSPECTOR, GOOD))
    assert [finding.id for finding in verdict.findings] == ["accuracy-another"]
    assert "0.8689" not in verdict.findings[0].text  # the test cells are asked once, by the learner


def test_the_same_card_beside_another_inspector_is_wrong():
    verdict = judged(card_run(), run_of(INSPECTOR, inspector(0.8, 0.7)))
    assert "accuracy-another" in [finding.id for finding in verdict.findings]


@pytest.mark.parametrize(
    "inspectors",
    [
        [],
        [CellRun()],
        [CellRun(bundles=["{not json"])],
        [run_of(INSPECTOR, GOOD)] * 2,  # given twice
        [run_of(INSPECTOR, GOOD, asked_another=True)],
        [run_of(INSPECTOR, lambda photographs: torch.zeros(3))],
        [run_of(INSPECTOR, 656)],
    ],
    ids=["no check", "no evidence", "malformed", "twice", "another challenge", "no logits", "no function"],
)
def test_without_sound_evidence_of_the_inspector_nothing_is_measured(inspectors):
    verdict = judged(card_run(), *inspectors)
    assert [finding.id for finding in verdict.findings] == [
        "accuracy-unmeasured",
        "interval-unmeasured",
        "balanced-accuracy-unmeasured",
        "missed-unmeasured",
    ]


def test_other_exercises_need_nothing():
    assert measured_by_others(ROOT, LESSON, INSPECTOR, {}, asked()) == {}
