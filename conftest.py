"""One ``pytest`` on every core: what shares a training or a server stays together, long work begins first.

Lessons train anew, whatever checkpoints a user's runs have left; what nbval trained in this run serves the
other tests of the same lesson.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from grader.lab.checkpoints import VARIABLE
from grader.late_iri_syntax import import_iri_syntax_late

import_iri_syntax_late()  # a second for every worker
os.environ[VARIABLE] = "off"

TRAININGS = pytest.StashKey[Path]()
NBVAL = re.compile(r"solutions/(?P<lesson>\d\d_\w+)/lesson\.ipynb::")
RELEASE_RUN = re.compile(r"test_run_all_goes_through\w+\[(?P<lesson>\d\d_\w+)\]")
# Fixtures that build a lesson, run nbgrader, or start a sandboxed kernel.
STARTS_KERNELS = {"built_once", "nbgrader", "sandbox"}
CELL_SECONDS = 1500  # the longest training takes four minutes of a quiet core

# Whole folders that share one server.
TOGETHER = ("tests/browser/",)

# What takes longest, longest first: a worker that were handed one of these at the end would keep the others
# waiting. Measured with --durations on two cores; everything else follows as pytest collects it.
LONGEST_FIRST = (
    "lesson 06_capstone",
    "tests/autograde/hostile/test_hostile_class.py",
    "tests/bench/test_bench_smoke.py",
    "tests/autograde/run/test_interrupted_runs.py",
    "tests/test_documented_commands.py",
    "tests/autograde/execute/test_workers.py",
    "lesson 01_scratch_vs_finetuning",
    "lesson 05_staged_unfreezing",
    "lesson 04_learning_rates",
    "lesson 03_counting_parameters",
    "lesson 02_freezing",
    "tests/accelerator/test_lessons_on_the_device.py",
    "tests/browser/",
    "tests/autograde/run/test_class_run.py",
    "tests/autograde/test_grading_a_class.py",
    "tests/autograde/test_honest_submissions.py",
    "tests/autograde/test_postgresql.py",
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes for ``-n auto``: a core each. With one more, two cores took 27 minutes instead of 25.

    None for a single file, which starts faster alone.
    """
    if chosen := os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return int(chosen)
    paths = [Path(argument.partition("::")[0]) for argument in config.args]
    if config.option.collectonly or all(path.is_file() for path in paths):
        return 0
    return min(_cores(), 8)  # a process with PyTorch takes about 1 GB


def pytest_configure(config: pytest.Config) -> None:
    if workers := config.getoption("numprocesses", None):
        # Before PyTorch is imported, for the workers and for what they start: more threads than cores would
        # slow everything down. Numbers that nbval compares do not depend on it.
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _cores() // workers)))
    config.stash[TRAININGS] = Path(tempfile.mkdtemp(prefix="trainings-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[TRAININGS], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs notebooks is slow; groups stand one after the other, those that take longest first."""
    for item in items:
        if STARTS_KERNELS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
        if NBVAL.match(item.nodeid):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(CELL_SECONDS))
    groups: dict[str, int] = {}
    for item in items:
        groups.setdefault(group_of(item.nodeid), len(groups))
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}

    def place(item: pytest.Item) -> tuple[int, int, bool]:
        group = group_of(item.nodeid)
        return ranks.get(group, len(ranks)), groups[group], NBVAL.match(item.nodeid) is None

    items.sort(key=place)


def group_of(nodeid: str) -> str:
    """The name of what one worker runs in its order: a file, a folder of ``TOGETHER``, or a lesson.

    The cells of a lesson's notebook come first, then the run of its release, which takes their trainings.
    """
    if found := NBVAL.match(nodeid) or RELEASE_RUN.search(nodeid):
        return f"lesson {found['lesson']}"
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class GroupsInOrder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False  # the order of pytest_collection_modifyitems
    return GroupsInOrder(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Start a notebook's kernel so that it keeps what it trains, for ``lesson_trainings``."""
    found = NBVAL.match(item.nodeid)
    if not found:
        return (yield)
    with mock.patch.dict(os.environ, {VARIABLE: _keeping(item.config, found["lesson"])}):
        return (yield)


@pytest.fixture
def lesson_trainings(request: pytest.FixtureRequest):
    """``lesson_trainings(lesson)``: what ``VARIABLE`` must say for a kernel to take what nbval trained."""
    return lambda lesson: _keeping(request.config, lesson)


def _keeping(config: pytest.Config, lesson: str) -> str:
    from grader.course import SOLUTIONS

    if VARIABLE in (SOLUTIONS / lesson / "lesson.py").read_text(encoding="utf-8"):
        return "off"  # it keeps files of its own beside the notebook
    return str(config.stash[TRAININGS] / lesson)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare the photographs before nbval compares: a progress bar is an output that no lesson stores."""
    if session.config.option.collectonly or not any(".ipynb" in item.nodeid for item in session.items):
        return
    from grader.lab.prepared import prepare_everything

    prepare_everything()


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:  # not before pytest 8.4
    """Where the time went, by folder: the sum over all workers."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport)
    ]
    taken = seconds_by_folder((report.nodeid, report.duration) for report in reports)
    if len(taken) > 1:
        terminalreporter.section("seconds by folder")
        for folder, seconds in taken.items():
            terminalreporter.write_line(f"{seconds:8.0f}  {folder}")


def seconds_by_folder(durations: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Of tests by the folder of their file, of a lesson's cells by the lesson; the longest first."""
    taken: dict[str, float] = {}
    for nodeid, seconds in durations:
        folder = nodeid.partition("::")[0].rpartition("/")[0]
        taken[folder] = taken.get(folder, 0.0) + seconds
    return dict(sorted(taken.items(), key=lambda item: -item[1]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
