"""The two JSON files that a lesson publishes: public challenges with expected values, and the quiz."""

import importlib.util
import json
import traceback
from collections.abc import Callable
from typing import Any

from grader.build.lesson_folder import CHECKS, QUIZ, LessonFolder
from grader.errors import CourseError
from grader.exercises.published_checks import publish_checks
from grader.quiz.publish import publish
from grader.quiz.schema import Question, Quiz

Expect = dict[str, Callable[[dict[str, Any]], dict[str, Any]]]


def quiz_text(quiz: Quiz, recalled: list[Question], withhold_feedback: bool) -> str:
    """The text of ``quiz.json``."""
    return _as_text(publish(quiz, recalled, withhold_feedback=withhold_feedback))


def checks_text(folder: LessonFolder) -> str:
    """The text of ``checks.json``, from the lesson's ``answers.py``.

    Raises:
        CourseError: ``answers.py`` cannot be run, or lacks an exercise.
    """
    return _as_text(publish_checks(folder.lesson, load_expect(folder)))


def load_expect(folder: LessonFolder) -> Expect:
    """``EXPECT`` of the lesson's ``answers.py``: by exercise id, what a right answer gives.

    Raises:
        CourseError: the file cannot be run or defines no such dict.
    """
    path = folder.source("answers.py")
    spec = importlib.util.spec_from_file_location(f"answers_of_{folder.lesson}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        where = f", line {lines[-1]}" if lines else ""
        raise CourseError(
            f"{folder.lesson}/answers.py{where} fails with {type(error).__name__}: {error}"
        ) from error
    expect = getattr(module, "EXPECT", None)
    if not isinstance(expect, dict):
        raise CourseError(
            f"{folder.lesson}/answers.py must define EXPECT, a dict of functions by exercise id."
        )
    return expect


def is_withheld(folder: LessonFolder) -> bool:
    """Was the quiz built last time without its feedback?"""
    try:
        return json.loads((folder.solution / QUIZ).read_text(encoding="utf-8"))["withheld"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def published_files(folder: LessonFolder) -> dict[str, str]:
    """The texts of the published files that lie in the solution's folder; a missing one is absent."""
    paths = [folder.solution / name for name in (CHECKS, QUIZ)]
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def _as_text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
