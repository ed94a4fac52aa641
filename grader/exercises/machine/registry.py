"""All exercises of the course, found by their place: ``exercises/lesson_NN_name/<exercise>.py``.

A lesson's package says only its ``PREFIX``; every class of its modules that is an exercise belongs to it, and
so does the quiz. Nothing is listed by hand.
"""

import importlib
import inspect
import pkgutil
import sys
from functools import cache
from types import ModuleType

from grader.errors import CourseError
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.nearest_name import nearest_name

_ROOM = __name__.partition(".machine.")[0]  # above this module, and so not imported by it: see _exercises()
_PACKAGE = "lesson_"  # of each lesson, before its folder's name


@cache
def _exercises() -> dict[str, Exercise]:
    found: dict[str, Exercise] = {}
    for package in _modules(sys.modules[_ROOM]):
        if package.__name__.rpartition(".")[2].startswith(_PACKAGE):
            for exercise in _exercises_of(package):
                if exercise.id in found:
                    raise CourseError(
                        f"Two exercises have the id {exercise.id}: rename one in {package.__name__}."
                    )
                found[exercise.id] = exercise
    return found


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _exercises_of(package: ModuleType) -> list[Exercise]:
    """In the order of the lesson's sections, the quiz last."""
    lesson = package.__name__.rpartition(".")[2].removeprefix(_PACKAGE)
    found: list[Exercise] = [
        one()
        for module in _modules(package)
        for name, one in vars(module).items()
        if not name.startswith("_")
        and inspect.isclass(one)
        and issubclass(one, Exercise)
        and one.__module__ == module.__name__
        and hasattr(one, "id")  # not a base of several
    ]
    for exercise in found:
        exercise.lesson = lesson
        if not exercise.id.startswith(f"{package.PREFIX}."):
            raise CourseError(
                f"{exercise.id} lies in {package.__name__}: its id must begin with {package.PREFIX}."
            )
    return [*sorted(found, key=lambda exercise: exercise.section), QuizExercise(package.PREFIX, lesson)]


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
    nearest = nearest_name(asked.lower(), known)
    raise CourseError(f'There is no exercise "{asked}": did you mean "{nearest}"?')
