"""In a kernel that grades, ``check`` is asked other questions than at a student's desk, and gives no verdict.

The questions come from a file that the grader puts beside the notebook. They hold no answer. A student who
reads or changes them gains nothing: the judge knows what was asked.
"""

import json
import os
from pathlib import Path
from typing import Any

from grader.errors import CourseError

VARIABLE = "FINETUNING_COURSE_CHALLENGES"  # names the file: a JSON object of challenges by exercise id


def is_graded() -> bool:
    """Is this a kernel that grades?"""
    return VARIABLE in os.environ


def graded_challenge(exercise_id: str) -> dict[str, Any]:
    """What the grader asks.

    Raises:
        CourseError: the file is missing or damaged, or does not know this exercise.
    """
    try:
        return json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))[exercise_id]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(f"The grader asks no question for {exercise_id}.") from error
