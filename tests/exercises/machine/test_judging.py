"""From a bundle to a verdict, without the answer."""

import json
import operator
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.errors import CheckBroken, CourseError
from grader.exercises import find_exercise, public_challenge
from grader.exercises.machine.collecting import collect_evidence
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.judging import judge_evidence


def bundle_of(exercise, answer):
    return collect_evidence(exercise, answer, exercise.published()[0]).bundle


def judged(toy, bundle):
    return judge_evidence(bundle, {"y": 42}, toy.id, digest({"x": 21}))


@pytest.mark.parametrize("form", [lambda bundle: bundle, json.dumps], ids=["content", "text"])
def test_a_right_answer_earns_everything(toy, form):
    verdict = judged(toy, form(bundle_of(toy, lambda x: 2 * x)))
    assert verdict.passed
    assert (verdict.points, verdict.max_points) == (2, 2)


def test_a_partial_score_comes_with_its_sentence(toy, told):
    verdict = judged(toy, bundle_of(toy, lambda x: x / 2))
    assert (verdict.points, verdict.passed) == (0.5, False)
    assert "Half of the number" in told(verdict)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda bundle: None, "There is no evidence"),
        (lambda bundle: "", "There is no evidence"),
        (lambda bundle: "{not json", "malformed"),
        (lambda bundle: [bundle], "malformed"),
        (lambda bundle: json.dumps(bundle)[:-1] + ', "evidence": {"y": 42}}', "one thing twice"),
        (lambda bundle: bundle | {"evidence": {"y": "x" * 3_000_000}}, "larger than"),
        (lambda bundle: bundle | {"exercise": "start.majority_baseline"}, "another exercise: start.majority"),
        (lambda bundle: bundle | {"challenge": "0" * 64}, "another question"),
        (lambda bundle: bundle | {"outcome": "perfect"}, "malformed"),
        (lambda bundle: bundle | {"points": 2}, "malformed"),
        (lambda bundle: bundle | {"evidence": None}, "malformed"),
        (lambda bundle: bundle | {"evidence": 42}, "malformed"),
        (lambda bundle: bundle | {"evidence": {"y": 2**64}}, "too large"),
        (lambda bundle: bundle | {"evidence": {"y": [0] * 30_000}}, "larger than"),
        (lambda bundle: bundle | {"evidence": {}}, "does not have the form"),
        (lambda bundle: bundle | {"evidence": {"y": "\ud800"}}, "does not have the form"),
        (lambda bundle: bundle | {"evidence": {"y": "42"}}, "does not have the form"),
        (lambda bundle: bundle | {"evidence": {"y": True}}, "does not have the form"),
        (lambda bundle: bundle | {"evidence": {"y": 42, "points": 2}}, "does not have the form"),
        (lambda bundle: json.dumps(bundle).replace("42", "NaN"), "nan is not twice"),
        (lambda bundle: bundle | {"outcome": "timed out"}, "did not come back"),
    ],
)
def test_evidence_that_is_not_right_earns_nothing_and_says_why(toy, told, spoil, reason):
    verdict = judged(toy, spoil(bundle_of(toy, lambda x: 2 * x)))
    assert (verdict.points, verdict.max_points, verdict.exercise) == (0, 2, toy.id)
    assert reason in told(verdict)


