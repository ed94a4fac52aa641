"""Read ``checks.json``: the public challenges of a lesson, with what a right answer to each gives."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from grader.course import lesson_file
from grader.errors import CourseError
from grader.exercises.machine.evidence import EvidenceError, decode

FILE = "checks.json"


class _Check(BaseModel):
    model_config = ConfigDict(extra="forbid")

    challenge: dict[str, Any]
    expected: dict[str, Any] | None


class _Checks(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    lesson: str
    exercises: dict[str, _Check]


def read_check(lesson: str, exercise_id: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Public challenge and expected values of an exercise, from the lesson's ``checks.json``.

    ``None`` for the values in an examination, where they are the key.

    Raises:
        CourseError: the file is missing, damaged, or does not know the exercise.
    """
    path = lesson_file(lesson, FILE)
    checks = _read(path, path.stat().st_mtime_ns)
    if exercise_id not in checks.exercises:
        raise CourseError(
            f"{FILE} of lesson {lesson} does not know {exercise_id}: fetch the lesson's folder again."
        )
    check = checks.exercises[exercise_id]
    return check.challenge, check.expected


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> _Checks:
    try:
        checks = _Checks.model_validate(json.loads(path.read_text(encoding="utf-8")))
        for check in checks.exercises.values():
            decode(check.expected or {})  # damaged arrays are told here, not taken for a broken check
        return checks
    except (OSError, ValueError, RecursionError, EvidenceError) as error:
        raise CourseError(
            f"{path.parent.name}/{FILE} is damaged: fetch the lesson's folder again."
        ) from error
