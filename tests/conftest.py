"""A small course in a temporary folder, built once a session, copied for each test that changes it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import course

LESSON = "00_start_here"
FILES = Path(__file__).parent / "authoring" / "small_lesson"


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
