import json
from pathlib import Path
from typing import Any

import pytest

from grader import course
from grader.errors import CourseError
from grader.quiz.published import read_published


def put(folder: Path, prefix: str, **more: Any) -> None:
    folder.mkdir(parents=True)
    content = {"format": 1, "lesson": folder.name, "prefix": prefix, "parts": {}, **more}
    (folder / "quiz.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def course_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty course, and the notebook started elsewhere."""
    monkeypatch.setattr(course, "RELEASES", tmp_path / "notebooks")
    monkeypatch.setattr(course, "SOLUTIONS", tmp_path / "solutions")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def test_the_notebooks_own_folder_comes_first(course_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(course_folder / "notebooks" / "00_start", "start", where="release")
    put(course_folder / "solutions" / "00_start", "start", where="solution")
    put(course_folder / "copy", "start", where="here")
    assert read_published("start")["where"] == "release"
    monkeypatch.chdir(course_folder / "copy")
    assert read_published("start")["where"] == "here"


def test_another_lessons_folder_does_not_hide_the_one_asked_for(
    course_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(course_folder / "notebooks" / "00_start", "start")
    put(course_folder / "notebooks" / "01_scratch", "scratch")
    monkeypatch.chdir(course_folder / "notebooks" / "00_start")
    assert read_published("scratch")["lesson"] == "01_scratch"


def test_an_unknown_prefix_gets_the_nearest(course_folder: Path) -> None:
    put(course_folder / "solutions" / "00_start", "start")
    put(course_folder / "solutions" / "01_scratch", "scratch")
    with pytest.raises(CourseError, match=r"^No lesson has a quiz named 'scrath': did you mean 'scratch'\?$"):
        read_published("scrath")


def test_no_file_at_all_is_said(course_folder: Path) -> None:
    with pytest.raises(CourseError, match="keep the notebook in its folder"):
        read_published("start")


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"format": 2, "prefix": "start", "parts": {}}'])
def test_a_damaged_file_is_named_but_does_not_stop_others(course_folder: Path, damaged: str) -> None:
    put(course_folder / "notebooks" / "00_start", "start")
    (course_folder / "notebooks" / "00_start" / "quiz.json").write_text(damaged)
    put(course_folder / "notebooks" / "01_scratch", "scratch")
    assert read_published("scratch")["lesson"] == "01_scratch"
    with pytest.raises(CourseError, match=r"^00_start/quiz\.json is damaged"):
        read_published("start")
