"""What each graded submission is asked, and what a right answer to it gives."""

import contextlib
import functools
import hashlib
import hmac
from pathlib import Path
from typing import Any

import numpy as np

from grader.exercises import all_exercises, find_exercise
from grader.exercises.machine.evidence import encode
from grader.exercises.machine.expected_values import load_expect
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.lesson_folder import LessonFolder
from grader.quiz.publish import keys
from grader.quiz.schema import Quiz, load_quiz
from grader.quiz.sealing import seal


def challenges_for(
    secret: bytes, course: Path, lesson: str, student: str, sources_sha: str
) -> dict[str, dict[str, Any]]:
    """By exercise id, what this student is asked about just this text of hers.

    A challenge is drawn with HMAC-SHA256(secret; exercise, lesson, student, sources) as seed: nobody can
    foresee it, and it is the same whenever and wherever it is asked.

    Raises:
        CourseError: the lesson's quiz.json is missing or damaged.
    """
    asked = {}
    # A quiz looks for its questions in the working folder first: they must be those of this course.
    with contextlib.chdir(LessonFolder(lesson, course).solution):
        for exercise in all_exercises():
            if exercise.lesson == lesson:
                asked[exercise.id] = exercise.challenge(
                    _generator(secret, exercise.id, lesson, student, sources_sha)
                )
    return asked


def expected_for(course: Path, lesson: str, exercise_id: str, challenge: dict[str, Any]) -> dict[str, Any]:
    """What a right answer gives, as ``judge_evidence`` takes it.

    Raises:
        CourseError: ``answers.py`` or ``quiz.yaml`` is broken or does not know the exercise.
    """
    if isinstance(find_exercise(exercise_id), QuizExercise):
        questions = lesson_quiz(course, lesson)
        points = {question.id: question.points for question in questions.questions}
        return {"sealed": seal({"keys": keys(questions), "points": points})}
    folder = LessonFolder(lesson, course)
    expect = _expect(folder, folder.source("answers.py").stat().st_mtime_ns)
    return encode(expect[exercise_id](challenge))


def lesson_quiz(course: Path, lesson: str) -> Quiz:
    """The lesson's quiz with its keys.

    Raises:
        CourseError: ``quiz.yaml`` is missing or broken.
    """
    path = LessonFolder(lesson, course).source("quiz.yaml")
    return _quiz(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _quiz(path: Path, _changed: int) -> Quiz:
    return load_quiz(path)


@functools.lru_cache(maxsize=16)
def _expect(folder: LessonFolder, _changed: int) -> dict[str, Any]:
    return load_expect(folder)


def _generator(secret: bytes, *key: str) -> np.random.Generator:
    drawn = hmac.new(secret, "\x1f".join(key).encode("utf-8", "replace"), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(drawn, "big"))
