"""Transplanted as nbgrader calls it: points and checksums are the release's."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.autograde.steps.transplant_cells import TransplantCells
from grader.submissions.student_notebook import parse_notebook
from tests.autograde.conftest import LESSON, cell, resources, solution

pytestmark = pytest.mark.slow


def test_transplant_gives_points_and_checksums_of_the_release(course, config):
    handed_in = parse_notebook(nbformat.writes(solution(course)).encode())
    rebuilt, _ = TransplantCells(config=config).preprocess(handed_in, resources(course))
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        released = {c.name: c.checksum for c in gradebook.find_notebook("lesson", LESSON).source_cells}
    marked = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader for c in rebuilt.cells if "nbgrader" in c.metadata
    }
    assert {name: marks["checksum"] for name, marks in marked.items()} == released
    assert marked["start-majority_baseline"]["points"] == 3


def test_a_cell_that_is_newer_than_the_release_is_not_graded(course, config):
    notebook = solution(course)
    cell(notebook, "start-majority_baseline").metadata.nbgrader.grade_id = "start-new"
    nbformat.write(notebook, course / "solutions" / LESSON / "lesson.ipynb")
    rebuilt, _ = TransplantCells(config=config).preprocess(
        parse_notebook(b'{"cells": []}'), resources(course)
    )
    assert "start-new" not in {c.metadata.get("nbgrader", {}).get("grade_id") for c in rebuilt.cells}
