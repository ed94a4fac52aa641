"""Jobs executed on this machine or by a Dask cluster: the same, and whatever ends on the way."""

import os
import socket
import threading
from unittest import mock

import psutil
import pytest

from grader.autograde.execute import workers as module
from grader.autograde.execute.workers import DaskWorkers, LocalWorkers
from grader.autograde.run.class_run import ClassRun
from grader.errors import CourseError
from grader.sandbox.kernel import fork_server
from tests.autograde.conftest import RIGHT, answered, class_run, grade, hand_in, rows, solution

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SLOW = "import time; time.sleep(4)\n"


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    # Dask leaves OMP_NUM_THREADS=1 in the environment of who starts a cluster: every notebook that is tested
    # later in this process would train with one thread.
    with (
        mock.patch.dict(os.environ),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as running,
    ):
        yield running


def test_a_dask_cluster_gives_the_same_marks(course, cluster):
    hand_in(course, "full", solution(course))
    hand_in(course, "half", answered(course, RIGHT))
    hand_in(course, "crash", answered(course, "import os; os._exit(1)"))
    summary = class_run(course).grade(lambda: DaskWorkers(cluster.scheduler_address))
    assert rows(summary) == {"full": (6, "graded"), "half": (3, "graded"), "crash": (0, "no evidence")}
    assert all(row.executed for row in summary.rows)


def test_a_dask_worker_that_is_killed_costs_nothing(course, cluster):
    for number in range(3):
        hand_in(course, f"s{number}", answered(course, SLOW + RIGHT))
    pid = next(nanny.process.pid for nanny in cluster.workers.values())
    timer = threading.Timer(6, os.kill, (pid, 9))
    timer.start()
    try:
        summary = class_run(course).grade(lambda: DaskWorkers(cluster.scheduler_address))
    finally:
        timer.cancel()
    assert rows(summary) == {f"s{number}": (3, "graded") for number in range(3)}


def test_workers_of_another_version_are_named(course, cluster, monkeypatch):
    hand_in(course, "ada", solution(course))
    monkeypatch.setattr(module, "package_version", lambda: f"of process {os.getpid()}")
    with pytest.raises(CourseError, match="another version of the course"):
        class_run(course).grade(lambda: DaskWorkers(cluster.scheduler_address))


def test_a_scheduler_that_does_not_answer_is_one_sentence(course, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
    hand_in(course, "ada", solution(course))
    with pytest.raises(CourseError, match="does not answer"):
        class_run(course).grade(lambda: DaskWorkers("tcp://127.0.0.1:1"))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(CourseError, match="does not answer"):
            class_run(course).grade(lambda: DaskWorkers(address))
    with pytest.raises(CourseError, match="does not answer"):
        class_run(course).grade(lambda: DaskWorkers("nonsense://x"))


def test_a_fork_server_that_is_killed_costs_nothing(course):
    for number in range(3):
        hand_in(course, f"s{number}", answered(course, SLOW + RIGHT))
    killed = []

    def tell(step, done, of) -> None:
        if step == "execution" and not killed:
            killed.append(threading.Timer(2, lambda: psutil.Process(fork_server().pid).kill()))
            killed[0].start()

    with LocalWorkers(1):
        pass  # it runs already, so that the shot hits
    summary = class_run(course, tell=tell).grade(lambda: LocalWorkers(2))
    assert rows(summary) == {f"s{number}": (3, "graded") for number in range(3)}


def test_one_and_two_workers_give_the_same(course):
    for number in range(3):
        hand_in(course, f"s{number}", answered(course, RIGHT))
    one = ClassRun.grade(class_run(course), lambda: LocalWorkers(1))
    two = grade(course, force=True)
    assert rows(one) == rows(two)
