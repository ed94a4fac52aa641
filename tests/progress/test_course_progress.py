"""The lessons of a folder: found, read, shown; whatever is amiss is a clear line."""

import json
import os

import pytest

from grader import course
from grader.errors import CourseError
from grader.progress import read_course
from tests.progress.test_saved_notebook import CASES

NOTEBOOKS = {case["case"]: json.dumps(case["notebook"]) for case in CASES}


@pytest.fixture
def folder(tmp_path):
    """A course with five lessons, of which two are amiss."""
    contents = {
        "00_a": NOTEBOOKS["part of it done"],
        "01_b": NOTEBOOKS["as released"],
        "02_c": "{",
        "03_d": None,
        "04_e": NOTEBOOKS["markup is text"],
    }
    for lesson, text in contents.items():
        (tmp_path / "notebooks" / lesson).mkdir(parents=True)
        if text is not None:
            (tmp_path / "notebooks" / lesson / "lesson.ipynb").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/01_b"])
def test_the_lessons_are_found_from_the_course_and_from_a_lesson(folder, place, monkeypatch):
    monkeypatch.chdir(folder / place)
    found = read_course()
    assert [row.folder.name for row in found.rows] == ["00_a", "01_b", "02_c", "03_d", "04_e"]
    assert (found.note, found.total) == ("", "11.33 of 29")


def test_each_lesson_is_a_clear_line(folder):
    assert [row.left for row in read_course(folder).rows] == [
        ["Quiz (7.333 of 10)"],
        ["Not begun."],
        ["lesson.ipynb is damaged: rename it, then fetch a fresh copy of the lesson."],
        ["There is no lesson.ipynb in it: was it renamed or moved?"],
        ["<img src=x onerror=alert(1)> (0 of 1)"],
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "lesson.ipynb cannot be read (it is not text)."),
        (b"[" * 100_000, "lesson.ipynb is damaged: rename it, then fetch a fresh copy of the lesson."),
        (b"{}", "lesson.ipynb is damaged: rename it, then fetch a fresh copy of the lesson."),
        (NOTEBOOKS["no checks"].encode(), "It holds no checks: fetch a fresh copy of the lesson."),
        (NOTEBOOKS["all done, in lines as a file holds them"].encode(), "Done."),
    ],
)
def test_what_a_file_may_hold(folder, content, said):
    (folder / "notebooks" / "02_c" / "lesson.ipynb").write_bytes(content)
    assert read_course(folder).rows[2].left == [said]


def test_a_folder_in_the_place_of_a_notebook(folder):
    (folder / "notebooks" / "03_d" / "lesson.ipynb").mkdir()
    assert read_course(folder).rows[3].left[0].startswith("lesson.ipynb cannot be read (")


def test_another_kernels_folder_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read_course()
    assert found.folder == course.RELEASES
    assert found.note.startswith(f"This kernel works in {tmp_path}, where there are no lessons.")
    assert found.note in repr(found)


def test_a_folder_above_that_may_not_be_read_is_passed_over(folder, monkeypatch):
    lesson_ids = course.lesson_ids

    def forbidden(place):
        if place == folder.parent:
            raise PermissionError(13, "Permission denied")
        return lesson_ids(place)

    monkeypatch.setattr(course, "lesson_ids", forbidden)
    assert len(read_course(folder).rows) == 5


def test_no_lessons_anywhere_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "RELEASES", tmp_path / "notebooks")
    with pytest.raises(CourseError, match="No lessons were found from"):
        read_course(tmp_path)


def test_a_folder_that_was_deleted_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(CourseError, match="was deleted"):
        read_course()
    os.chdir(tmp_path)


def test_both_forms_name_the_points_and_what_is_open(folder):
    shown = read_course(folder / "notebooks" / "01_b")._repr_mimebundle_()
    for text in shown.values():
        assert "11.33 of 14" in text
        assert "Quiz (7.333 of 10)" in text
        assert "Together: " in text
    assert "2 · Freezing - 11.33 of 14 points - 00_a/lesson.ipynb" in shown["text/plain"]
    assert '<a href="../00_a/lesson.ipynb">2 · Freezing</a>' in shown["text/html"]
    assert 'href="../03_d' not in shown["text/html"]


def test_nothing_of_a_notebook_is_markup_and_nothing_moves_a_terminal(folder):
    assert "<img" not in read_course(folder)._repr_mimebundle_()["text/html"]
    cells = [{"cell_type": "markdown", "source": "# \x1b[2Jgone"}]
    (folder / "notebooks" / "02_c" / "lesson.ipynb").write_text(json.dumps({"cells": cells}))
    assert "\x1b" not in repr(read_course(folder))
