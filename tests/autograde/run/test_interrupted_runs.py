"""Killed at any moment, the same command finishes the class, and executes only what had not finished."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from grader.autograde.grading_folder import GradingFolder
from tests.autograde.conftest import LESSON, RIGHT, answered, hand_in, solution

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STUDENTS = 4
EXPECTED = {f"s{number}": (6.0 if number % 2 else 3.0) for number in range(STUDENTS)}
WORDS = ["autograde", LESSON, "--json", "--time-limit", "40", "--memory", "3", "--no-feedback"]


@pytest.fixture
def small_class(course):
    for number in range(STUDENTS):
        slow = answered(course, f"import time; time.sleep({0.5 * number})\n{RIGHT}")
        hand_in(course, f"s{number}", solution(course) if number % 2 else slow)
    return course


def start(root) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "grader.cli", *WORDS],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stored(root) -> set[str]:
    return {path.name for path in GradingFolder(root).spool.glob("*.json")}


def finish(root) -> dict:
    """Run the same command to its end."""
    process = start(root)
    said, errors = process.communicate(timeout=200)
    assert process.returncode == 0, said + errors[-3000:]
    return {row["student"]: row for row in json.loads(said)["rows"]}


def ended(process: subprocess.Popen) -> str:
    """Nothing of it is left: neither kernels nor the fork server. What it said on its error stream."""
    _, said = process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [p for p in psutil.process_iter() if _belongs(p, process.pid)]
        if not left:
            return said
        time.sleep(0.1)
    pytest.fail(f"left running: {left}")


def _belongs(process: psutil.Process, session: int) -> bool:
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_for(root, count: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 100
    while len(stored(root)) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_the_grader_itself(small_class, with_signal):
    process = start(small_class)
    wait_for(small_class, 2, process)
    process.send_signal(with_signal)
    said = ended(process)
    if with_signal is signal.SIGINT:
        assert process.returncode == 130
        assert "goes on where it was" in said
    before = stored(small_class)
    rows = finish(small_class)
    assert {name: row["points"] for name, row in rows.items()} == EXPECTED
    assert sum(row["executed"] for row in rows.values()) == STUDENTS - len(before)


def test_at_random_moments_until_it_is_through(small_class, unforeseen):
    """Also while it writes the gradebook: the run is killed again and again, later each time."""
    for number in range(4):
        process = start(small_class)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(unforeseen.uniform(2 + 2 * number, 7 + 2 * number))
        process.kill()
        ended(process)
    rows = finish(small_class)
    assert {name: row["points"] for name, row in rows.items()} == EXPECTED
    assert not any(row["executed"] for row in finish(small_class).values())


def _is_fork_server(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):  # others may have ended meanwhile
        return "grader.sandbox.fork_server" in process.cmdline()
    return False


@pytest.mark.parametrize("victim", ["fork server", "kernel"])
def test_a_process_below_it(small_class, victim):
    """A kernel that this machine kills is its student's loss only where the fork server lives on."""
    process = start(small_class)
    wait_for(small_class, 1, process)
    server = next(p for p in psutil.Process(process.pid).children() if _is_fork_server(p))
    if victim == "kernel":
        with contextlib.suppress(IndexError, psutil.Error):
            server.children()[0].kill()
    else:
        server.kill()
    said, errors = process.communicate(timeout=200)
    assert process.returncode == 0, said + errors[-3000:]
    rows = {row["student"]: row for row in json.loads(said)["rows"]}
    wrong = {name for name, points in EXPECTED.items() if rows[name]["points"] != points}
    assert len(wrong) <= (1 if victim == "kernel" else 0), rows
    for name in wrong:
        assert "kernel ended" in " ".join(rows[name]["reasons"])


def test_a_full_disk(small_class):
    """A limit on the size of files stands for it: what cannot be stored is told, and nothing is lost."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from grader.cli import app; import grader.autograde.execute.spool as s; put = s.write_privately\n"
        "def full(path, text):\n"
        "    stored = list(path.parent.glob('*.json'))\n"
        "    if path.suffix == '.json' and len(stored) >= 2: raise OSError(28, 'No space left')\n"
        "    put(path, text)\n"
        "s.write_privately = full\n"
        f"app({WORDS!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=small_class,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("What was executed cannot be stored")
    before = stored(small_class)
    assert len(before) == 2
    rows = finish(small_class)
    assert {name: row["points"] for name, row in rows.items()} == EXPECTED
    assert sum(row["executed"] for row in rows.values()) == STUDENTS - 2
