"""A small course in a temporary folder, built once a session, copied for each test that changes it."""

import ast
import contextlib
import os
import random
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from grader import course
from tests.nbgrader_commands import NbgraderCommands

LESSON = "00_start_here"
FILES = Path(__file__).parent / "authoring" / "small_lesson"


def pytest_make_parametrize_id(val: object) -> str | None:
    """A short name for a test of a long text; pytest before version 9 takes all of the text."""
    return f"{val[:60]!s}..." if isinstance(val, str | bytes) and len(val) > 100 else None


@pytest.fixture
def unforeseen() -> random.Random:
    """Another draw in every run. A test that fails shows how to repeat it."""
    seed = int(os.environ.get("COURSE_TEST_SEED") or secrets.randbits(64))
    print(f"To repeat this draw: COURSE_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def course_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where photographs and weights are prepared for one run of the tests, by all its workers together.

    Apart from the user's own, which may be old. Tests must not change it.
    """
    folder = tmp_path_factory.getbasetemp()
    return (folder.parent if hasattr(request.config, "workerinput") else folder) / "course-cache"


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
def nbgrader() -> Iterator[Callable[..., str]]:
    """``nbgrader(root, "autograde", …)``: a stock command as an instructor runs it, and what it prints."""
    with NbgraderCommands() as commands:

        def run(root: Path, *arguments: str) -> str:
            # No configuration of whoever runs the tests.
            environment = os.environ | {"JUPYTER_CONFIG_DIR": str(root / ".jupyter")}
            code, printed, errors = commands.run(root, arguments, environment)
            assert code == 0, errors[-3000:]
            return printed

        yield run


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
    return read_answers()


def read_answers() -> dict[str, object]:
    """``answers_of_the_solutions``, for a process of its own."""
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
