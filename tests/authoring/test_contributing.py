"""CONTRIBUTING.md is a walk that works: performed step by step in a copy of the course."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import ROOT

LESSON = "00_start_here"
# "New file `path`:" and so on, and the block below it.
STEP = re.compile(
    r"^(?P<what>New file|At the end of|In) `(?P<path>[^`]+)`(?:, above the quiz)?:\n\n"
    r"```python\n(?P<code>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
QUIZ = "# %% [markdown]\n# ## Quiz\n"
PYTEST = (
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:nbval",
    "-p",
    "no:cacheprovider",
    "-o",
    "addopts=--import-mode=importlib",
)


def walk() -> dict[str, tuple[str, str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {step["path"]: (step["what"], step["code"]) for step in STEP.finditer(text)}


def contents(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not {"__pycache__", ".hypothesis"} & {*path.parts}
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("contributing") / "course"
    unneeded = shutil.ignore_patterns("__pycache__", ".checkpoints", ".ipynb_checkpoints")
    for folder in ("grader", "solutions", "notebooks", "tests/exercises"):
        shutil.copytree(ROOT / folder, root / folder, ignore=unneeded)
    settings = ("README.md", "pyproject.toml", "nbgrader_config.py", "conftest.py")
    for name in (*settings, "tests/conftest.py", "tests/nbgrader_commands.py"):
        shutil.copy(ROOT / name, root / name)
    return root


def run(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=course,
        env=os.environ | {"PYTHONPATH": str(course), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_it_touches_a_new_file_the_answers_the_lesson_and_a_test() -> None:
    assert list(walk()) == [
        "grader/exercises/lesson_00_start_here/error_rate.py",
        f"solutions/{LESSON}/answers.py",
        f"solutions/{LESSON}/lesson.py",
        "tests/exercises/lesson_00_start_here/test_error_rate.py",
    ]


@pytest.mark.slow
def test_the_walk_adds_an_exercise_that_is_found_built_and_judged(course: Path) -> None:
    before = contents(course)
    for path, (what, code) in walk().items():
        old = (course / path).read_text() if what != "New file" else ""
        assert (course / path).exists() == (what != "New file"), path
        if what == "In":
            assert old.count(QUIZ) == 1
            (course / path).write_text(old.replace(QUIZ, f"{code}\n{QUIZ}"))
        else:
            (course / path).write_text(f"{old}\n\n{code}" if old else code)

    built = run(course, "-m", "grader.cli", "build", LESSON)
    assert built.returncode == 0, built.stdout + built.stderr
    assert {
        path for path, content in contents(course).items() if before.get(path) != content
    } - walk().keys() == {
        "README.md",
        f"solutions/{LESSON}/lesson.ipynb",
        f"notebooks/{LESSON}/lesson.ipynb",
        f"notebooks/{LESSON}/checks.json",
    }
    assert (
        "| `start.error_rate` | 2 | `error_rate(predicted, labels) -> float` |"
        in (course / "README.md").read_text()
    )
    assert "(predicted != labels).float()" not in (course / f"notebooks/{LESSON}/lesson.ipynb").read_text()
    checked = run(course, "-m", "grader.cli", "check", LESSON)
    assert checked.returncode == 0, checked.stderr

    told = run(
        course,
        "-c",
        "from grader.exercises import try_answer\n"
        "for answer in (lambda p, t: (p != t).float().mean(), lambda p, t: (p == t).float().mean()):\n"
        "    print(try_answer('start.error_rate', answer).points)",
    )
    assert told.stdout.split() == ["2.0", "1.0"], told.stderr
    tested = run(course, *PYTEST, "tests/exercises/lesson_00_start_here/test_error_rate.py")
    assert tested.returncode == 0, tested.stdout
    assert "9 passed" in tested.stdout


@pytest.mark.slow
def test_what_it_adds_keeps_the_style(course: Path) -> None:
    code = [path for path in walk() if path.endswith(".py") and path.startswith(("grader", "tests"))]
    for path in code:
        (course / path).write_text(walk()[path][1])
    for command in (["ruff", "check"], ["mypy", "--follow-imports=silent"]):
        files = code if command[0] == "ruff" else code[:1]
        done = run(course, "-m", *command, *files)
        assert done.returncode == 0, done.stdout + done.stderr
