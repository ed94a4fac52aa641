"""What is handed in becomes a clean folder, or a placeholder that says why."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader.submissions.intake import take_in

CELLS = {"00_a": {"a-answer", "a"}, "01_b": {"b-answer", "b"}}


def notebook(*names):
    return new_notebook(
        cells=[new_code_cell("x", metadata={"nbgrader": {"grade_id": name}}) for name in names]
    )


@pytest.fixture
def folders(tmp_path):
    submitted = tmp_path / "submitted" / "ada" / "00_a"
    submitted.mkdir(parents=True)
    return submitted, tmp_path / "intake" / "ada" / "00_a"


def take(folders, **more):
    return take_in(*folders, lesson="00_a", cells_by_lesson=CELLS, **more)


def hand_in(folders, content=None, name="lesson.ipynb"):
    nbformat.write(content or notebook("a-answer", "a"), folders[0] / name)


def test_an_ordinary_submission_is_taken_whole(folders):
    hand_in(folders)
    (folders[0] / "data.csv").write_text("1")
    (folders[0] / "timestamp.txt").write_text("2026-11-01 12:00:00 UTC")
    intake = take(folders)
    assert (intake.student, intake.set_aside, intake.problems) == ("ada", None, [])
    assert {path.name for path in folders[1].iterdir()} == {"lesson.ipynb", "data.csv", "timestamp.txt"}


def test_what_was_there_before_is_gone(folders):
    hand_in(folders)
    (folders[0] / "old.txt").write_text("1")
    take(folders)
    (folders[0] / "old.txt").unlink()
    take(folders)
    assert not (folders[1] / "old.txt").exists()
    assert [path.name for path in folders[1].parent.iterdir()] == ["00_a"]


@pytest.mark.parametrize(
    ("names", "set_aside", "problem"),
    [
        ([], "There is no lesson.ipynb", None),
        (["other.ipynb"], None, "other.ipynb is graded in its place"),
        (["lesson.ipynb", "copy.ipynb"], None, "copy.ipynb was handed in beside"),
        (["a.ipynb", "b.ipynb"], "There are 2 notebooks", None),
    ],
)
def test_which_notebook_is_graded(folders, names, set_aside, problem):
    for name in names:
        hand_in(folders, name=name)
    intake = take(folders)
    assert (intake.set_aside or "").startswith(set_aside or "")
    assert (intake.set_aside is None) == (set_aside is None)
    if problem:
        assert problem in intake.problems[0]


def test_a_submission_of_another_lesson_is_set_aside(folders):
    hand_in(folders, notebook("b-answer", "b"))
    assert "lesson 01_b, not of 00_a" in take(folders).set_aside
    text = nbformat.read(folders[1] / "lesson.ipynb", 4).cells[0].source
    assert "could not be graded" in text


def test_an_older_release_is_graded_and_noted(folders):
    hand_in(folders, notebook("a-answer"))
    intake = take(folders)
    assert intake.set_aside is None
    assert "older release" in intake.problems[0]


def test_without_any_metadata_the_lesson_is_believed(folders):
    hand_in(folders, new_notebook(cells=[new_code_cell("x")]))
    assert take(folders).set_aside is None


def test_an_unreadable_notebook_says_why(folders):
    (folders[0] / "lesson.ipynb").write_text(json.dumps([1]))
    assert "lesson.ipynb cannot be read: it is JSON, but no notebook" in take(folders).set_aside


def test_a_timestamp_that_is_none_is_left_out(folders):
    hand_in(folders)
    (folders[0] / "timestamp.txt").write_bytes(b"\xff yesterday")
    assert "is no time" in take(folders).problems[0]
    assert not (folders[1] / "timestamp.txt").exists()


@pytest.mark.parametrize("name", ["quiz.json", "checks.json", "timestamp.txt", "recorded.json", "answers.py"])
def test_a_folder_with_the_name_of_a_file_of_the_lessons_is_told_and_left_out(folders, name):
    hand_in(folders)
    (folders[0] / name).mkdir()
    (folders[0] / name / "x").write_text("1")
    intake = take(folders)
    assert intake.set_aside is None
    assert f"{name}/x is not taken" in intake.problems[0]
    assert not (folders[1] / name).exists()


def test_a_folder_in_the_notebooks_place_is_no_notebook(folders):
    (folders[0] / "lesson.ipynb").mkdir()
    (folders[0] / "lesson.ipynb" / "x").write_text("1")
    assert take(folders).set_aside
