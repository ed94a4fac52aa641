"""Make ``checks.json``: the public challenges of a lesson, with what a right answer to each gives."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.errors import CourseError
from grader.exercises.machine.clean_settings import clean_settings
from grader.exercises.machine.evidence import encode
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.registry import all_exercises


def public_challenge(exercise: Exercise) -> dict[str, Any]:
    """What is asked at the student's own desk: the same for everybody."""
    seed = int.from_bytes(hashlib.sha256(exercise.id.encode()).digest()[:8], "big")
    return exercise.desk_challenge(np.random.default_rng(seed))


def publish_checks(
    lesson: str, expect: dict[str, Callable[[dict[str, Any]], dict[str, Any]]], withhold_keys: bool = False
) -> dict[str, Any]:
    """The content of a lesson's ``checks.json``.

    Args:
        expect: for each exercise id, what a right answer to a challenge gives (``EXPECT`` of ``answers.py``).
        withhold_keys: for an examination: where everybody is asked the same, what a right answer gives is the key,
            and ``None`` stands in its place.

    Raises:
        CourseError: an exercise without expected values, or values without an exercise.
    """
    exercises = [
        exercise for exercise in all_exercises() if exercise.lesson == lesson and exercise.has_checks
    ]
    for missing in sorted({exercise.id for exercise in exercises} ^ expect.keys()):
        what = "has no function in EXPECT" if missing not in expect else "is in EXPECT but is no exercise"
        raise CourseError(f"{lesson}/answers.py: {missing} {what} of this lesson.")
    checks = {}
    for exercise in exercises:
        challenge = public_challenge(exercise)
        with clean_settings(exercise.one_thread):  # as the answers run
            expected = encode(expect[exercise.id](challenge))
        is_key = withhold_keys and exercise.same_for_everybody
        checks[exercise.id] = {"challenge": challenge, "expected": None if is_key else expected}
    return {"format": 1, "lesson": lesson, "exercises": checks}
