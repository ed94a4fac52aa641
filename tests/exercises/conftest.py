"""An exercise small enough to be wrong in every way, and the grading of any answer with any seed."""

import functools

import numpy as np
import pytest

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise, judge_evidence
from grader.exercises.machine import checking, registry
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding


class Double(Exercise):
    """Return twice the number: two points, one for half of it."""

    id = "toy.double"
    lesson = "99_toy"
    title = "Double"
    signature = "double(x) -> number"
    points = 2
    minutes = 1
    difficulty = 1
    section = "Doubling numbers"

    def challenge(self, rng):
        return {"x": int(rng.integers(1, 100))}

    def collect(self, answer, challenge):
        return {"y": answer(challenge["x"])}

    def judge(self, evidence, expected):
        got = evidence["y"]
        if isinstance(got, int | float) and got == expected["y"]:
            return self.verdict(2, [Finding(text="Right.")])
        if isinstance(got, int | float) and got == expected["y"] / 4:
            return self.verdict(0.5, [Finding(text="Half of the number.")])
        return self.verdict(0, [Finding(text=f"{got} is not twice the number.", hint="Add it to itself.")])

    def published(self):
        return {"x": 21}, {"y": 42}


@pytest.fixture
def toy(monkeypatch):
    """The exercise ``toy.double``, registered, with no failed attempts yet."""
    exercise = Double()
    monkeypatch.setitem(registry._exercises(), exercise.id, exercise)
    monkeypatch.setattr(checking, "_failed", checking.Counter())
    return exercise


@pytest.fixture
def told():
    """What a verdict says, in one string."""
    return lambda verdict: " ".join(
        part for finding in verdict.findings for part in (finding.text, finding.hint)
    )


@functools.cache
def _asked(exercise_id, seed):
    exercise = find_exercise(exercise_id)
    challenge = exercise.challenge(np.random.default_rng(seed))
    return challenge, expected_for(ROOT, exercise.lesson, exercise_id, challenge)


@pytest.fixture
def graded():
    """``graded(exercise_id, answer, seed)``: the verdict on another challenge than the public one."""

    def grade(exercise_id, answer, seed):
        challenge, expected = _asked(exercise_id, seed)
        collected = collect_evidence(find_exercise(exercise_id), answer, challenge)
        return judge_evidence(collected.bundle, expected, exercise_id)

    return grade
