"""All exercises of the course, by id."""

import difflib
import importlib
from functools import cache

from grader.errors import CourseError
from grader.exercises.exercise import Exercise

_MODULES = (
    "start_here",
    "scratch_vs_finetuning",
    "freezing",
    "counting_parameters",
    "learning_rates",
    "staged_unfreezing",
    "capstone",
)


@cache
def _exercises() -> dict[str, Exercise]:
    found: dict[str, Exercise] = {}
    for name in _MODULES:
        for exercise in importlib.import_module(f"grader.exercises.{name}").EXERCISES:
            if exercise.id in found:
                raise CourseError(f"Two exercises have the id {exercise.id}: rename one in {name}.py.")
            found[exercise.id] = exercise
    return found


def all_exercises() -> list[Exercise]:
    """Every exercise, in the order of the lessons."""
    return list(_exercises().values())


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise of this id.

    Raises:
        CourseError: there is none; the nearest id is suggested.
    """
    known = _exercises()
    if not isinstance(exercise_id, str):
        raise CourseError(
            f'A check is called with the id of an exercise and then your answer: check("{next(iter(known))}", …).'
        )
    if exercise_id in known:
        return known[exercise_id]
    asked = exercise_id[:80]
    nearest = difflib.get_close_matches(asked.lower(), known, n=1, cutoff=0)[0]
    raise CourseError(f'There is no exercise "{asked}": did you mean "{nearest}"?')
