"""Who executes: this machine's cores, or the workers of a Dask cluster."""

import concurrent.futures
import contextlib
import itertools
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from grader.autograde.execute.execute_submission import KernelLost, execute
from grader.autograde.execute.package_version import package_version
from grader.autograde.execute.submission_job import SubmissionJob
from grader.autograde.execution import Execution
from grader.errors import CourseError
from grader.sandbox.kernel import fork_server

TRIES = 3  # of one job whose worker died
CONNECT_SECONDS = 10

Outcome = tuple[SubmissionJob, Execution | BaseException]


class Workers(Protocol):
    """A context in which jobs are executed, several at once."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...

    def run(self, jobs: Iterable[SubmissionJob]) -> Iterator[Outcome]:
        """Each job with its execution, or with what was raised instead, in the order in which they end.

        Jobs are asked for one by one, as workers get free.
        """
        ...


class LocalWorkers:
    """Threads of this process, which only wait: each has one kernel at a time, forked from one fork server.

    Args:
        count: how many; by default one a core, since each kernel has one thread.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or cores()

    def __enter__(self) -> Self:
        fork_server().start()  # imports while submissions are prepared
        self._pool = concurrent.futures.ThreadPoolExecutor(self.count, thread_name_prefix="grading")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            fork_server().stop()  # its kernels end, and with them what the threads wait for
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, jobs: Iterable[SubmissionJob]) -> Iterator[Outcome]:
        """Execute; a job whose fork server was killed is tried again, ``TRIES`` times in all."""
        waiting = iter(jobs)
        again: deque[tuple[SubmissionJob, int]] = deque()
        running: dict[concurrent.futures.Future, tuple[SubmissionJob, int]] = {}
        while True:
            # As many again wait, so that no kernel does while our caller grades. Few: memory stays flat.
            while len(running) < 2 * self.count:
                job, attempt = again.popleft() if again else (next(waiting, None), 1)
                if job is None:
                    break
                running[self._pool.submit(execute, job)] = (job, attempt)
            if not running:
                return
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                job, attempt = running.pop(future)
                problem = future.exception()  # of whatever kind: no job ends a class
                if isinstance(problem, KernelLost) and attempt < TRIES:
                    again.append((job, attempt + 1))
                else:
                    yield job, future.result() if problem is None else problem


class DaskWorkers:
    """The workers of a running ``dask.distributed`` cluster.

    Args:
        address: of its scheduler, such as ``tcp://10.0.0.1:8786``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None

    def __enter__(self) -> Self:
        self._client = _connected(self._address)
        try:
            self._insist_on_our_version()
        except CourseError:
            self._client.close(timeout=CONNECT_SECONDS)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):  # a lost scheduler must not hide what went wrong
            self._client.close(timeout=CONNECT_SECONDS)

    def run(self, jobs: Iterable[SubmissionJob]) -> Iterator[Outcome]:
        """Execute; Dask itself gives the job of a worker that died to another one."""
        from distributed import as_completed

        running: dict[Any, SubmissionJob] = {}

        def submit(job: SubmissionJob) -> Any:
            # pure=False: whether it was executed before is the spool's to know.
            future = self._client.submit(execute, job, pure=False, retries=TRIES - 1)
            running[future] = job
            return future

        at_once = 2 * max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))
        waiting = iter(jobs)
        ended = as_completed(
            [submit(job) for job in itertools.islice(waiting, at_once)], loop=self._client.loop
        )
        for future in ended:
            job = running.pop(future)
            try:
                outcome: Execution | Exception = future.result()
            except Exception as error:  # of the cluster's own kinds too, such as KilledWorker
                outcome = error
            future.release()
            yield job, outcome
            for following in itertools.islice(waiting, 1):
                ended.add(submit(following))

    def _insist_on_our_version(self) -> None:
        try:
            found = self._client.run(package_version)
        except Exception as error:
            raise CourseError(
                "The workers of the cluster cannot import this course: install it on each of them."
            ) from error
        if not found:
            raise CourseError(
                f"The scheduler at {self._address} has no workers: start some with `dask worker`."
            )
        others = sorted(worker for worker, version in found.items() if version != package_version())
        if others:
            raise CourseError(
                f"These workers have another version of the course than the grader: {', '.join(others)}. "
                f"Update them and start them again."
            )


def _connected(address: str) -> Any:
    import dask
    from distributed import Client
    from distributed.comm import get_address_host

    answer: concurrent.futures.Future = concurrent.futures.Future()

    def connect() -> None:
        try:
            with dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s"}):
                answer.set_result(Client(address, timeout=CONNECT_SECONDS, set_as_default=False))
        except Exception as error:
            answer.set_exception(error)

    try:
        get_address_host(address)  # a client of what is no address ends noisily
        # In a thread that we can leave behind: something that takes the connection and says nothing
        # holds Dask's client for ever, whatever its timeout.
        threading.Thread(target=connect, daemon=True).start()
        return answer.result(2 * CONNECT_SECONDS)
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        raise CourseError(
            f"The scheduler at {address} does not answer: start it with `dask scheduler`, or leave "
            f"--scheduler away."
        ) from error


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