@pytest.mark.parametrize(
    "slip",
    [
        KeyError("y"),
        IndexError(),
        TypeError(),
        ValueError(),
        AttributeError(),
        NameError(),
        ZeroDivisionError(),
        OverflowError(),
        RecursionError(),
        np.linalg.LinAlgError(),
        MemoryError(),
        AssertionError(),
        CourseError("a file is missing"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_slip_in_a_judge_is_no_verdict(toy, monkeypatch, slip):
    def judge(evidence, expected):
        raise slip

    monkeypatch.setattr(toy, "judge", judge)
    with pytest.raises(CheckBroken, match=r"toy\.double is broken, the answer was not judged") as caught:
        judged(toy, bundle_of(toy, lambda x: 2 * x))
    assert caught.value.__cause__ is slip


@pytest.mark.parametrize("points", [3, -1, float("nan"), float("inf")])
def test_a_judge_that_gives_points_that_there_are_not_is_broken(toy, monkeypatch, points):
    monkeypatch.setattr(toy, "judge", lambda evidence, expected: toy.verdict(points, []))
    with pytest.raises(CheckBroken):
        judged(toy, bundle_of(toy, lambda x: 2 * x))


def test_evidence_is_validated_before_the_judge_sees_it(toy, told, monkeypatch):
    monkeypatch.setattr(toy, "judge", lambda evidence, expected: pytest.fail("it was called"))
    verdict = judged(toy, bundle_of(toy, lambda x: 2 * x) | {"evidence": {"y": [42]}})
    assert verdict.points == 0
    assert "(y: " in told(verdict)  # the field that does not fit is named


def test_a_collect_that_broke_is_no_verdict(toy, monkeypatch):
    monkeypatch.setattr(toy, "collect", operator.getitem)  # a function has no items: no line of the student's
    bundle = bundle_of(toy, lambda x: 2 * x)
    assert bundle["outcome"] == "check failed"
    with pytest.raises(CheckBroken, match=r"TypeError: .*not subscriptable"):
        judged(toy, bundle)


def test_damaged_expected_values_are_blamed_on_nobody(toy):
    expected = {"y": {"__array__": {"dtype": "float32", "shape": [2], "data": ""}}}
    with pytest.raises(CheckBroken, match="shape does not fit"):
        judge_evidence(bundle_of(toy, lambda x: 2 * x), expected, toy.id)


def test_a_broken_check_travels_between_processes():
    broken = pickle.loads(pickle.dumps(CheckBroken("toy.double", "KeyError: 'y'")))
    assert (broken.exercise, broken.reason) == ("toy.double", "KeyError: 'y'")


def test_without_a_known_exercise_there_is_no_verdict(toy, told):
    assert "There is no evidence" in told(judge_evidence(None, {}))
    with pytest.raises(CourseError, match="did you mean"):
        judge_evidence(bundle_of(toy, lambda x: 2 * x) | {"exercise": "toy.doubel"}, {})
    with pytest.raises(CourseError, match="did you mean"):
        judge_evidence(None, {}, "toy.doubel")


# ---------------------------------------------------------------- in another process


def in_a_fresh_process(asked):
    program = (
        "import json, sys\n"
        "from grader.exercises.machine.judging import judge_evidence\n"
        "asked = json.load(sys.stdin)\n"
        "verdicts = [judge_evidence(bundle, asked['expected']) for bundle in asked['bundles']]\n"
        "print(json.dumps([verdict.model_dump() for verdict in verdicts]))\n"
        "print(' '.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(asked), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), set(done.stderr.split())


def test_judging_needs_nothing_but_json():
    """A real exercise: evidence from here, judged where neither the answer nor a notebook ever was."""
    exercise = find_exercise("start.majority_baseline")
    challenge = public_challenge(exercise)
    expected = expected_for(ROOT, exercise.lesson, exercise.id, challenge)
    bundles = [
        collect_evidence(exercise, lambda labels: labels.bincount().max() / len(labels), challenge).bundle,
        json.dumps(collect_evidence(exercise, lambda labels: 1.0, challenge).bundle),
        collect_evidence(exercise, torch.matmul, challenge).bundle,
    ]
    verdicts, modules = in_a_fresh_process({"expected": expected, "bundles": bundles})
    assert [verdict["points"] for verdict in verdicts] == [3, 0, 0]
    assert "the function gives 1; right is" in str(verdicts[1]["findings"])
    assert "Your code stopped with TypeError" in str(verdicts[2]["findings"])
    assert "grader.exercises.machine.judging" in modules
    for module in ("IPython", "torch", __name__, "test_judging"):
        assert module not in modules
