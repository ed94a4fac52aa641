"""The owner's side of the fork server: start it, ask it for kernels, notice that it ended."""

import itertools
import json
import multiprocessing.connection
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self

from grader.errors import CourseError

# What lessons and their checks import of other projects. Nothing of the course's own: that is quick, and what
# its modules keep belongs to one kernel.
PRELOADED = (
    "numpy",
    "scipy.stats",
    "matplotlib.pyplot",
    "torch",
    "torchvision.transforms.v2",
    "timm",
    "captum.attr",
    "sklearn.metrics",
    "skimage.data",
    "safetensors.torch",
    "ipywidgets",
    "tqdm",
    "pydantic",
    "markdown_it",
)
_START_SECONDS, _FORK_SECONDS, _TRIES = 120.0, 30.0, 3
_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class ForkServer:
    """Starts at the first request, starts anew if it was killed, ends with its owner.

    Args:
        preload: modules to import before the first fork.
    """

    def __init__(self, preload: tuple[str, ...] = PRELOADED) -> None:
        self._preload = preload
        self._lock = threading.RLock()
        self._process: subprocess.Popen | None = None
        self._numbers = itertools.count(1)
        self._ready = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Of the server's process, ``None`` before it was started."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start importing; does not wait for it."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._socket, theirs = socket.socketpair()
            self._received = b""
            self._ended: dict[int, int] = {}
            self._pids: dict[int, int] = {}
            self._lost, self._ready = False, False
            environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
            environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
            environment |= {"HOME": "/nonexistent", "USER": "student", "MPLCONFIGDIR": _matplotlib_folder()}
            environment |= {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
            command = [sys.executable, "-P", "-m", "grader.sandbox.fork_server", str(theirs.fileno())]
            self._process = subprocess.Popen(
                [*command, *self._preload],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment,
            )
            theirs.close()

    def stop(self) -> None:
        """End it and every kernel that it forked."""
        with self._lock:
            if self._process is not None:
                self._socket.close()
                try:
                    self._process.wait(10)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
                self._process = None

    def fork(self, request: dict[str, Any]) -> "ForkedProcess":
        """A new kernel.

        Raises:
            CourseError: the server does not start.
        """
        with self._lock:
            for _ in range(_TRIES):  # again only if it was killed while it imported
                self.start()
                ready = self._wait_until(lambda: self._ready, _START_SECONDS)
                if ready or not self._lost:
                    break
                self.stop()
            if not ready or self._process is None:
                self.stop()
                raise CourseError(
                    "The process that starts the kernels does not come up: run `grader doctor`, and look "
                    "whether memory is free."
                )
            number = next(self._numbers)
            self._tell({"id": number, "fork": request})
            self._wait_until(lambda: number in self._pids, _FORK_SECONDS)
            return ForkedProcess(self, number, self._pids.get(number, -1), self._process.pid)

    def ended(self, number: int, server: int) -> int | None:
        """Exit status of a kernel, ``None`` while it runs. With its server it has ended too."""
        with self._lock:
            if self._process is None or self._process.pid != server:
                return -signal.SIGKILL
            self._drain(0)
            return self._ended.get(number, -signal.SIGKILL if self._lost else None)

    def is_lost(self, server: int) -> bool:
        """Has the server with this process number ended?"""
        with self._lock:
            if self._process is None or self._process.pid != server:
                return True
            # Its connection breaks a moment before the system lets us see that the process has ended.
            return self._lost or self._process.poll() is not None

    def send_signal(self, number: int, which: int, server: int) -> None:
        """To a kernel that runs; otherwise nothing happens."""
        with self._lock:
            if self.ended(number, server) is None:
                self._tell({"id": number, "signal": int(which)})

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self._lost = True

    def _wait_until(self, condition: Any, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if self._lost or time.monotonic() > deadline:
                return False
            self._drain(0.2)
        return True

    def _drain(self, seconds: float) -> None:
        # Not select.select, which fails from the 1,024th open file of a process on.
        while not self._lost and multiprocessing.connection.wait([self._socket], seconds):
            try:
                received = self._socket.recv(1 << 16)
            except ConnectionResetError:  # killed before it had read all that we said
                received = b""
            if not received:
                self._lost = True
                return
            *lines, self._received = (self._received + received).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "ready" in message:
                    self._ready = True
                elif "pid" in message:
                    self._pids[message["id"]] = message["pid"]
                elif "ended" in message:
                    self._ended[message["id"]] = message["ended"]
            seconds = 0


class ForkedProcess:
    """Looks like ``subprocess.Popen`` where a kernel provisioner looks."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, number: int, pid: int, server_pid: int) -> None:
        self.pid = pid
        self._server, self._number, self._server_pid = server, number, server_pid

    @property
    def lost_its_server(self) -> bool:
        """Has the server that forked it ended?"""
        return self._server.is_lost(self._server_pid)

    def poll(self) -> int | None:
        """Exit status, ``None`` while it runs."""
        return self._server.ended(self._number, self._server_pid)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        started = time.monotonic()
        while (status := self.poll()) is None:
            if timeout is not None and time.monotonic() > started + timeout:
                raise subprocess.TimeoutExpired("kernel", timeout)
            time.sleep(0.005)
        return status

    def send_signal(self, which: int) -> None:
        """Kill and terminate take everything below the kernel along."""
        self._server.send_signal(self._number, which, self._server_pid)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


def _matplotlib_folder() -> str:
    """Matplotlib's list of fonts, made once by whoever grades; read, never written, by kernels."""
    import matplotlib

    return matplotlib.get_cachedir()
