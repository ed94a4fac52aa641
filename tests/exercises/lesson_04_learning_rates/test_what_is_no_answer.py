"""What is no answer at all, to the exercises of lesson 4 that ask for a function."""

import pytest

from grader.exercises.machine.registry import find_exercise

FUNCTIONS = ["rates.range_test", "rates.groups_by_depth", "rates.decay_towards", "rates.find_the_bug"]


def named(verdict, words):
    return any(words in finding.text for finding in verdict.findings)


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "it was given None"),
        ("too low", "it was given a str"),
        (lambda *given: 1 / 0, "ZeroDivisionError"),
        (lambda: None, "TypeError"),
        (lambda *given: exit(), "SystemExit"),
    ],
)
def test_what_is_no_answer_is_named(exercise_id, answer, words, graded):
    verdict = graded(exercise_id, answer, 101)
    assert verdict.points == 0
    assert named(verdict, words), verdict


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
@pytest.mark.parametrize("result", [None, float("nan"), "fast", 3, object])
def test_what_comes_back_of_another_kind_earns_nothing(exercise_id, result, graded):
    verdict = graded(exercise_id, lambda *given: result, 101)
    assert verdict.points == 0, verdict


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
def test_an_answer_that_is_not_written_yet_is_no_error(exercise_id, graded):
    def stub(*given):
        raise NotImplementedError

    verdict = graded(exercise_id, stub, 101)
    assert verdict.points == 0
    assert named(verdict, "Not written yet")


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
def test_an_answer_that_never_ends_is_stopped(exercise_id, monkeypatch, graded):
    monkeypatch.setattr(find_exercise(exercise_id), "time_limit", 0.5, raising=False)

    def endless(*given):
        while True:
            pass

    verdict = graded(exercise_id, endless, 101)
    assert verdict.points == 0
    assert named(verdict, "did not come back")
