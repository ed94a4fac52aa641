"""Built files that no longer follow from their sources are found, and none is touched."""

from pathlib import Path

import nbformat
import pytest

from grader.authoring import LessonFolder, build_lesson, stale
from grader.authoring.stamp import sources_stamp
from grader.exercises.lesson_00_start_here.majority_baseline import MajorityBaseline

LESSON = "00_start_here"


def test_a_fresh_build_is_not_stale_and_nothing_is_touched(built_course: Path) -> None:
    before = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in built_course.rglob("*.*")
        if path.is_file()
    }
    assert stale(LessonFolder(LESSON, built_course)) == []
    after = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in built_course.rglob("*.*")
        if path.is_file()
    }
    assert after == before


@pytest.mark.parametrize(
    ("path", "old", "new", "sentence"),
    [
        (
            "solutions/{}/lesson.py",
            "The end.",
            "The end",
            "solutions/{}/lesson.ipynb is older than its sources",
        ),
        ("solutions/{}/quiz.yaml", "Use two", "Use 2", "solutions/{}/quiz.json differs"),
        ("notebooks/{}/lesson.ipynb", "YOUR CODE", "MY CODE", "notebooks/{}/lesson.ipynb differs"),
        ("notebooks/{}/checks.json", "baselines", "baseline", "notebooks/{}/checks.json differs"),
        ("solutions/{}/lesson.py", "### END", "### EDN", "do not pair up"),
    ],
)
def test_a_change_is_found(built_course: Path, path: str, old: str, new: str, sentence: str) -> None:
    changed = built_course / path.format(LESSON)
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new))
    found = stale(LessonFolder(LESSON, built_course))
    assert any(sentence.format(LESSON) in one for one in found), found


def test_files_that_lack_or_do_not_belong_are_found(built_course: Path) -> None:
    release = built_course / "notebooks" / LESSON
    (release / "quiz.json").unlink()
    (release / "answers.py").write_text("EXPECT = {}")
    found = stale(LessonFolder(LESSON, built_course))
    assert len(found) == 2
    assert "notebooks/00_start_here/quiz.json differs" in found[0]
    assert "notebooks/00_start_here/answers.py is no part of the release" in found[1]


def test_a_lesson_that_was_never_built_is_stale(course_sources: Path) -> None:
    assert "was not built" in " ".join(stale(LessonFolder(LESSON, course_sources)))


def test_other_points_of_an_exercise_make_the_notebook_stale_and_are_built(
    built_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MajorityBaseline, "points", 5)
    folder = LessonFolder(LESSON, built_course)
    assert any("is older than its sources" in sentence for sentence in stale(folder))
    assert build_lesson(folder).executed
    notebook = nbformat.read(built_course / "solutions" / LESSON / "lesson.ipynb", as_version=4)
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    assert [m.points for m in marks if m.get("grade_id") == "start-majority_baseline"] == [5]
    assert stale(folder) == []


def test_other_code_of_an_exercise_counts_and_a_comment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / f"lesson_{LESSON}"
    package.mkdir()
    monkeypatch.setattr("grader.exercises.__file__", str(tmp_path / "__init__.py"))
    stamps = []
    for text in ("x = 1\n", "x = 1  # one\n", "x = 2\n"):
        (package / "exercise.py").write_text(text)
        stamps.append(sources_stamp(LessonFolder(LESSON, tmp_path)))
    assert stamps[0] == stamps[1] != stamps[2]


def test_the_stamp_is_the_same_for_every_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pinned: 3.12 has type parameters, 3.13 dumps no empty list; CI runs this with the newest at hand."""
    package = tmp_path / f"lesson_{LESSON}"
    package.mkdir()
    monkeypatch.setattr("grader.exercises.__file__", str(tmp_path / "__init__.py"))
    (package / "exercise.py").write_text(
        'def f(x, *, y=None):\n    return [f"{x!r:>{y}}a", b"", 1.5, lambda: ...]\n'
    )
    assert sources_stamp(LessonFolder(LESSON, tmp_path)).startswith("8a48e8d55c2765b1")
