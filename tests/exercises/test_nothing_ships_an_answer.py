"""Nothing that a student's kernel can import solves an exercise in one call."""

import importlib
import inspect
import pkgutil

import pytest

import grader.exercises
import grader.lab
from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import all_exercises, collect_evidence, judge_evidence, public_challenge

EXERCISES = [exercise for exercise in all_exercises() if exercise.has_checks]


def functions_that_ship():
    """Every function of the packages that lessons import, private ones too."""
    found = {}
    for package in (grader.exercises, grader.lab):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, thing in vars(importlib.import_module(module.name)).items():
                if inspect.isfunction(thing) and thing.__module__.startswith("grader."):
                    found[f"{thing.__module__}.{name}"] = thing
    return found


SHIPPED = functions_that_ship()


def number_of_arguments(exercise):
    inside = exercise.signature.partition("(")[2].partition(")")[0]
    return len(inside.split(","))


def can_take(function, count):
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True


@pytest.mark.slow  # hundreds of functions an exercise
@pytest.mark.filterwarnings("ignore")  # of functions that are given what they never take
@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.id for exercise in EXERCISES])
def test_no_function_of_the_course_earns_full_marks(exercise, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # some of them write files
    monkeypatch.setattr(exercise, "time_limit", 1.0)  # what takes longer is no short way to an answer
    # The inspector's check reads the cells for every answer; that they are whole need not be seen each time.
    monkeypatch.setattr("grader.lab.solar_cells.damage", lambda path: None)
    challenge = public_challenge(exercise)
    expected = expected_for(ROOT, exercise.lesson, exercise.id, challenge)
    tried = 0
    for name, function in SHIPPED.items():
        if not can_take(function, number_of_arguments(exercise)):
            continue
        tried += 1
        bundle = collect_evidence(exercise, function, challenge).bundle
        if bundle["outcome"] == "collected":
            verdict = judge_evidence(bundle, expected, exercise.id)
            assert not verdict.passed, name
    assert tried, "no function takes as many arguments: is the signature read rightly?"


def test_the_functions_are_found():
    assert len(SHIPPED) > 200
    assert any(name.startswith("grader.exercises.kit.") for name in SHIPPED)
    assert any(".lesson_02_freezing." in name for name in SHIPPED)
