"""The built lessons: in step with their sources, complete, and without a trace of the solutions."""

import json
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade, is_grade

from grader.authoring import LessonFolder, stale
from grader.course import RELEASES, SOLUTIONS, lesson_ids
from grader.lab.checkpoints import VARIABLE
from grader.quiz.quiz_file import load_quiz

LESSONS = lesson_ids()
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", flags=re.DOTALL)


def release_texts(lesson):
    return {path.name: path.read_text(encoding="utf-8") for path in (RELEASES / lesson).iterdir()}


@pytest.mark.parametrize("lesson", LESSONS)
def test_nothing_that_is_built_is_stale(lesson):
    assert stale(LessonFolder(lesson)) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_release_holds_what_students_may_see(lesson):
    allowed = {"lesson.ipynb", "checks.json", "quiz.json", "recorded.json"}
    assert {"lesson.ipynb", "checks.json", "quiz.json"} <= release_texts(lesson).keys() <= allowed


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_line_of_a_solution_reaches_the_release(lesson):
    """Lines that stand in the released notebook for another reason are no leak."""
    source = (SOLUTIONS / lesson / "lesson.py").read_text(encoding="utf-8")
    bodies = SOLUTION.findall(source)
    assert bodies
    released = nbformat.read(RELEASES / lesson / "lesson.ipynb", 4)
    written_for_students = SOLUTION.sub("", source)
    for body in bodies:
        told = [line.strip() for line in body.splitlines() if len(line.strip()) > 12]
        secret = [line for line in told if line not in written_for_students]
        assert secret, "a solution that stands elsewhere in the lesson is no exercise"
        for line in secret:
            assert not any(line in cell.source for cell in released.cells), line


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_quiz_key_and_no_expected_value_is_readable_in_the_release(lesson):
    quiz = load_quiz(SOLUTIONS / lesson / "quiz.yaml")
    texts = release_texts(lesson)
    for question in quiz.questions:
        assert f'"{question.id}": None' in json.loads(json.dumps(texts["lesson.ipynb"])).replace('\\"', '"')
        for name, text in texts.items():
            assert f'"{question.id}": "{question.answer}"' not in text.replace('\\"', '"'), name
            for hidden in [*(option.feedback for option in question.options), *question.steps]:
                assert json.dumps(hidden, ensure_ascii=False)[1:-1] not in text, name
    assert not any(cell.get("outputs") for cell in json.loads(texts["lesson.ipynb"])["cells"])


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_reference_solution_earns_every_point(lesson):
    notebook = nbformat.read(SOLUTIONS / lesson / "lesson.ipynb", 4)
    grades = {
        cell.metadata.nbgrader.grade_id: determine_grade(cell) for cell in notebook.cells if is_grade(cell)
    }
    assert len(grades) >= 2
    for name, (points, most) in grades.items():
        assert points == most > 0, name


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_run_all_goes_through_the_untouched_release_and_earns_nothing(
    lesson, tmp_path, lesson_trainings, monkeypatch
):
    monkeypatch.setenv(VARIABLE, lesson_trainings(lesson))  # trained before by the solution, in nbval
    folder = shutil.copytree(RELEASES / lesson, tmp_path / lesson)
    notebook = nbformat.read(folder / "lesson.ipynb", 4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute()  # raises at the first cell that fails
    grades = {
        cell.metadata.nbgrader.grade_id: determine_grade(cell) for cell in notebook.cells if is_grade(cell)
    }
    assert {points for points, _ in grades.values()} == {0}


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_picture_has_words_for_those_who_cannot_see_it(lesson):
    notebook = nbformat.read(SOLUTIONS / lesson / "lesson.ipynb", 4)
    html = [
        output.data["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    pictures = [picture for text in html for picture in re.findall(r"<img [^>]*>", text)]
    assert pictures
    for picture in pictures:
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 40
    assert not any(
        kind.startswith("image/")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    )


@pytest.mark.parametrize("lesson", LESSONS)
def test_built_files_are_small(lesson):
    for path in (SOLUTIONS / lesson).iterdir():
        assert not path.is_file() or path.stat().st_size < 2_000_000, path.name
