"""The two JSON files that a lesson publishes: public challenges with expected values, and the quiz."""

import json
from typing import Any

from grader.exercises.machine.expected_values import blamed_on, load_expect
from grader.exercises.machine.published_checks import publish_checks
from grader.lesson_folder import ANSWERS, CHECKS, QUIZ, LessonFolder
from grader.quiz.publish import publish
from grader.quiz.schema import Question, Quiz


def quiz_text(quiz: Quiz, recalled: list[Question], withhold_feedback: bool) -> str:
    """The text of ``quiz.json``."""
    return _as_text(publish(quiz, recalled, withhold_feedback=withhold_feedback))


def checks_text(folder: LessonFolder) -> str:
    """The text of ``checks.json``, from the lesson's ``answers.py``.

    Raises:
        CourseError: ``answers.py`` cannot be run, or lacks an exercise.
    """
    expect = load_expect(folder)
    with blamed_on(folder.source(ANSWERS)):
        return _as_text(publish_checks(folder.lesson, expect))


def published_files(folder: LessonFolder) -> dict[str, str]:
    """The texts of the published files that lie in the solution's folder; a missing one is absent."""
    paths = [folder.solution / name for name in (CHECKS, QUIZ)]
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def _as_text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
