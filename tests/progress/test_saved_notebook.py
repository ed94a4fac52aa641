"""What a notebook says, by the cases that the panel in JupyterLab is held to as well."""

import json
from pathlib import Path

import nbformat
import pytest

from grader.course import RELEASES, SOLUTIONS, lesson_ids
from grader.exercises import all_exercises
from grader.progress import read_notebook

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_notebook_says(case):
    state = read_notebook(case["notebook"])
    said = state and {name: getattr(state, name) for name in ("title", "begun", "reached", "total", "open")}
    assert said == case["expected"]


@pytest.mark.parametrize("lesson", lesson_ids())
def test_a_release_is_not_begun_and_its_checks_are_the_registrys(lesson):
    state = read_notebook(nbformat.read(RELEASES / lesson / "lesson.ipynb", as_version=4))
    ours = [one for one in all_exercises() if one.lesson == lesson]
    assert (state.begun, state.reached) == (False, 0)
    assert [check.max_points for check in state.checks] == [one.points for one in ours]
    assert [check.name for check in state.checks] == [one.section for one in ours]


@pytest.mark.parametrize("lesson", lesson_ids())
def test_a_solution_has_nothing_open(lesson):
    state = read_notebook(nbformat.read(SOLUTIONS / lesson / "lesson.ipynb", as_version=4))
    assert state.begun
    assert state.open == []
