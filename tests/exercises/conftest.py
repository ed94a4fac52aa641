"""An exercise small enough to be wrong in every way, and the grading of any answer with any seed."""

import functools
import re

import numpy as np
import pytest

from grader.authoring.starting_program import split_starting_program
from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise, judge_evidence, public_challenge
from grader.exercises.machine import checking, registry
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding


class DoubleEvidence(StrictEvidence):
    """What came back for the number."""

    y: Number


class Double(Exercise):
    """Return twice the number: two points, one for half of it."""

    id = "toy.double"
    evidence = DoubleEvidence
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
        return {"y": ask(answer, challenge["x"])}

    def judge(self, evidence, expected):
        got = evidence.y
        if got == expected["y"]:
            return self.verdict(2, [Finding(text="Right.")])
        if got == expected["y"] / 4:
            return self.verdict(0.5, [Finding(text="Half of the number.")])
        return self.verdict(0, [Finding(text=f"{got:g} is not twice the number.", hint="Add it to itself.")])

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


SECRETS = (101, 102, 103)  # seeds of challenges that stand for those of a class


@functools.cache
def _asked(exercise_id, seed):
    """Challenge and expected values: the public ones for the seed None."""
    exercise = find_exercise(exercise_id)
    challenge = (
        public_challenge(exercise) if seed is None else exercise.challenge(np.random.default_rng(seed))
    )
    return challenge, expected_for(ROOT, exercise.lesson, exercise_id, challenge)


@functools.cache
def _verdict(exercise_id, answer, seed):
    challenge, expected = _asked(exercise_id, seed)
    collected = collect_evidence(find_exercise(exercise_id), answer, challenge)
    return judge_evidence(collected.bundle, expected, exercise_id)


def starting_program(exercise_id):
    """The source of the function that students of a bug hunt begin with, as it stands in the lesson."""
    path = ROOT / "solutions" / find_exercise(exercise_id).lesson / "lesson.py"
    cell = path.read_text(encoding="utf-8").partition(f'# %% exercise="{exercise_id}"\n')[2]
    _, program = split_starting_program(cell.partition("\n# %%")[0])
    assert program, f"{path} releases no program for {exercise_id}"
    return program


def function_of(source, **names):
    """The function that ``source`` defines, among the lesson's imports ``names``."""
    exec(source, names)
    return names[re.search(r"^def (\w+)", source, flags=re.MULTILINE)[1]]


@pytest.fixture
def graded():
    """``graded(exercise_id, answer, seed)``: the verdict on a seed's challenge (None: the public one)."""
    return _verdict


@pytest.fixture
def everywhere():
    """``everywhere(exercise_id, answer)``: the verdicts on the public and on several secret challenges."""
    return lambda exercise_id, answer: [_verdict(exercise_id, answer, seed) for seed in (None, *SECRETS)]


@pytest.fixture
def costs_the_same(everywhere):
    """``costs_the_same(exercise_id, answer, points, mistake)``: the same points and finding everywhere."""

    def check(exercise_id, answer, points, mistake):
        for verdict in everywhere(exercise_id, answer):
            found = [finding.id for finding in verdict.findings]
            assert mistake in found, verdict
            assert verdict.points == pytest.approx(points), verdict

    return check


@pytest.fixture
def unreached(everywhere):
    """``unreached(exercise_id, answers)``: ids of known mistakes that none of these answers is told."""

    def ids(exercise_id, answers):
        reached = {
            finding.id
            for answer in answers
            for verdict in everywhere(exercise_id, answer)
            for finding in verdict.findings
        }
        return [mistake.id for mistake in find_exercise(exercise_id).mistakes if mistake.id not in reached]

    return ids
