"""For whatever secret: the course's solutions earn every point; an answer that does nothing does not."""

import numpy as np
import pytest

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import all_exercises, collect_evidence, judge_evidence
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.quiz_exercise import QuizExercise

SEEDS = 3
# The inspector is a trained network, and the card says what it reached: the capstone's own tests judge them.
TRAINED = {"capstone.inspector", "capstone.model_card"}
LIGHT = [
    exercise
    for exercise in all_exercises()
    if not isinstance(exercise, QuizExercise) and exercise.id not in TRAINED
]


@pytest.fixture(params=[exercise.id for exercise in LIGHT])
def exercise(request):
    return next(exercise for exercise in LIGHT if exercise.id == request.param)


def verdict(exercise, answer, seed):
    challenge = exercise.challenge(np.random.default_rng(seed))
    bundle = collect_evidence(exercise, answer, challenge).bundle
    expected = expected_for(ROOT, exercise.lesson, exercise.id, challenge)
    return judge_evidence(bundle, expected, exercise.id, digest(challenge))


def test_the_solution_earns_every_point(exercise, answers_of_the_solutions, unforeseen):
    for _ in range(SEEDS):
        seed = unforeseen.getrandbits(64)
        judged = verdict(exercise, answers_of_the_solutions[exercise.id], seed)
        assert judged.passed, (seed, judged)


def test_an_answer_that_does_nothing_does_not(exercise, unforeseen):
    judged = verdict(exercise, lambda *_, **__: None, unforeseen.getrandbits(64))
    assert not judged.passed
