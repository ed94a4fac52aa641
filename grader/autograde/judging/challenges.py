"""What each graded submission is asked, and what a right answer to it gives."""

import contextlib
import functools
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grader.errors import CheckBroken, CourseError
from grader.exercises import all_exercises, find_exercise
from grader.exercises.machine.clean_settings import clean_settings
from grader.exercises.machine.evidence import encode
from grader.exercises.machine.expected_values import blamed_on, load_expect
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.lesson_folder import ANSWERS, LessonFolder
from grader.quiz.publish import keys
from grader.quiz.quiz_file import load_quiz
from grader.quiz.schema import Quiz
from grader.quiz.sealing import seal


def challenges_for(
    secret: bytes, course: Path, lesson: str, student: str, sources_sha: str
) -> dict[str, dict[str, Any]]:
    """By exercise id, what this student is asked about just this text of hers.

    A challenge is drawn with HMAC-SHA256(secret; exercise, lesson, student, sources) as seed: nobody can
    foresee it, and it is the same whenever and wherever it is asked.

    Raises:
        CourseError: the lesson's quiz.json is missing or damaged.
        CheckBroken: an exercise cannot say what it asks.
    """
    asked = {}
    # A quiz looks for its questions in the working folder first: they must be those of this course.
    with contextlib.chdir(LessonFolder(lesson, course).solution):
        for exercise in all_exercises():
            if exercise.lesson == lesson:
                drawn = _generator(secret, exercise.id, lesson, student, sources_sha)
                with broken_check(exercise.id):
                    asked[exercise.id] = exercise.challenge(drawn)
    return asked


def expected_for(course: Path, lesson: str, exercise_id: str, challenge: dict[str, Any]) -> dict[str, Any]:
    """What a right answer gives, as ``judge_evidence`` takes it.

    Raises:
        CourseError: ``answers.py`` or ``quiz.yaml`` cannot be read.
        CheckBroken: ``answers.py`` does not know the exercise, or fails with this challenge.
    """
    if isinstance(find_exercise(exercise_id), QuizExercise):
        questions = lesson_quiz(course, lesson)
        points = {question.id: question.points for question in questions.questions}
        return {"sealed": seal({"keys": keys(questions), "points": points})}
    folder = LessonFolder(lesson, course)
    changed = folder.source(ANSWERS).stat().st_mtime_ns
    return _expected(folder, changed, exercise_id, json.dumps(challenge))


@contextlib.contextmanager
def broken_check(exercise_id: str) -> Iterator[None]:
    """Whatever is raised inside is a fault of the course's, and no mark of anybody's.

    Raises:
        CheckBroken: something was raised that does not say so itself.
        CourseError: a file is missing or damaged.
    """
    try:
        yield
    except (CheckBroken, CourseError, KeyboardInterrupt):
        raise
    except BaseException as slip:  # SystemExit too: it must not end a class
        raise CheckBroken(exercise_id, f"{type(slip).__name__}: {slip}") from slip


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


@functools.lru_cache(maxsize=64)  # several judges may need one exercise's; a few seconds each
def _expected(folder: LessonFolder, changed: int, exercise_id: str, challenge: str) -> dict[str, Any]:
    expect = _expect(folder, changed)
    try:
        as_answers_run = clean_settings(find_exercise(exercise_id).one_thread)
        with broken_check(exercise_id), blamed_on(folder.source(ANSWERS)), as_answers_run:
            return encode(expect[exercise_id](json.loads(challenge)))
    except CourseError as problem:  # names the line of answers.py
        raise CheckBroken(exercise_id, str(problem)) from problem


@functools.lru_cache(maxsize=16)
def _expect(folder: LessonFolder, _changed: int) -> dict[str, Any]:
    return load_expect(folder)


def _generator(secret: bytes, *key: str) -> np.random.Generator:
    drawn = hmac.new(secret, "\x1f".join(key).encode("utf-8", "replace"), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(drawn, "big"))
