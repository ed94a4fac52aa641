"""nbgrader reads clean copies only, from its command line and from the formgrader."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from grader.autograde.grading_folder import GradingFolder
from grader.autograde.run.nbgrader_course import NbgraderCourse
from tests.autograde.conftest import LESSON, cell, grade, hand_in, release, rows, solution

pytestmark = pytest.mark.slow


def test_the_button_of_the_formgrader_works_inside_its_event_loop(course):
    """The formgrader calls nbgrader's API from a handler, where an event loop is running."""
    hand_in(course, "ada", solution(course))
    (course / "submitted" / "ada" / LESSON / "link").symlink_to("/etc/passwd")

    async def press() -> dict:
        ours = NbgraderCourse(course)
        return NbGraderAPI(ours.coursedir, config=ours.config).autograde(LESSON, "ada", force=True)

    with ThreadPoolExecutor(
        1
    ) as pool:  # the browser tests may have left a loop in this process's main thread
        result = pool.submit(asyncio.run, press()).result()
    assert result["success"], result
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_submission(LESSON, "ada").score == 6
    assert not (course / "autograded" / "ada" / LESSON / "link").exists()
    assert "is a link" in result["log"]


def test_what_is_handed_in_is_not_changed_and_only_clean_copies_are_read(course):
    folder = hand_in(course, "ada", b"{")
    ours = NbgraderCourse(course)
    before = (folder / "lesson.ipynb").read_bytes()
    api = NbGraderAPI(ours.coursedir, config=ours.config)
    assert api.autograde(LESSON, "ada", force=True)["success"]
    assert (folder / "lesson.ipynb").read_bytes() == before
    assert ours.coursedir.submitted_directory == "submitted"  # the formgrader goes on with it
    clean = nbformat.read(GradingFolder(course).intake / "ada" / LESSON / "lesson.ipynb", 4)
    assert "could not be graded" in clean.cells[0].source
    assert cell(release(course), "start-quiz")


@pytest.mark.parametrize("student", ['<img src=x onerror="alert(1)">', 'a"b', "a\\"])
def test_a_name_that_formgrader_takes_for_markup_never_gets_into_the_gradebook(course, student):
    hand_in(course, student, solution(course))
    summary = grade(course)
    assert rows(summary) == {student: (0, "failed")}
    assert "in its name, which formgrader takes for markup: rename it." in summary.rows[0].reasons[0]
    ours = NbgraderCourse(course)
    result = NbGraderAPI(ours.coursedir, config=ours.config).autograde(LESSON, student, force=True)
    assert not result["success"]
    assert "takes for markup" in result["log"]
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.students == []
