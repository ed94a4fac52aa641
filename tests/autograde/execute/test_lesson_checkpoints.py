"""The lesson's own training is done once a lesson, and no cell more than it needs."""

from pathlib import Path

import nbformat
import pytest

from grader.autograde.execute.lesson_checkpoints import make_lesson_checkpoints
from grader.autograde.grading_folder import GradingFolder
from grader.lesson_folder import LessonFolder

pytestmark = pytest.mark.slow

LESSON = "07_of_this_test"
TRAINING = """
from grader import lab
from grader.lab.training import History
with open({log!r}, "a") as log:
    log.write("trained ")
def train(seed):
    return History("of this test", loss=[float(seed)], seconds=[0.5])
lab.checkpoint("first run", train, 3)
"""
AFTERWARDS = """
with open({log!r}, "a") as log:
    log.write("afterwards ")
"""


def folder(root: Path, *sources: str) -> LessonFolder:
    """A course with one lesson of these cells."""
    found = LessonFolder(LESSON, root)
    found.solution.mkdir(parents=True, exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source.format(log=str(root / "log"))) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), found.solution / "lesson.ipynb")
    return found


def test_cells_up_to_the_last_training_are_run_once(tmp_path):
    lesson = folder(tmp_path, TRAINING, AFTERWARDS)
    assert make_lesson_checkpoints(lesson) == 1
    assert make_lesson_checkpoints(lesson) == 1
    assert (tmp_path / "log").read_text() == "trained "
    assert [path.stem for path in (GradingFolder(tmp_path).checkpoints / LESSON).glob("*.json")] == [
        "first run"
    ]


def test_a_corrected_training_is_done_again_and_what_follows_it_does_not_count(tmp_path):
    make_lesson_checkpoints(folder(tmp_path, TRAINING, AFTERWARDS))
    make_lesson_checkpoints(folder(tmp_path, TRAINING, "1 + 1"))
    assert (tmp_path / "log").read_text() == "trained "
    make_lesson_checkpoints(folder(tmp_path, TRAINING.replace("3)", "4)"), AFTERWARDS))
    assert (tmp_path / "log").read_text() == "trained trained "


def test_a_lesson_that_trains_nothing_starts_no_kernel(tmp_path):
    assert make_lesson_checkpoints(folder(tmp_path, AFTERWARDS)) == 0
    assert not (tmp_path / "log").exists()


def test_a_training_that_was_cut_off_is_tried_again(tmp_path):
    cut_off = folder(tmp_path, TRAINING, "import os; os._exit(1)", TRAINING.replace("first", "second"))
    assert make_lesson_checkpoints(cut_off) == 1
    assert make_lesson_checkpoints(cut_off) == 1
    assert (tmp_path / "log").read_text() == "trained trained "
