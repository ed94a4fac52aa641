"""A small released course, and ways to hand in and to grade."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from traitlets.config import Config

from grader.autograde.execute.spool import Spool
from grader.autograde.execute.workers import LocalWorkers
from grader.autograde.execution import CellRun, Execution
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.judging.check_cells import exercise_of, is_check
from grader.autograde.run.class_run import ClassRun
from grader.autograde.run.summary import Summary
from grader.autograde.steps.intake_exporter import take_in_all
from grader.errors import CourseError
from grader.exercises import collect_evidence, find_exercise
from grader.sandbox import Limits, choose
from grader.sandbox.limits import GIB

LESSON = "00_start_here"
ANSWER = "start-majority_baseline-answer"
RIGHT = """def majority_baseline(labels):
    return max(labels.tolist().count(label) for label in set(labels.tolist())) / len(labels)
"""
LIMITS = Limits(cell_seconds=60.0, notebook_seconds=150.0, data_bytes=3 * GIB)


@pytest.fixture(scope="session")
def released_once(built_once: Path, nbgrader: Callable[..., str], tmp_path_factory) -> Path:
    """The small course, released. Tests must not change it; they take ``course``."""
    root = shutil.copytree(built_once, tmp_path_factory.mktemp("released") / "course")
    nbgrader(root, "generate_assignment", LESSON, "--force")
    return root


@pytest.fixture
def course(released_once: Path, tmp_path: Path) -> Path:
    """A copy of the released course, to be changed."""
    return shutil.copytree(released_once, tmp_path / "course")


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def solution(root: Path) -> NotebookNode:
    return nbformat.read(root / "solutions" / LESSON / "lesson.ipynb", as_version=4)


def release(root: Path) -> NotebookNode:
    return nbformat.read(root / "notebooks" / LESSON / "lesson.ipynb", as_version=4)


def hand_in(root: Path, student: str, notebook: NotebookNode | bytes, **files: str) -> Path:
    """Put a submission at its place, instead of an earlier one."""
    folder = root / "submitted" / student / LESSON
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if isinstance(notebook, bytes):
        (folder / "lesson.ipynb").write_bytes(notebook)
    else:
        nbformat.write(notebook, folder / "lesson.ipynb")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def answered(root: Path, source: str) -> NotebookNode:
    """The untouched release with this text in the first answer."""
    notebook = copy.deepcopy(release(root))
    cell(notebook, ANSWER).source = source
    return notebook


def class_run(root: Path, *students: str, **options: object) -> ClassRun:
    return ClassRun(root, LESSON, students, **({"limits": LIMITS} | options))


def grade(root: Path, *students: str, **options: object) -> Summary:
    return class_run(root, *students, **options).grade(lambda: LocalWorkers(2))


def put_into_spool(root: Path, student: str, answer: object) -> None:
    """As if what she handed in had been executed and defined ``answer``; no kernel is started."""
    list(take_in_all(root, LESSON, [root / "submitted" / student / LESSON]))
    job = class_run(root).job(student, str(choose()))
    given = {"start.majority_baseline": answer, "start.quiz": {}}
    cells = []
    for one in nbformat.reads(job.notebook, as_version=4).cells:
        if one.cell_type == "code":
            asked = exercise_of(one) if is_check(one) else None
            collected = asked and collect_evidence(find_exercise(asked), given[asked], job.challenges[asked])
            cells.append(CellRun(bundles=[json.dumps(collected.bundle)] if collected else []))
    Spool(GradingFolder(root)).put(
        Execution(lesson=LESSON, student=student, key=job.key, sandbox=job.sandbox, seconds=0, cells=cells)
    )


def resources(root: Path, student: str = "ada") -> dict[str, dict[str, str]]:
    """What nbgrader gives to its preprocessors."""
    names = {"student": student, "assignment": LESSON, "notebook": "lesson"}
    return {"nbgrader": names | {"db_url": f"sqlite:///{root}/gradebook.db"}}


@pytest.fixture
def config(course: Path) -> Config:
    """As nbgrader's own, with the root of ``course``."""
    return Config(CourseDirectory={"root": str(course)})


def rows(summary: Summary) -> dict[str, tuple[float, str]]:
    """Points and state by student."""
    return {row.student: (row.points, row.state) for row in summary.rows}


@pytest.fixture(scope="session", autouse=True)
def _a_sandbox_works() -> None:
    try:
        choose()
    except CourseError as problem:
        pytest.skip(str(problem))
