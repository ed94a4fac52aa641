"""The student's side needs nothing that only Unix has, no UTF-8 terminal and no home to write to."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import ROOT

# Run before anything is imported: what Windows does not have is not there.
TAKEN_AWAY = """
import builtins, os, signal, sys
for module, names in (
    (os, ["fork", "forkpty", "sched_getaffinity"]),
    (signal, ["SIGALRM", "alarm", "setitimer", "pthread_kill"]),
):
    for name in names:
        delattr(module, name)
sys.modules["resource"] = None
real_open = builtins.open
def without_proc(file, *more, **options):
    if str(file).startswith(("/proc", "/sys/fs/cgroup")):
        raise FileNotFoundError(file)
    return real_open(file, *more, **options)
builtins.open = without_proc
"""
LESSON_0 = """
import nbformat
from grader.course import SOLUTIONS
from grader.exercises.machine.checking import CheckResult
space = {"__name__": "lesson"}
for cell in nbformat.read(SOLUTIONS / "00_start_here" / "lesson.ipynb", as_version=4).cells:
    if cell.cell_type == "code":
        exec(cell.source, space)
"""
CHECKS = """
from tests.conftest import read_answers
from grader.exercises import check, find_exercise
answers = read_answers()
assert len(answers) > 15
for name, answer in answers.items():
    assert float(check(name, answer)) == find_exercise(name).points, name
"""
SLEEPS = """
import time
from grader.exercises.machine.time_limit import TimedOut, time_limit
started = time.monotonic()
try:
    with time_limit(3):
        time.sleep(8)
except TimedOut:
    print("ended after", time.monotonic() - started)
"""


def bare(code: str, folder: Path) -> str:
    """What a fresh process prints that has lost those things."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "cp1252:strict",
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "USERPROFILE": "/nonexistent",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(folder),  # matplotlib's own wish for a folder is not ours
        "FINETUNING_COURSE_CACHE": str(folder / "cache"),
        "OMP_NUM_THREADS": "1",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-c", TAKEN_AWAY + code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
    return done.stdout.decode("cp1252")


@pytest.mark.slow
def test_lesson_0_goes_through(tmp_path):
    assert "ok Python" in bare(LESSON_0, tmp_path)


@pytest.mark.slow
def test_every_check_gives_full_marks_to_the_solution(tmp_path):
    bare(CHECKS, tmp_path)


@pytest.mark.slow
def test_a_sleep_ends_at_its_limit(tmp_path):
    """With no way to wake one thread alone; Windows wakes it by other means, which no other system has."""
    said = bare(SLEEPS, tmp_path)
    assert 2.9 < float(said.rpartition(" ")[2]) < 6
