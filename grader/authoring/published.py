"""The two JSON files that a lesson publishes: public challenges with expected values, and the quiz."""

import json
from typing import Any

from grader.authoring.rounding import same_but_for_rounding
from grader.exercises.machine.expected_values import blamed_on, load_expect
from grader.exercises.machine.published_checks import publish_checks
from grader.lesson_folder import ANSWERS, QUIZ, LessonFolder
from grader.quiz.publish import publish
from grader.quiz.published import is_withheld
from grader.quiz.schema import Question, Quiz


def quiz_text(folder: LessonFolder, quiz: Quiz, recalled: list[Question], withhold_feedback: bool) -> str:
    """The text of ``quiz.json``.

    A recall holds no key either while a lesson that it asks about is an examination.
    """
    asked = {reference.lesson for reference in quiz.recall}
    withheld = any(is_withheld(LessonFolder(lesson, folder.course)) for lesson in asked)
    return _as_text(publish(quiz, recalled, withhold_feedback=withhold_feedback, withhold_recall=withheld))


def checks_text(folder: LessonFolder) -> str:
    """The text of ``checks.json``, from the lesson's ``answers.py``; without keys if its quiz has none.

    Raises:
        CourseError: ``answers.py`` cannot be run, or lacks an exercise.
    """
    expect = load_expect(folder)
    with blamed_on(folder.source(ANSWERS)):
        return _a_line_each(publish_checks(folder.lesson, expect, withhold_keys=is_withheld(folder)))


def renewed_checks_text(folder: LessonFolder, present: str | None) -> str:
    """The text that ``checks.json`` should have.

    That is ``present``, what it was before, if only this machine's rounding differs from the machine's
    that made it.

    Raises:
        CourseError: as :func:`checks_text`.
    """
    text = checks_text(folder)
    return present if present is not None and same_but_for_rounding(present, text) else text


def published_files(folder: LessonFolder) -> dict[str, str]:
    """The texts of the published files that exist, by name."""
    paths = [folder.checks, folder.solution / QUIZ]
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def _a_line_each(checks: dict[str, Any]) -> str:
    """JSON of ``checks.json`` with a line for each exercise: a change of one is a change of one line."""
    head = {name: value for name, value in checks.items() if name != "exercises"}
    lines = [f"{_compact(name)}:{_compact(check)}" for name, check in checks["exercises"].items()]
    return _compact(head)[:-1] + ',"exercises":{\n' + ",\n".join(lines) + "\n}}\n"


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _as_text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
