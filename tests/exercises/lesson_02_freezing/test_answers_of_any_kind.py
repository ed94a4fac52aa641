"""Answers that are no answers: each exercise of lesson 2 has a finding for them."""

import pytest
from torch import nn

from grader.exercises import all_exercises

EXERCISES = [e.id for e in all_exercises() if e.lesson == "02_freezing" and not e.id.endswith(".quiz")]


def stub(*_):
    raise NotImplementedError()


def divides_by_zero(*_):
    return 1 / 0


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "takes a function, but it was given None"),
        (nn.Linear(2, 2), ""),
        (stub, "Not written yet"),
        (divides_by_zero, "stopped with ZeroDivisionError"),
        (lambda: None, "stopped with TypeError"),
        (lambda *_: float("nan"), ""),
        (lambda *_: object(), ""),
    ],
)
def test_an_answer_of_any_kind_gets_a_finding(exercise, answer, words, graded):
    verdict = graded(exercise, answer, 5)
    assert verdict.points == 0, verdict
    assert any(words in finding.text for finding in verdict.findings), verdict
    assert not any("does not have the form" in finding.text for finding in verdict.findings), verdict
    assert verdict.judged


@pytest.mark.parametrize("exercise", EXERCISES)
def test_ids_of_mistakes_are_unique(exercise):
    ids = [m.id for e in all_exercises() if e.id == exercise for m in e.mistakes]
    assert len(ids) == len(set(ids))
