"""An exercise whose judge compares with what another exercise of the same submission measured."""

import pytest

from grader.errors import CheckBroken
from grader.exercises import all_exercises, collect_evidence, find_exercise
from grader.exercises.machine import checking, registry
from grader.exercises.machine.asking import ask
from grader.exercises.machine.checking import check, try_answer
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.judging import judge_evidence, measure_evidence
from grader.exercises.machine.verdict import Finding


class Told(StrictEvidence):
    """What the report says."""

    said: Number


class Report(Exercise):
    """Say what your function gave: one point."""

    id = "toy.report"
    evidence = Told
    lesson = "99_toy"
    title = "Report"
    signature = "report() -> number"
    points = 1
    minutes = 1
    difficulty = 1
    section = "Reports"
    needs = ("toy.double",)

    def challenge(self, rng):
        return {}

    def collect(self, answer, challenge):
        return {"said": ask(answer)}

    def judge(self, evidence, expected):
        measured = expected["others"]["toy.double"]
        if measured is None:
            return self.verdict(0, [Finding(text="Nothing to compare with.")])
        return self.verdict(float(evidence.said == measured["y"]), [Finding(text="Compared.")])

    def published(self):
        return {}, {}


@pytest.fixture
def report(toy, monkeypatch):
    """``toy.report``, registered, in a kernel that checked nothing yet; ``toy.double`` tells its result."""
    exercise = Report()
    monkeypatch.setitem(registry._exercises(), exercise.id, exercise)
    monkeypatch.setattr(checking, "_measured", {})
    monkeypatch.setattr(type(toy), "measured", lambda self, evidence, expected: {"y": evidence.y})
    return exercise


def said(verdict):
    return verdict.findings[0].text


def wrong(x):
    return 5


def test_the_kernel_remembers_what_the_last_check_measured(report):
    assert said(try_answer(report.id, lambda: 5)) == "Nothing to compare with."
    check("toy.double", wrong)  # measured, though it is wrong
    assert try_answer(report.id, lambda: 5).passed
    assert not try_answer(report.id, lambda: 42).passed
    check("toy.double", lambda x: 2 * x)
    assert not try_answer(report.id, lambda: 5).passed
    assert try_answer(report.id, lambda: 42).passed


def test_an_answer_that_gives_nothing_takes_back_what_an_earlier_one_reached(report):
    check("toy.double", wrong)
    check("toy.double", lambda x: 1 / 0)
    assert said(try_answer(report.id, lambda: 5)) == "Nothing to compare with."


def test_a_judge_gets_just_what_it_needs(report):
    bundle = collect_evidence(report, lambda: 5, {}).bundle
    assert judge_evidence(bundle, {}, report.id, others={"toy.double": {"y": 5}, "toy.other": {}}).passed
    assert (
        said(judge_evidence(bundle, {}, report.id, others={"toy.double": None})) == "Nothing to compare with."
    )


def test_a_caller_that_forgets_what_is_needed_is_no_fault_of_the_answer(report):
    bundle = collect_evidence(report, lambda: 5, {}).bundle
    with pytest.raises(CheckBroken, match=r"toy\.double"):
        judge_evidence(bundle, {}, report.id)


def test_a_broken_measurement_is_no_fault_of_the_answer(report, toy, monkeypatch):
    bundle = collect_evidence(toy, wrong, {"x": 21}).bundle
    monkeypatch.setattr(type(toy), "measured", lambda self, evidence, expected: expected["missing"])
    with pytest.raises(CheckBroken, match="missing"):
        measure_evidence(bundle, {"y": 42}, toy.id)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bundle: None,
        lambda bundle: "{not json",
        lambda bundle: bundle | {"exercise": "toy.report"},
        lambda bundle: bundle | {"challenge": "0" * 64},
        lambda bundle: bundle | {"outcome": "raised", "evidence": None},
        lambda bundle: bundle | {"evidence": {"y": "five"}},
    ],
)
def test_evidence_that_cannot_be_judged_measures_nothing(report, toy, spoil):
    bundle = collect_evidence(toy, wrong, {"x": 21}).bundle
    asked = bundle["challenge"]
    assert measure_evidence(bundle, {"y": 42}, toy.id, asked) == {"y": 5}
    assert measure_evidence(spoil(bundle), {"y": 42}, toy.id, asked) is None


def test_what_is_needed_stands_further_up_in_the_same_lesson():
    order = [exercise.id for exercise in all_exercises()]
    for exercise in all_exercises():
        for needed in exercise.needs:
            assert find_exercise(needed).lesson == exercise.lesson
            assert order.index(needed) < order.index(exercise.id)
