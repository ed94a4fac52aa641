"""From sources to the release: complete, repeatable, and without a key in it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader.authoring import LessonFolder, build_lesson, stale
from grader.authoring import lesson as lesson_module
from grader.errors import CourseError
from grader.quiz.sealing import unseal

LESSON = "00_start_here"


def contents(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the notebook was executed")

    monkeypatch.setattr(lesson_module, "execute", refuse)


def test_the_release_holds_what_students_need_and_nothing_else(built_once: Path) -> None:
    released = {path.name for path in (built_once / "notebooks" / LESSON).iterdir()}
    assert released == {"lesson.ipynb", "checks.json", "quiz.json"}


def test_the_checks_are_kept_once_and_an_exercise_is_a_line(built_once: Path) -> None:
    assert not (built_once / "solutions" / LESSON / "checks.json").exists()
    text = (built_once / "notebooks" / LESSON / "checks.json").read_text()
    exercises = json.loads(text)["exercises"]
    assert exercises
    assert [line.split(":")[0] for line in text.splitlines()[1:-1]] == [f'"{name}"' for name in exercises]


def test_another_processors_rounding_changes_no_file(
    built_course: Path, nbgrader: Callable[..., str]
) -> None:
    path = LessonFolder(LESSON, built_course).checks
    checks = json.loads(path.read_text())
    baselines = checks["exercises"]["start.majority_baseline"]["expected"]["baselines"]
    baselines[0] *= 1 + 1e-9
    path.write_text(json.dumps(checks))
    before = path.read_bytes()
    assert f"notebooks/{LESSON}/checks.json" not in build_lesson(LessonFolder(LESSON, built_course)).changed
    assert path.read_bytes() == before
    nbgrader(built_course, "generate_assignment", LESSON, "--force")
    assert path.read_bytes() == before


def test_a_release_without_its_checks_gets_them_from_the_stock_command(
    built_course: Path, nbgrader: Callable[..., str]
) -> None:
    path = LessonFolder(LESSON, built_course).checks
    before = path.read_bytes()
    shutil.rmtree(path.parent)
    nbgrader(built_course, "generate_assignment", LESSON)
    assert path.read_bytes() == before


def test_the_reference_solution_earns_all_points(built_once: Path) -> None:
    notebook = nbformat.read(built_once / "solutions" / LESSON / "lesson.ipynb", as_version=4)
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.outputs[0].data["text/plain"] for cell in checks] == ["3.0", "3.0"]


def test_a_second_build_runs_nothing_and_changes_no_byte(built_course: Path, no_kernel: None) -> None:
    before = contents(built_course)
    built = build_lesson(LessonFolder(LESSON, built_course))
    assert built.changed == []
    assert not built.executed
    assert contents(built_course) == before


def test_running_again_gives_the_same_bytes(built_course: Path) -> None:
    before = contents(built_course)
    assert build_lesson(LessonFolder(LESSON, built_course), force=True).executed
    assert contents(built_course) == before


def test_a_changed_source_runs_again(built_course: Path, no_kernel: None) -> None:
    with open(built_course / "solutions" / LESSON / "lesson.py", "a") as file:
        file.write("\n# %%\nprint('more')\n")
    with pytest.raises(AssertionError, match="was executed"):
        build_lesson(LessonFolder(LESSON, built_course))


def test_no_solution_and_no_key_reaches_the_release(built_once: Path) -> None:
    release = "\n".join(path.read_text() for path in (built_once / "notebooks" / LESSON).iterdir())
    for secret in ("counts.max()", '\\"one-and-one\\": \\"B\\"', '\\"one-and-two\\": \\"A\\"', "sesame"):
        assert secret not in release
    assert '\\"one-and-one\\": None,' in release
    # What is looked for is what the solution holds.
    solution = (built_once / "solutions" / LESSON / "lesson.ipynb").read_text()
    assert '\\"one-and-one\\": \\"B\\"' in solution
    assert "counts.max()" in solution


def test_withheld_feedback_stays_in_solutions(built_course: Path, nbgrader: Callable[..., str]) -> None:
    build_lesson(LessonFolder(LESSON, built_course), withhold_feedback=True)
    release = built_course / "notebooks" / LESSON
    quiz = json.loads((release / "quiz.json").read_text())
    assert quiz["withheld"] is True
    assert "sealed" not in json.dumps(quiz)
    assert "sealed" not in (release / "lesson.ipynb").read_text()
    assert stale(LessonFolder(LESSON, built_course)) == []
    shutil.rmtree(release)  # the stock command does not forget the examination either
    nbgrader(built_course, "generate_assignment", LESSON)
    assert json.loads((release / "quiz.json").read_text()) == quiz


def test_feedback_is_published_sealed_otherwise(built_once: Path) -> None:
    quiz = json.loads((built_once / "notebooks" / LESSON / "quiz.json").read_text())
    assert unseal(quiz["parts"]["quiz"]["sealed"])["one-and-one"]["answer"] == "B"


def test_nothing_is_written_outside_the_two_folders(built_once: Path) -> None:
    assert {path.name for path in built_once.iterdir()} == {"nbgrader_config.py", "solutions", "notebooks"}


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ("import nothing_of_this_name", "answers.py, line 1 fails with ModuleNotFoundError"),
        ("EXPECT = {", "answers.py, line 1 fails with SyntaxError"),
        ("", "must define"),
        (
            'EXPECT = {\n    "start.majority_baseline": lambda challenge: {"x": 1 / 0}\n}',
            "answers.py, line 2 fails with ZeroDivisionError",
        ),
        ("EXPECT = {}", "start.majority_baseline"),
    ],
)
def test_broken_answers_are_refused(course_sources: Path, answers: str, sentence: str) -> None:
    (course_sources / "solutions" / LESSON / "answers.py").write_text(answers)
    with pytest.raises(CourseError, match=sentence):
        build_lesson(LessonFolder(LESSON, course_sources))


def test_a_missing_source_is_named(course_sources: Path) -> None:
    (course_sources / "solutions" / LESSON / "lesson.py").unlink()
    with pytest.raises(CourseError, match=r"solutions/00_start_here/lesson.py does not exist"):
        build_lesson(LessonFolder(LESSON, course_sources))
