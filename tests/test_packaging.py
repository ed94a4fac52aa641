"""What is imported is declared, and a package without a checkout around it finds the course or says so."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import grader
from grader.course import RELEASES, ROOT, lesson_ids

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Rooms for those who build lessons or grade a class; a student's installation lacks what they need.
FOR_GRADING = ("authoring", "autograde", "desk", "submissions", "sandbox")
LESSON = "00_start_here"


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def imported(path: Path) -> Iterator[str]:
    """The top names of all absolute imports in a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def undeclared(folder: Path, declared: set[str], left_out: tuple[str, ...] = ()) -> set[str]:
    """Of each import that no declared package brings, the file and the name."""
    brings = packages_distributions()
    own = {"grader", "tests"}
    if folder in (
        ROOT / "tests",
        ROOT / "data_scripts",
    ):  # scripts, which import each other by their bare names
        own |= {path.stem for path in folder.rglob("*.py")}
    found = set()
    for path in sorted(folder.rglob("*.py")):
        inner = path.relative_to(folder)
        if inner.parts[0] in left_out or any(part.startswith(".") for part in inner.parts):
            continue
        for name in set(imported(path)) - own - sys.stdlib_module_names:
            if not {canonicalize_name(one) for one in brings.get(name, [name])} & declared:
                found.add(f"{inner}: {name}")
    return found


STUDENTS = names(PROJECT["dependencies"])
GRADING = STUDENTS | names(EXTRAS["grading"])
EVERYTHING = GRADING | names(EXTRAS["test"])


def test_what_students_run_needs_only_what_students_install() -> None:
    for_class = (*FOR_GRADING, "class_commands.py")
    assert undeclared(Path(grader.__file__).parent, STUDENTS, left_out=for_class) == set()
    assert undeclared(ROOT / "solutions", STUDENTS) == set()


@pytest.mark.parametrize(
    ("folder", "declared"), [("grader", GRADING), ("data_scripts", GRADING), ("tests", EVERYTHING)]
)
def test_every_import_is_declared(folder: str, declared: set[str]) -> None:
    assert undeclared(ROOT / folder, declared) == set()


def test_an_import_that_nobody_declared_is_found(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "import json\n\ndef f():\n    from numpy.linalg import norm\n    import left_pad"
    )
    assert undeclared(tmp_path, set()) == {"module.py: numpy", "module.py: left_pad"}
    assert undeclared(tmp_path, {"numpy"}) == {"module.py: left_pad"}


def test_requirements_are_kept_in_one_place() -> None:
    assert (ROOT / "requirements.txt").read_text() == "-e .[grading,test]\n"


@pytest.mark.parametrize("requirement", [*PROJECT["dependencies"], *EXTRAS["grading"], *EXTRAS["test"]])
def test_every_package_has_a_lower_bound(requirement: str) -> None:
    assert any(one.operator == ">=" for one in Requirement(requirement).specifier), requirement


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)
    assert {PROJECT["version"], citation and citation[1]} == {grader.__version__}
    assert f"## {grader.__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package alone, as a wheel leaves it among the site packages."""
    site = tmp_path_factory.mktemp("site")
    package = Path(grader.__file__).parent
    shutil.copytree(package, site / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    return site


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course as an instructor may hand it out: one lesson, no package."""
    root = tmp_path_factory.mktemp("handed-out")
    shutil.copytree(RELEASES / LESSON, root / "notebooks" / LESSON)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


def python(installed: Path, folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


JUDGES = """
import grader
assert grader.__file__.startswith({installed!r}), grader.__file__
from grader.exercises import try_answer
def majority_baseline(labels):
    return max(map(list(labels).count, set(labels))) / len(labels)
print(try_answer("start.majority_baseline", majority_baseline).passed)
"""


@pytest.mark.slow
@pytest.mark.parametrize("below", [".", "notebooks", f"notebooks/{LESSON}"])
def test_an_installed_package_judges_in_a_course_that_it_does_not_lie_in(
    installed: Path, course: Path, below: str
) -> None:
    done = python(installed, course / below, JUDGES.format(installed=str(installed)))
    assert done.stdout == "True\n", done.stderr[-2000:]


@pytest.mark.slow
def test_outside_of_a_course_it_says_where_to_go(installed: Path, tmp_path: Path) -> None:
    done = python(installed, tmp_path, JUDGES.format(installed=str(installed)))
    last = done.stderr.strip().splitlines()[-1]
    assert "checks.json of lesson 00_start_here was not found" in last
    assert "in the course's folder" in last
    program = "import sys; from grader.cli import app; app(sys.argv[1:])"
    done = python(installed, tmp_path, program.replace("sys.argv[1:]", "['check']"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Here is no course: run grader in the course's folder, which holds solutions/.\n"


def test_the_checkout_comes_first(installed: Path, course: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from grader.course import lesson_ids; print(len(lesson_ids()))"],
        cwd=course,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{len(lesson_ids())}\n"
