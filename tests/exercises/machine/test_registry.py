"""All exercises, by id."""

import sys
from types import ModuleType

import pytest

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


def test_two_exercises_of_one_id_are_refused(toy, monkeypatch):
    module = ModuleType("grader.exercises.twice")
    module.EXERCISES = [toy, toy]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "_MODULES", ("twice",))
    with pytest.raises(CourseError, match=r"Two exercises have the id toy\.double: rename one in twice\.py"):
        registry._exercises.__wrapped__()
