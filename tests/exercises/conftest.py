"""An exercise small enough to be wrong in every way."""

import pytest

from grader.exercises import checking, registry
from grader.exercises.exercise import Exercise
from grader.exercises.verdict import Finding


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
