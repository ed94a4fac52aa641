"""All exercises, by id."""

import re
from pathlib import Path
from types import ModuleType

import pytest

import grader.exercises
from grader.course import lesson_ids
from grader.errors import CourseError
from grader.exercises.machine import registry
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.registry import all_exercises, find_exercise


def test_every_exercise_says_what_students_and_builders_need():
    for exercise in all_exercises():
        assert isinstance(exercise, Exercise)
        assert exercise.lesson in lesson_ids()
        assert exercise.id.count(".") == 1
        assert exercise.title
        assert exercise.signature
        assert exercise.section
        assert exercise.points > 0
        assert exercise.minutes > 0
        assert exercise.difficulty in (1, 2, 3)
        assert exercise.time_limit > 0


def test_exercises_come_in_the_order_of_the_lessons_and_are_found_by_id():
    exercises = all_exercises()
    assert [e.lesson for e in exercises] == sorted(e.lesson for e in exercises)
    assert {e.lesson for e in exercises} == set(lesson_ids())
    for exercise in exercises:
        assert find_exercise(exercise.id) is exercise


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("start.majority_baselin", "start.majority_baseline"),
        ("START.QUIZ", "start.quiz"),
        ("training_step", "scratch.training_step"),
        ("scratch.twostarts", "scratch.two_starts"),
        ("scratch.find-the-bug", "scratch.find_the_bug"),
    ],
)
def test_an_unknown_id_suggests_the_nearest(asked, nearest):
    with pytest.raises(CourseError, match="did you mean") as caught:
        find_exercise(asked)
    suggested = str(caught.value).split('did you mean "')[1].split('"')[0]
    assert suggested == nearest
    assert asked in str(caught.value)


@pytest.mark.parametrize("asked", [None, 3, ["start.quiz"], {"start.quiz"}, lambda: 0])
def test_something_else_than_an_id_is_told_how_to_call_a_check(asked):
    with pytest.raises(CourseError, match="called with the id of an exercise and then your answer"):
        find_exercise(asked)


def package_of(*modules, prefix="toy"):
    package = ModuleType("grader.exercises.lesson_99_toy")
    package.PREFIX = prefix
    return package, list(modules)


def module_of(toy, name):
    module = ModuleType(name)
    kind = type("Again", (type(toy),), {"__module__": name})
    module.Again = kind
    module.Imported = type(toy)  # of another module: belongs there
    module._Private = type("_Private", (type(toy),), {"__module__": name})
    return module


@pytest.fixture
def lay_out(monkeypatch):
    """Let the registry find these modules in one lesson's package."""

    def lay(package, modules):
        monkeypatch.setattr(registry, "_modules", lambda of: [package] if of is grader.exercises else modules)

    return lay


def test_every_public_exercise_of_a_lesson_is_found_and_its_quiz(toy, lay_out):
    lay_out(*package_of(module_of(toy, "one")))
    found = registry._exercises.__wrapped__()
    assert list(found) == ["toy.double", "toy.quiz"]
    assert {exercise.lesson for exercise in found.values()} == {"99_toy"}


def test_two_exercises_of_one_id_are_refused(toy, lay_out):
    lay_out(*package_of(module_of(toy, "one"), module_of(toy, "two")))
    with pytest.raises(CourseError, match=r"Two exercises have the id toy\.double: rename one in .*_99"):
        registry._exercises.__wrapped__()


def test_an_exercise_in_another_lessons_folder_is_refused(toy, lay_out):
    lay_out(*package_of(module_of(toy, "one"), prefix="other"))
    with pytest.raises(CourseError, match=r"toy\.double lies in .*: its id must begin with other"):
        registry._exercises.__wrapped__()


def test_every_module_of_a_lesson_folder_is_read():
    """The same set as by looking at the sources: nothing is listed, nothing is left out."""
    folder = Path(grader.exercises.__file__).parent
    written = {
        text
        for path in folder.glob("lesson_*/*.py")
        for text in re.findall(r'^    id = "([\w.]+)"$', path.read_text(), flags=re.MULTILINE)
    }
    assert written == {exercise.id for exercise in all_exercises() if exercise.has_checks}
