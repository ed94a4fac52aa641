"""The stock nbgrader commands, with the course's configuration, on a small class."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader.authoring import LessonFolder, build_lesson

pytestmark = pytest.mark.slow

LESSON = "00_start_here"
RIGHT = "    return max(labels.tolist().count(label) for label in set(labels.tolist())) / len(labels)"


def submit(root: Path, student: str, change: Callable[[nbformat.NotebookNode], None]) -> None:
    """What a student hands in: the whole folder of the release, its notebook changed."""
    folder = root / "submitted" / student / LESSON
    shutil.copytree(root / "notebooks" / LESSON, folder, dirs_exist_ok=True)
    notebook = nbformat.read(folder / "lesson.ipynb", as_version=4)
    change(notebook)
    nbformat.write(notebook, folder / "lesson.ipynb")


def cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def untouched(notebook: nbformat.NotebookNode) -> None:
    pass


def quiz_half_right_and_a_warning(notebook: nbformat.NotebookNode) -> None:
    answer = cell(notebook, "start-majority_baseline-answer")
    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
    assert stub in answer.source
    answer.source = answer.source.replace(stub, "    import warnings; warnings.warn('honest')\n" + RIGHT)
    quiz = cell(notebook, "start-quiz-answers")
    quiz.source = quiz.source.replace('"one-and-two": None', '"one-and-two": "A"')


def checks_removed(notebook: nbformat.NotebookNode) -> None:
    names = ("start-majority_baseline", "start-majority_baseline-answer")
    notebook.cells = [
        one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") not in names
    ]
    cell(notebook, "start-quiz").metadata["tags"] = ["skip-execution"]


def full_solution(root: Path) -> Callable[[nbformat.NotebookNode], None]:
    solution = nbformat.read(root / "solutions" / LESSON / "lesson.ipynb", as_version=4)

    def copy_it(notebook: nbformat.NotebookNode) -> None:
        notebook.cells = solution.cells

    return copy_it


def grades(root: Path) -> dict[str, tuple[float, float]]:
    with open(root / "grades.csv", newline="") as file:
        return {
            row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def graded(built_once: Path, nbgrader: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = shutil.copytree(built_once, tmp_path_factory.mktemp("class") / "course")
    nbgrader(root, "generate_assignment", LESSON, "--force")
    submit(root, "full", full_solution(root))
    submit(root, "none", untouched)
    submit(root, "half", quiz_half_right_and_a_warning)
    submit(root, "cheat", checks_removed)
    (root / "submitted" / "cheat" / LESSON / "answers.py").write_text("EXPECT = {}")
    nbgrader(root, "autograde", LESSON)
    nbgrader(root, "export")
    return root


def test_the_stock_command_makes_the_same_release_as_the_build(graded: Path, built_once: Path) -> None:
    for path in (built_once / "notebooks" / LESSON).iterdir():
        assert (graded / "notebooks" / LESSON / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("student", "score"), [("full", 6), ("none", 0), ("half", 5), ("cheat", 0)])
def test_each_gets_what_the_work_is_worth(graded: Path, student: str, score: float) -> None:
    assert grades(graded)[student] == (score, 6)


def test_sources_are_never_beside_a_submission(graded: Path) -> None:
    for student in ("full", "cheat"):
        names = {path.name for path in (graded / "autograded" / student / LESSON).iterdir()}
        assert names == {"lesson.ipynb", "checks.json", "quiz.json"}


def test_a_deleted_check_loses_what_an_earlier_submission_earned(
    graded: Path, nbgrader: Callable[..., str], tmp_path: Path
) -> None:
    root = shutil.copytree(graded, tmp_path / "course")
    submit(root, "full", checks_removed)
    nbgrader(root, "autograde", LESSON, "--student", "full", "--force")
    nbgrader(root, "export")
    assert grades(root)["full"] == (0, 6)


def test_a_withheld_quiz_is_judged_with_the_keys_in_solutions(
    built_course: Path, nbgrader: Callable[..., str]
) -> None:
    build_lesson(LessonFolder(LESSON, built_course), withhold_feedback=True)
    nbgrader(built_course, "generate_assignment", LESSON, "--force")
    submit(built_course, "half", quiz_half_right_and_a_warning)
    submit(built_course, "none", untouched)
    nbgrader(built_course, "autograde", LESSON)
    nbgrader(built_course, "export")
    assert grades(built_course) == {"half": (5, 6), "none": (0, 6)}


def test_validate_passes_on_the_solution(built_course: Path, nbgrader: Callable[..., str]) -> None:
    said = nbgrader(built_course, "validate", f"solutions/{LESSON}/lesson.ipynb")
    assert "Success" in said


def test_validate_explains_what_fails_in_a_release(built_course: Path, nbgrader: Callable[..., str]) -> None:
    said = nbgrader(built_course, "validate", f"notebooks/{LESSON}/lesson.ipynb")
    assert "VALIDATION FAILED ON 2 CELL(S)" in said
    assert "start.majority_baseline: 0 of 3 points." in said
    assert "NotImplementedError" in said
    for soup in ("Traceback", "Partial credit", "\x1b[", "..."):
        assert soup not in said


def test_validate_is_not_disturbed_by_an_honest_warning(
    built_course: Path, nbgrader: Callable[..., str]
) -> None:
    submit(built_course, "half", quiz_half_right_and_a_warning)
    folder = built_course / "submitted" / "half" / LESSON
    said = nbgrader(built_course, "validate", str(folder / "lesson.ipynb"))
    assert "VALIDATION FAILED ON 1 CELL(S)" in said
    assert "start.quiz: 2 of 3 points." in said
