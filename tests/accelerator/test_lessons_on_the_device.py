"""Every lesson goes through on a device whose tensors do not mix with the CPU's, solved and untouched.

Run from the sources, with little work (``small_lessons``), one after the other in one kernel: most of the
time would go into imports.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade
from PIL import Image

from grader.authoring.release import CONFIG, fresh_release
from grader.authoring.source import read_lesson
from grader.course import RELEASES, ROOT, lesson_ids
from grader.lab.checkpoints import VARIABLE
from grader.lab.prepared import prepare_everything
from grader.lesson_folder import NOTEBOOK, QUESTIONS, LessonFolder
from grader.quiz.quiz_file import load_quiz, recalled_questions
from tests.accelerator.small_lessons import FEWER_STEPS

pytestmark = pytest.mark.slow
LESSONS = lesson_ids()
TRAINED = "capstone-inspector"  # two steps train no inspector
BEGIN = """%reset -f
import os
from tests.accelerator import small_lessons

small_lessons.begin()
os.chdir({folder!r})"""
END = "print(lab.device())"


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    """A kernel of this environment, which NotebookClient starts at the first lesson and leaves running."""
    prepare_everything()
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


@pytest.fixture
def run(kernel, tmp_path):
    """``run(lesson, notebook)``: the notebook, executed beside its files; a cell that fails is raised."""

    def execute(lesson: str, notebook: NotebookNode) -> NotebookNode:
        for path in (RELEASES / lesson).iterdir():
            if path.suffix == ".json":
                shutil.copy(path, tmp_path)
        begin = nbformat.v4.new_code_cell(BEGIN.format(folder=str(tmp_path)))
        notebook.cells = [begin, *notebook.cells, nbformat.v4.new_code_cell(END)]
        for old, new in FEWER_STEPS.get(lesson, {}).items():
            assert any(old in cell.source for cell in notebook.cells), f"{lesson} no longer says {old}"
            for cell in notebook.cells:
                cell.source = cell.source.replace(old, new)
        environment = os.environ | {"PYTHONPATH": str(ROOT), VARIABLE: "off"}
        NotebookClient(notebook, km=kernel, timeout=300, record_timing=False).execute(
            reset_kc=False, env=environment
        )
        assert printed(notebook.cells[-1]) == "soft:0\n"
        return notebook

    return execute


def solved(lesson: str) -> NotebookNode:
    """The lesson with its solutions, as ``lesson.py`` has it."""
    folder = LessonFolder(lesson)
    quiz = load_quiz(folder.source(QUESTIONS))
    return read_lesson(folder, quiz, recalled_questions(quiz, folder.solution.parent))


def released(lesson: str, course: Path) -> NotebookNode:
    """What students would get of it; ``course`` is a folder to make it in."""
    folder = LessonFolder(lesson, course)
    folder.solution.mkdir(parents=True)
    shutil.copy(ROOT / CONFIG, course)
    nbformat.write(solved(lesson), folder.solution / NOTEBOOK)
    return nbformat.reads(fresh_release(folder)[NOTEBOOK].decode(), 4)


def printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def told(cell: NotebookNode) -> str:
    """What a check said."""
    pages = [output.data.get("text/html", "") for output in cell.outputs if "data" in output]
    return re.sub(r"<[^>]+>", " ", " ".join(pages))


def grades(notebook: NotebookNode) -> dict[str, tuple[float, float]]:
    return {
        cell.metadata.nbgrader.grade_id: determine_grade(cell) for cell in notebook.cells if is_grade(cell)
    }


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_solution_goes_through_and_earns_what_it_earns_on_the_cpu(lesson, run, tmp_path):
    if lesson == LESSONS[-1]:
        own_photographs(tmp_path / "my_photos")
    notebook = run(lesson, solved(lesson))
    for name, (points, most) in grades(notebook).items():
        assert points == most or name == TRAINED, name
    checks = [told(cell) for cell in notebook.cells if is_grade(cell)]
    assert not [text for text in checks if "broken" in text]
    if lesson == LESSONS[-1]:
        everything = "".join(map(printed, (cell for cell in notebook.cells if cell.cell_type == "code")))
        assert "8 photographs of ash, oak; 2 are held out" in everything
        assert "of 2 held-out photographs right" in everything


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_untouched_release_goes_through_and_earns_nothing(lesson, run, tmp_path):
    notebook = run(lesson, released(lesson, tmp_path / "course"))
    assert {points for points, _ in grades(notebook).values()} == {0}


def own_photographs(folder: Path) -> None:
    """Four photographs of noise of each of two trees."""
    rng = np.random.default_rng(0)
    for kind in ("ash", "oak"):
        (folder / kind).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(256, size=(64, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
