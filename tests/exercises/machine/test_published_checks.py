"""``checks.json``: written with the instructor's answers, read at the student's desk."""

import importlib.util
import json

import numpy as np
import pytest

from grader.course import RELEASES, SOLUTIONS, lesson_ids
from grader.errors import CourseError
from grader.exercises import all_exercises
from grader.exercises.machine import registry
from grader.exercises.machine.checks_file import read_check
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.published_checks import public_challenge, publish_checks
from grader.exercises.machine.quiz_exercise import QuizExercise

WITH_CHECKS = [exercise for exercise in all_exercises() if exercise.has_checks]


def expectations(lesson):
    """``EXPECT`` of a lesson's ``answers.py``."""
    spec = importlib.util.spec_from_file_location(f"answers_of_{lesson}", SOLUTIONS / lesson / "answers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXPECT


@pytest.mark.parametrize("exercise", WITH_CHECKS, ids=lambda exercise: exercise.id)
def test_a_public_challenge_is_plain_json_and_always_the_same(exercise):
    challenge = public_challenge(exercise)
    np.random.random(10)  # NumPy's global state moves on
    assert public_challenge(exercise) == challenge
    assert json.loads(json.dumps(challenge, allow_nan=False)) == challenge


@pytest.mark.parametrize("exercise", WITH_CHECKS, ids=lambda exercise: exercise.id)
def test_another_seed_asks_another_question(exercise):
    secret = exercise.challenge(np.random.default_rng(2026))
    is_same = digest(secret) == digest(public_challenge(exercise))
    assert is_same == exercise.same_for_everybody


def test_exercises_of_one_kind_are_asked_different_questions(toy):
    other = type(toy)()
    other.id = "toy.double_again"
    toy.challenge = other.challenge = lambda rng: {"x": int(rng.integers(2**62))}
    assert public_challenge(toy) != public_challenge(other)


@pytest.mark.parametrize("exercise", WITH_CHECKS, ids=lambda exercise: exercise.id)
def test_what_was_published_is_read_back(exercise):
    challenge, expected = exercise.published()
    assert challenge == public_challenge(exercise)
    assert expected


def test_publishing_is_deterministic_and_knows_every_exercise_but_the_quiz(toy, monkeypatch):
    again = type(toy)()
    again.id = "toy.again"
    monkeypatch.setitem(registry._exercises(), again.id, again)
    monkeypatch.setitem(registry._exercises(), "toy.quiz", QuizExercise("toy", toy.lesson))
    expect = {toy.id: lambda asked: {"y": np.float32(2 * asked["x"])}, again.id: lambda asked: {"y": (1, 2)}}
    published = publish_checks(toy.lesson, expect)
    reversed_order = dict(reversed(expect.items()))
    assert json.dumps(publish_checks(toy.lesson, reversed_order)) == json.dumps(published)
    challenges = {exercise.id: public_challenge(exercise) for exercise in (toy, again)}
    assert published == {
        "format": 1,
        "lesson": toy.lesson,
        "exercises": {
            toy.id: {"challenge": challenges[toy.id], "expected": {"y": 2.0 * challenges[toy.id]["x"]}},
            again.id: {"challenge": challenges[again.id], "expected": {"y": [1, 2]}},
        },
    }


def test_an_exercise_without_expected_values_is_named():
    lesson = "00_start_here"
    with pytest.raises(
        CourseError, match=r"00_start_here/answers.py: start.majority_baseline has no function"
    ):
        publish_checks(lesson, {})


def test_expected_values_without_an_exercise_are_named_the_first_one_first():
    lesson = "00_start_here"
    expect = expectations(lesson) | {"start.b": dict, "start.a": dict, "start.quiz": dict}
    with pytest.raises(CourseError, match=r"start.a is in EXPECT but is no exercise of this lesson"):
        publish_checks(lesson, expect)


def test_what_reaches_students_holds_no_code():
    """Expected values are data: numbers and sentences for students."""
    for lesson in lesson_ids():
        text = (RELEASES / lesson / "checks.json").read_text(encoding="utf-8")
        for code in ("def ", "lambda", "import ", "EXPECT"):
            assert code not in text


def test_a_check_that_the_file_does_not_know_is_named():
    with pytest.raises(CourseError, match=r"does not know start\.nothing"):
        read_check("00_start_here", "start.nothing")
    with pytest.raises(CourseError, match=r"checks\.json of lesson 77_nowhere was not found"):
        read_check("77_nowhere", "start.nothing")


def test_the_desk_may_be_asked_another_question_than_the_class(toy, monkeypatch):
    monkeypatch.setattr(toy, "desk_challenge", lambda rng: {"x": -1})
    assert public_challenge(toy) == {"x": -1}
    assert toy.challenge(np.random.default_rng(0))["x"] > 0
