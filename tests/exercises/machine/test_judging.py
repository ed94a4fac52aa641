"""From a bundle to a verdict, without the answer."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.errors import CourseError
from grader.exercises import find_exercise
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
        (lambda bundle: bundle | {"evidence": {"y": "\ud800"}}, "? is not twice"),
        (lambda bundle: json.dumps(bundle).replace("42", "NaN"), "nan is not twice"),
        (lambda bundle: bundle | {"outcome": "timed out"}, "did not come back"),
    ],
)
def test_evidence_that_is_not_right_earns_nothing_and_says_why(toy, told, spoil, reason):
    verdict = judged(toy, spoil(bundle_of(toy, lambda x: 2 * x)))
    assert (verdict.points, verdict.max_points, verdict.exercise) == (0, 2, toy.id)
    assert reason in told(verdict)


@pytest.mark.parametrize(
    "stumble",
    [
        KeyError("y"),
        IndexError(),
        TypeError(),
        ValueError(),
        AttributeError(),
        ZeroDivisionError(),
        OverflowError(),
        RecursionError(),
        np.linalg.LinAlgError(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_judge_that_stumbles_over_odd_evidence_gives_nothing(toy, told, monkeypatch, stumble):
    def judge(evidence, expected):
        raise stumble

    monkeypatch.setattr(toy, "judge", judge)
    verdict = judged(toy, bundle_of(toy, lambda x: 2 * x))
    assert verdict.points == 0
    assert "does not have the form that this check gives" in told(verdict)


@pytest.mark.parametrize("points", [3, -1, float("nan"), float("inf")])
def test_a_judge_cannot_give_points_that_there_are_not(toy, monkeypatch, points):
    monkeypatch.setattr(toy, "judge", lambda evidence, expected: toy.verdict(points, []))
    assert judged(toy, bundle_of(toy, lambda x: 2 * x)).points == 0


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"runs": None},
        {"runs": [1, 2]},
        {"runs": [{}, {}]},
        {"runs": [{"state": 5, "returned": [], "type": "float", "training": True}] * 2},
        {"pairs": "xx"},
        {"pairs": [{"problem": []}] * 2},
        {"problem": ""},
        {"problem": "", "outputs": {}, "steps": []},
        {"returned": [[1], {}, "x", None, True]},
        {"returned": ["x" * 2_000] * 5},
        {"letters": 5},
        {"letters": {"odd": [1, 2]}},
    ],
    ids=lambda odd: str(odd)[:60],
)
@pytest.mark.parametrize(
    "exercise_id",
    [
        "start.majority_baseline",
        "start.quiz",
        "scratch.training_step",
        "scratch.two_starts",
        "scratch.find_the_bug",
        "scratch.quiz",
    ],
)
def test_every_judge_of_the_course_survives_evidence_of_an_odd_form(exercise_id, odd):
    exercise = find_exercise(exercise_id)
    challenge, expected = exercise.published()
    bundle = {
        "format": 1,
        "exercise": exercise_id,
        "challenge": digest(challenge),
        "outcome": "collected",
        "evidence": odd,
    }
    verdict = judge_evidence(bundle, expected, exercise_id)
    assert verdict.points == 0
    assert verdict.findings


def test_damaged_expected_values_are_not_blamed_on_the_evidence(toy, told):
    expected = {"y": {"__array__": {"dtype": "float32", "shape": [2], "data": ""}}}
    verdict = judge_evidence(bundle_of(toy, lambda x: 2 * x), expected, toy.id)
    assert verdict.points == 0
    assert "What came with this check is damaged" in told(verdict)


def test_without_a_known_exercise_there_is_no_verdict(toy, told):
    assert "There is no evidence" in told(judge_evidence(None, {}))
    with pytest.raises(CourseError, match="did you mean"):
        judge_evidence(bundle_of(toy, lambda x: 2 * x) | {"exercise": "toy.doubel"}, {})
    with pytest.raises(CourseError, match="did you mean"):
        judge_evidence(None, {}, "toy.doubel")


# ---------------------------------------------------------------- in another process


def a_step_that_only_this_process_knows(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def forgets_to_clear(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


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
    exercise = find_exercise("scratch.training_step")
    challenge, expected = exercise.published()
    bundles = [
        collect_evidence(exercise, a_step_that_only_this_process_knows, challenge).bundle,
        json.dumps(collect_evidence(exercise, forgets_to_clear, challenge).bundle),
        collect_evidence(exercise, torch.sum, challenge).bundle,
    ]
    verdicts, modules = in_a_fresh_process({"expected": expected, "bundles": bundles})
    assert [verdict["points"] for verdict in verdicts] == [4, 0, 0]
    assert "never cleared" in str(verdicts[1]["findings"])
    assert "Your code stopped with TypeError" in str(verdicts[2]["findings"])
    assert "grader.exercises.machine.judging" in modules
    for module in ("IPython", "torch", __name__, "test_judging"):
        assert module not in modules
