"""Who executes: processes of this machine, or the workers of a Dask cluster."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, Self

from grader.autograde.execute_submission import execute
from grader.autograde.execution import Execution
from grader.autograde.package_version import package_version
from grader.autograde.submission_job import SubmissionJob
from grader.errors import CourseError

TRIES = 3  # of one job whose worker died
CONNECT_SECONDS = 10

Outcome = tuple[SubmissionJob, Execution | str]


class Workers(Protocol):
    """A context in which jobs are executed, several at once."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...

    def run(self, jobs: Iterable[SubmissionJob]) -> Iterator[Outcome]:
        """Each job with its execution, in the order in which they end, or with why it has none."""
        ...


class LocalWorkers:
    """Processes of this machine, each with its own fork server; one thread a kernel.

    Args:
        count: how many; by default one a core.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or cores()
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def pids(self) -> list[int]:
        """Of the worker processes."""
        return list(self._pool._processes or ()) if self._pool else []

    def run(self, jobs: Iterable[SubmissionJob]) -> Iterator[Outcome]:
        """Execute; a job whose worker dies is tried again by a new one, ``TRIES`` times in all."""
        waiting = deque((job, 1) for job in jobs)
        running: dict[concurrent.futures.Future, tuple[SubmissionJob, int]] = {}
        while waiting or running:
            while waiting and len(running) < self.count:  # few at once: memory stays flat
                job, attempt = waiting.popleft()
                try:
                    running[self._pool.submit(execute, job)] = (job, attempt)
                except BrokenProcessPool:
                    waiting.appendleft((job, attempt))
                    break
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            broken = not running
            for future in done:
                job, attempt = running.pop(future)
                try:
                    yield job, future.result()
                except BrokenProcessPool:
                    broken = True
                    if attempt < TRIES:
                        waiting.append((job, attempt + 1))
                    else:
                        yield job, f"Its worker died {TRIES} times: is there enough memory?"
                except CourseError as problem:
                    yield job, str(problem)
            if broken:
                for future, (job, attempt) in running.items():
                    future.cancel()
                    waiting.append((job, attempt))
                running.clear()
                self._stop()
                self._start()

    def _start(self) -> None:
        self._pool = concurrent.futures.ProcessPoolExecutor(
            self.count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin_work,
            initargs=(os.getpid(),),
        )
        for _ in range(self.count):  # start them now: they import while submissions are taken in
            self._pool.submit(os.getpid)

    def _stop(self) -> None:
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()


class DaskWorkers:
    """The workers of a running ``dask.distributed`` cluster.

    Args:
        address: of its scheduler, such as ``tcp://10.0.0.1:8786``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None

    def __enter__(self) -> Self:
        import dask
        from distributed import Client

        try:
            with dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s"}):
                self._client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, TimeoutError) as error:
            raise CourseError(
                f"The scheduler at {self._address} does not answer: start it with `dask scheduler`, or leave "
                f"--scheduler away."
            ) from error
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

        waiting = deque(jobs)
        running: dict[Any, SubmissionJob] = {}

        def submit() -> Any:
            job = waiting.popleft()
            # pure=False: whether it was executed before is the spool's to know.
            future = self._client.submit(execute, job, pure=False, retries=TRIES - 1)
            running[future] = job
            return future

        at_once = 2 * max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))
        ended = as_completed([submit() for _ in range(min(at_once, len(waiting)))])
        for future in ended:
            job = running.pop(future)
            try:
                yield job, future.result()
            except Exception as error:  # of the cluster's own kinds too, such as KilledWorker
                yield (
                    job,
                    str(error) if isinstance(error, CourseError) else f"Its worker failed: {error}"[:300],
                )
            future.release()
            if waiting:
                ended.add(submit())

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


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_work(owner: int) -> None:
    """In a worker: end with the grader, leave Ctrl-C to it, and start importing."""
    from grader.sandbox.kernel import fork_server
    from grader.sandbox.system_calls import die_with_parent

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # its kernels end with its end of the socket
    die_with_parent()
    if os.getppid() != owner:
        os._exit(0)
    fork_server().start()
