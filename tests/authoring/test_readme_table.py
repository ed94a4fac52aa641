"""README's table of exercises follows from the exercises."""

from pathlib import Path

import pytest

from grader.authoring import readme
from grader.authoring.readme import BEGIN, END, exercises_table, readme_is_stale, write_readme_table
from grader.errors import CourseError


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    return tmp_path


def test_only_what_stands_between_the_marks_is_renewed(course: Path) -> None:
    assert readme_is_stale(course)
    assert write_readme_table(course)
    assert (course / "README.md").read_text() == f"# Title\n\n{BEGIN}\n{exercises_table()}{END}\n\nMore.\n"
    assert not readme_is_stale(course)
    assert not write_readme_table(course)


def test_a_new_exercise_makes_it_stale(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_readme_table(course)
    known = readme.all_exercises()
    monkeypatch.setattr(readme, "all_exercises", lambda: known[:-1])
    assert readme_is_stale(course)


def test_missing_marks_are_told(course: Path) -> None:
    (course / "README.md").write_text("# Title\n")
    with pytest.raises(CourseError, match=r"README\.md must hold the line"):
        write_readme_table(course)


def test_a_course_without_a_readme_has_no_table(tmp_path: Path) -> None:
    assert not write_readme_table(tmp_path)
