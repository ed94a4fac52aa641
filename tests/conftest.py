"""A small course in a temporary folder, built once a session, copied for each test that changes it."""

import ast
import contextlib
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader import course

LESSON = "00_start_here"
FILES = Path(__file__).parent / "authoring" / "small_lesson"


@pytest.fixture
def unforeseen() -> random.Random:
    """Another draw in every run. A test that fails shows how to repeat it."""
    seed = int(os.environ.get("COURSE_TEST_SEED") or secrets.randbits(64))
    print(f"To repeat this draw: COURSE_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def course_sources(tmp_path: Path) -> Path:
    """The root of a course with one small lesson, sources only."""
    return lay_out_small_course(tmp_path / "course")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same course, built. Tests must not change it; they take ``built_course``."""
    from grader.authoring import LessonFolder, build_lesson

    root = lay_out_small_course(tmp_path_factory.mktemp("built") / "course")
    build_lesson(LessonFolder(LESSON, root))
    return root


@pytest.fixture
def built_course(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the built course, to be changed."""
    return shutil.copytree(built_once, tmp_path / "course")


@pytest.fixture(scope="session")
def nbgrader() -> Callable[..., str]:
    """``nbgrader(root, "autograde", …)``: a stock command as an instructor runs it, and what it prints."""

    def run(root: Path, *arguments: str) -> str:
        # No configuration of whoever runs the tests.
        environment = os.environ | {"JUPYTER_CONFIG_DIR": str(root / ".jupyter")}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def lay_out_small_course(root: Path) -> Path:
    """A course of one small lesson, not built yet."""
    lesson = root / "solutions" / LESSON
    shutil.copytree(FILES, lesson)
    (lesson / "lesson.py.txt").rename(lesson / "lesson.py")  # so named that no tool takes it for a module
    shutil.copy(course.ROOT / "nbgrader_config.py", root)
    shutil.copy(course.SOLUTIONS / LESSON / "answers.py", lesson)
    return root


_CHECK = re.compile(r'check\("([\w.]+)", (.+)\)\s*$')
_PRELUDE = (
    "import copy, math, os, time, tempfile\nfrom pathlib import Path\nimport numpy as np\nimport torch\n"
    "from torch import nn\nfrom torch.nn import functional as F\nfrom grader import lab\n"
    "from safetensors.torch import load_file, save_file\n"
)
# The inspector is a trained network, and the card says what it reached: the capstone's own tests judge them.
TRAINED = {"capstone.inspector", "capstone.model_card"}


@pytest.fixture(scope="session")
def answers_of_the_solutions() -> dict[str, object]:
    """What the solution notebooks give to their checks, by exercise id; nothing is trained."""
    found: dict[str, object] = {}
    for lesson in course.lesson_ids():
        notebook = nbformat.read(course.SOLUTIONS / lesson / "lesson.ipynb", as_version=4)
        namespace: dict[str, object] = {"__name__": "answers"}
        exec(_PRELUDE, namespace)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            exercise = name.removesuffix("-answer").replace("-", ".", 1)
            if called := _CHECK.match(cell.source):
                if called[1] not in TRAINED and not called[1].endswith(".quiz"):
                    found[called[1]] = eval(called[2], namespace)
            elif name.endswith("-answer") and exercise not in TRAINED:
                exec(cell.source, namespace)
            elif cell.cell_type == "code" and _only_defines(cell.source):
                with contextlib.suppress(NameError):  # of what was trained, in a default value
                    exec(cell.source, namespace)
    return found


def _only_defines(source: str) -> bool:
    """Functions that a lesson gives and its answers call."""
    try:
        return all(isinstance(statement, ast.FunctionDef) for statement in ast.parse(source).body)
    except SyntaxError:  # a line magic
        return False
