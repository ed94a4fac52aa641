"""Each step of the chain as nbgrader calls it: the intake's exporter, the transplant, the execution."""

import asyncio

import nbformat
import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from grader.autograde.grading_folder import GradingFolder
from grader.autograde.nbgrader_course import NbgraderCourse
from grader.autograde.sandboxed_execute import SandboxedExecute
from grader.autograde.transplant_cells import TransplantCells
from grader.submissions.student_notebook import parse_notebook
from tests.autograde.conftest import LESSON, cell, hand_in, release, solution

pytestmark = pytest.mark.slow


def resources(course, student="ada"):
    names = {"student": student, "assignment": LESSON, "notebook": "lesson"}
    return {"nbgrader": names | {"db_url": f"sqlite:///{course}/gradebook.db"}}


@pytest.fixture
def config(course):
    return Config(CourseDirectory={"root": str(course)})


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


def test_execution_is_stored_and_taken_from_the_spool(course, config, monkeypatch):
    hand_in(course, "ada", solution(course))
    given = solution(course)
    first, kept = SandboxedExecute(config=config).preprocess(given, resources(course))
    assert any(output for one in first.cells for output in one.get("outputs", []))
    monkeypatch.setattr("grader.autograde.sandboxed_execute.execute", None)
    again, kept_again = SandboxedExecute(config=config).preprocess(solution(course), resources(course))
    assert kept["finetuning_course"] == kept_again["finetuning_course"]
    assert nbformat.writes(again) == nbformat.writes(first)


def test_the_button_of_the_formgrader_works_inside_its_event_loop(course):
    """The formgrader calls nbgrader's API from a handler, where an event loop is running."""
    hand_in(course, "ada", solution(course))
    (course / "submitted" / "ada" / LESSON / "link").symlink_to("/etc/passwd")

    async def press() -> dict:
        from nbgrader.apps.api import NbGraderAPI

        ours = NbgraderCourse(course)
        return NbGraderAPI(ours.coursedir, config=ours.config).autograde(LESSON, "ada", force=True)

    result = asyncio.run(press())
    assert result["success"], result
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_submission(LESSON, "ada").score == 6
    assert not (course / "autograded" / "ada" / LESSON / "link").exists()
    assert "is a link" in result["log"]


def test_what_is_handed_in_is_not_changed_and_only_clean_copies_are_read(course):
    folder = hand_in(course, "ada", b"{")
    ours = NbgraderCourse(course)
    before = (folder / "lesson.ipynb").read_bytes()
    from nbgrader.apps.api import NbGraderAPI

    api = NbGraderAPI(ours.coursedir, config=ours.config)
    assert api.autograde(LESSON, "ada", force=True)["success"]
    assert (folder / "lesson.ipynb").read_bytes() == before
    assert ours.coursedir.submitted_directory == "submitted"  # the formgrader goes on with it
    clean = nbformat.read(GradingFolder(course).intake / "ada" / LESSON / "lesson.ipynb", 4)
    assert "could not be graded" in clean.cells[0].source
    assert cell(release(course), "start-quiz")
