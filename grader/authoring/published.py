"""The two JSON files that a lesson publishes: public challenges with expected values, and the quiz."""

import contextlib
import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grader.errors import CourseError
from grader.exercises.machine.published_checks import publish_checks
from grader.lesson_folder import ANSWERS, CHECKS, QUIZ, LessonFolder
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
    expect = load_expect(folder)
    with _blamed_on(folder.source(ANSWERS)):
        return _as_text(publish_checks(folder.lesson, expect))


def load_expect(folder: LessonFolder) -> Expect:
    """``EXPECT`` of the lesson's ``answers.py``: by exercise id, what a right answer gives.

    Raises:
        CourseError: the file cannot be run or defines no such dict.
    """
    path = folder.source(ANSWERS)
    namespace: dict[str, Any] = {"__name__": f"answers_of_{folder.lesson}", "__file__": str(path)}
    with _blamed_on(path):
        # Not imported: that would leave a __pycache__ in the folder, and keep the module for a next build.
        exec(compile(path.read_bytes(), str(path), "exec"), namespace)
    expect = namespace.get("EXPECT")
    if not isinstance(expect, dict):
        raise CourseError(
            f"{folder.lesson}/{ANSWERS} must define EXPECT, a dict of functions by exercise id."
        )
    return expect


@contextlib.contextmanager
def _blamed_on(path: Path) -> Iterator[None]:
    """Whatever is raised inside becomes one sentence with the last line of ``path`` that ran."""
    try:
        yield
    except CourseError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        where = f", line {lines[-1]}" if lines else ""
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CourseError(f"{path.parent.name}/{path.name}{where} fails with {reason}") from error


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
