"""A process that has imported the heavy libraries once and forks a kernel from itself for each request.

It speaks to its owner alone, over one inherited pair of sockets that no kernel keeps. It holds no secret,
since its environment is scrubbed and it is started, not forked, by its owner. It runs no parallel PyTorch
operation: a forked child must have one thread.

Requests and answers are JSON, one a line:
``{"id": 1, "fork": {...}}`` → ``{"id": 1, "pid": 42}``, later ``{"id": 1, "ended": 0}``;
``{"id": 1, "signal": 9}``.
"""

import contextlib
import gc
import json
import os
import random
import selectors
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from grader.sandbox import system_calls as system
from grader.sandbox.confine import confine
from grader.sandbox.confinement import Confinement


def main(descriptor: int, modules: list[str]) -> None:
    """Serve until the owner closes its end, then kill every kernel."""
    owner = socket.socket(fileno=descriptor)
    _import(modules)
    server = _Server(owner)
    server.tell({"ready": len(os.listdir("/proc/self/task"))})
    server.serve()


def _import(modules: list[str]) -> None:
    for name in [*modules, "ipykernel.kernelapp", "ipykernel.zmqshell", "matplotlib_inline.backend_inline"]:
        with contextlib.suppress(ImportError):
            __import__(name)
    if "torch" in sys.modules:
        # More than one would start a pool of threads here, and a forked child of several threads is broken.
        sys.modules["torch"].set_num_threads(1)
    gc.collect()
    gc.freeze()  # shared pages stay shared


class _Server:
    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._kernels: dict[int, int] = {}  # process → request
        self._supervised: set[int] = set()  # processes that end what is below them when they are asked to
        self._received = b""
        self._wake, woken = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's to handle
        signal.set_wakeup_fd(woken)

    def tell(self, message: dict[str, Any]) -> None:
        self._owner.sendall(json.dumps(message).encode() + b"\n")

    def serve(self) -> None:
        selector = selectors.DefaultSelector()
        selector.register(self._owner, selectors.EVENT_READ, self._read)
        selector.register(self._wake, selectors.EVENT_READ, self._reap)
        while True:
            for key, _ in selector.select():
                key.data()

    def _read(self) -> None:
        try:
            received = self._owner.recv(1 << 16)
        except OSError:
            received = b""
        if not received:
            for process in self._kernels:
                self._send(process, signal.SIGKILL)
            os._exit(0)
        *lines, self._received = (self._received + received).split(b"\n")
        for line in lines:
            self._answer(json.loads(line))

    def _answer(self, request: dict[str, Any]) -> None:
        if "signal" in request:
            for process, number in self._kernels.items():
                if number == request["id"]:
                    self._send(process, request["signal"])
            return
        process = os.fork()
        if process == 0:
            _child(request["fork"])
        self._kernels[process] = request["id"]
        if '"landlock"' in request["fork"]["confinement"]:
            self._supervised.add(process)
        self.tell({"id": request["id"], "pid": process})

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        while self._kernels:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            self._supervised.discard(process)
            if (number := self._kernels.pop(process, None)) is not None:
                self.tell({"id": number, "ended": os.waitstatus_to_exitcode(status)})

    def _send(self, process: int, number: int) -> None:
        """Whoever kills the first process of a process table kills all in it; a supervisor must be asked."""
        if process in self._supervised and number == signal.SIGKILL:
            number = signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _child(request: dict[str, Any]) -> None:
    """In the forked process: become a kernel; never returns."""
    code = 1
    try:
        os.setsid()
        os.umask(0o022)  # whatever the grader's: the kernel's user has to enter the folders that are made now
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(-1)
        _quiet(request["log"])
        os.closerange(3, 4096)
        system.die_with_parent()
        os.environ.clear()
        os.environ.update(request["environment"])
        confine(Confinement.model_validate_json(request["confinement"]))
        _as_new(int(os.environ.get("OMP_NUM_THREADS", "1")))
        _run_kernel(request["arguments"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)


def _quiet(log: str) -> None:
    """No input; prints that bypass the kernel go to the log file, where there is one."""
    nothing = os.open(os.devnull, os.O_RDWR)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else nothing
    for number, descriptor in ((0, nothing), (1, written), (2, written)):
        os.dup2(descriptor, number)


def _as_new(threads: int) -> None:
    """Forked processes share the state of their random numbers."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_num_threads(threads)
        torch.seed()
    random.seed()
    # A student's own modules, behind all packages: a file called like one would break the lesson's own cells.
    sys.path.append("")
    gc.unfreeze()


def _run_kernel(arguments: list[str]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["ipykernel_launcher", *arguments]
    home = Path(os.environ["HOME"])
    home.mkdir(exist_ok=True)
    # parent_handle: in a process table of its own the kernel's parent is no sign that its owner has ended.
    # matplotlib: it was imported before there was a shell that its figures could be shown in.
    own = ["--IPKernelApp.parent_handle=0", "--IPKernelApp.matplotlib=inline"]
    IPKernelApp.launch_instance(argv=[*arguments, *own])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
