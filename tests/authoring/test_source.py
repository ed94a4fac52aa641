"""Reading lesson.py: what the marks become, and what is refused."""

import re
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from grader.authoring.source import read_lesson
from grader.course import lesson_ids
from grader.errors import CourseError
from grader.exercises import all_exercises
from grader.lesson_folder import LessonFolder
from grader.quiz.quiz_file import load_quiz

LESSON = "00_start_here"


def read(root: Path) -> nbformat.NotebookNode:
    folder = LessonFolder(LESSON, root)
    return read_lesson(folder, load_quiz(folder.source("quiz.yaml")), [])


def change(root: Path, old: str, new: str) -> None:
    path = root / "solutions" / LESSON / "lesson.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_marks_become_nbgrader_cells(course_sources: Path) -> None:
    notebook = read(course_sources)
    marked = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert list(marked) == [
        "start-majority_baseline-answer",
        "start-majority_baseline",
        "start-quiz-questions",
        "start-quiz-answers",
        "start-quiz",
    ]
    check = marked["start-majority_baseline"]
    assert (
        check.metadata.nbgrader.points,
        check.metadata.nbgrader.grade,
        check.metadata.nbgrader.locked,
    ) == (
        3.0,
        True,
        True,
    )
    assert check.metadata.editable is False
    assert check.metadata.deletable is False
    assert marked["start-quiz"].metadata.nbgrader.points == 3.0
    assert marked["start-quiz"].source == 'check("start.quiz", answers)'
    assert marked["start-quiz-answers"].metadata.nbgrader.solution is True
    assert marked["start-quiz-answers"].source == (
        'answers = {\n    "one-and-one": "B",\n    "one-and-two": "A",\n}'
    )


def test_recall_becomes_two_cells_that_are_not_graded(course_sources: Path) -> None:
    change(course_sources, '# %% quiz="start.quiz"', '# %% recall="start.recall"\n\n# %% quiz="start.quiz"')
    folder = LessonFolder(LESSON, course_sources)
    quiz = load_quiz(folder.source("quiz.yaml"))
    cells = read_lesson(folder, quiz, quiz.questions[1:]).cells
    recall = [cell for cell in cells if "recall" in cell.metadata.get("nbgrader", {}).get("grade_id", "")]
    assert [cell.source for cell in recall] == [
        'quiz("start.recall")',
        'recalled = {\n    "one-and-two": "A",\n}',
    ]
    assert not any(cell.metadata.nbgrader.grade for cell in recall)


def test_nbgrader_accepts_the_metadata(course_sources: Path) -> None:
    notebook = read(course_sources)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)


def test_tags_are_kept(course_sources: Path) -> None:
    assert read(course_sources).cells[-1].metadata.tags == ["nbval-ignore-output"]


CHECK = 'check("start.majority_baseline", majority_baseline)'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'exercise="start.majority_baseline"',
            'exercise="start.majority_baselin"',
            "line 18.*majority_baseline",
        ),
        ('check="start.majority_baseline"\n', "\n", "line 18.*no check follows"),
        ('exercise="start.majority_baseline"\n', "\n", "line 18.*not marked"),
        ("    ### BEGIN SOLUTION\n", "", "line 18.*do not pair up"),
        ("    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n", "line 18.*do not pair up"),
        (CHECK, CHECK + "\nprint()", "line 26.*one line"),
        (CHECK, 'check("start.quiz", majority_baseline)', "line 26.*one line"),
        ('print("The end.")', "print()\n" * 16, "line 31.*16 lines"),
        ('quiz="start.quiz"', 'quiz="begin.quiz"', 'line 29.*quiz="start.quiz"'),
        ('quiz="start.quiz"\n', 'quiz="start.quiz"\nprint()\n', "line 29.*leave it empty"),
        ('quiz="start.quiz"', 'recall="start.recall"', "line 29.*recalls no questions"),
        ('# %% quiz="start.quiz"\n', "", 'no cell is marked quiz="start.quiz"'),
        ('quiz="start.quiz"', 'quiz="start.quiz" check="start.quiz"', "line 29.*cell of its own"),
        ('quiz="start.quiz"', 'quiz="start.quiz"\n\n# %% quiz="start.quiz"', "line 31.*second time"),
        ("# %% [markdown]", '# %% [markdown] exercise="start.majority_baseline"', "line 9.*only a code cell"),
        ("#     name: python3", "#     name: [", "no py:percent notebook"),
    ],
)
def test_a_broken_lesson_is_refused_with_its_line(
    course_sources: Path, old: str, new: str, sentence: str
) -> None:
    change(course_sources, old, new)
    with pytest.raises(CourseError, match=sentence) as refusal:
        read(course_sources)
    assert "\n" not in str(refusal.value)


def test_a_check_above_its_exercise_is_refused(course_sources: Path) -> None:
    mark = '# %% check="start.majority_baseline"\n' + CHECK
    change(course_sources, mark, "")
    change(course_sources, "# %%\nfrom", mark + "\n\n# %%\nfrom")
    with pytest.raises(CourseError, match=r"line 14.*no cell above"):
        read(course_sources)


def test_a_missing_solution_is_refused(course_sources: Path) -> None:
    for mark in ("BEGIN", "END"):
        change(course_sources, f"    ### {mark} SOLUTION\n", "")
    with pytest.raises(CourseError, match=r"line 18.*the exercise has no solution"):
        read(course_sources)


def test_marks_inside_strings_do_not_shift_the_lines(course_sources: Path) -> None:
    change(course_sources, 'print("The end.")', 'text = """\n# %% no cell\n"""\n\n# %%\n' + "print()\n" * 16)
    with pytest.raises(CourseError, match=r"line 36.*16 lines"):
        read(course_sources)


def test_points_in_a_text_are_those_of_the_exercise_below(course_sources: Path) -> None:
    change(course_sources, "It borrows the exercise of lesson 0.", "{price} It borrows the exercise.")
    assert any(
        "*3 points · 3 minutes · easy.* It borrows" in cell.source for cell in read(course_sources).cells
    )


def test_a_price_of_nothing_is_refused(course_sources: Path) -> None:
    change(course_sources, 'print("The end.")', 'print("The end.")\n\n# %% [markdown]\n# {price} More.')
    with pytest.raises(CourseError, match="none follows"):
        read(course_sources)


@pytest.mark.parametrize("lesson", lesson_ids())
def test_no_lesson_writes_points_by_hand(lesson: str) -> None:
    """Each exercise's text begins with its price, which the build writes."""
    text = LessonFolder(lesson).source("lesson.py").read_text(encoding="utf-8")
    exercises = [one for one in all_exercises() if one.lesson == lesson and one.has_checks]
    assert text.count("{price}") == len(exercises)
    assert not re.search(r"\d+ points ·", text)
