"""A kernel in a sandbox, from start to certain end."""

import atexit
import contextlib
import functools
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from grader.sandbox import cgroup
from grader.sandbox.choice import Sandbox
from grader.sandbox.confinement import Confinement, Kind
from grader.sandbox.forking import ForkServer
from grader.sandbox.limits import Limits
from grader.sandbox.provisioner import ColdProvisioner, ForkedProvisioner
from grader.sandbox.readable import interpreter_folders
from grader.sandbox.remove_tree import remove_tree
from grader.sandbox.users import throw_away_user

_LOG = logging.getLogger(__name__)

_FORKED: dict[Sandbox, Kind] = {
    Sandbox.NAMESPACES: "namespaces",
    Sandbox.LANDLOCK: "landlock",
    Sandbox.NONE: "none",
}
# IPython puts the student's folder before the packages. Behind them no file of hers stands in for one.
_HERS_LAST = "--IPKernelApp.exec_lines=__import__('sys').path.sort(key=bool, reverse=True)"
_OPTIONS = ["--HistoryManager.enabled=False", _HERS_LAST]
_ARGUMENTS = ["-m", "ipykernel_launcher", "-f", "{connection_file}", *_OPTIONS]


@functools.cache
def fork_server() -> ForkServer:
    """This process's own; started at the first kernel, or earlier with ``fork_server().start()``."""
    server = ForkServer()
    atexit.register(server.stop)
    return server


@contextlib.asynccontextmanager
async def open_kernel(
    sandbox: Sandbox,
    scratch: Path,
    limits: Limits,
    environment: dict[str, str] | None = None,
    readable: Sequence[Path] = (),
) -> AsyncIterator[AsyncKernelManager]:
    """A started kernel whose working folder is ``scratch``; every process of it is dead at the end.

    Args:
        sandbox: as ``choose`` gave it.
        scratch: a folder with the files that the kernel is given. It belongs to the kernel from now on.
        limits: of time (kept by the caller), memory, processes and space.
        environment: variables beside the few that every kernel gets.
        readable: files and folders that it may read, beside the interpreter and this package.

    Raises:
        CourseError: the fork server does not start.
    """
    scratch = scratch.resolve()
    connection = Path(tempfile.mkdtemp(prefix="k-", dir=_short_folder()))
    try:
        with cgroup.group(limits) as groups:
            confinement = Confinement(
                kind=_FORKED.get(sandbox, "none"),
                scratch=scratch,
                connection=connection,
                readable=(*interpreter_folders(), *(path.resolve() for path in readable)),
                uid=throw_away_user(scratch, connection) if _changes_user(sandbox) else None,
                limits=limits,
                cgroups=groups,
            )
            manager = _manager(sandbox, confinement, _environment(scratch, limits) | (environment or {}))
            await manager.start_kernel()
            if sandbox is Sandbox.NAMESPACES and isinstance(manager.provisioner, ForkedProvisioner):
                # The sockets lie in the kernel's own file system, which is seen from here in this way.
                manager.ip = f"/proc/{manager.provisioner.pid}/root{confinement.connection}/s"
            try:
                yield manager
            finally:
                # Not the manager's own shutdown, which asks first: a second lost for each kernel.
                if manager.provisioner is not None:
                    await manager.provisioner.kill()
                    await manager.provisioner.wait()
                manager.context.destroy(linger=0)
    finally:
        try:
            remove_tree(connection)
        except OSError as problem:  # no reason to lose what the kernel gave
            _LOG.warning("%s could not be removed: %s", connection, problem)


def _changes_user(sandbox: Sandbox) -> bool:
    return sandbox in (Sandbox.NAMESPACES, Sandbox.LANDLOCK, Sandbox.DOCKER, Sandbox.PODMAN)


def _manager(sandbox: Sandbox, confinement: Confinement, environment: dict[str, str]) -> AsyncKernelManager:
    manager = AsyncKernelManager(transport="ipc", cache_ports=False)
    manager.ip = str(confinement.connection / "s")
    manager.connection_file = str(confinement.connection / "c.json")
    # Interrupted by a message: a signal from here does not reach into a process table of its own.
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, *_ARGUMENTS], display_name="Python", language="python", interrupt_mode="message"
    )
    given = {
        "kernel_id": confinement.connection.name,
        "kernel_spec": manager._kernel_spec,
        "parent": manager,
        "confinement": confinement,
        "environment": environment,
    }
    if sandbox in _FORKED:
        manager.provisioner = ForkedProvisioner(server=fork_server(), **given)
    else:
        manager.provisioner = ColdProvisioner(sandbox=str(sandbox), **given)
    return manager


def _environment(scratch: Path, limits: Limits) -> dict[str, str]:
    threads = str(limits.threads)
    own = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(scratch / ".home"),
        "USER": "student",
        "TMPDIR": str(scratch),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # Set on some machines because a processor needs it.
    kept = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    return own | {name: os.environ[name] for name in kept if name in os.environ}


@functools.cache
def _short_folder() -> str:
    """Where kernels' sockets lie: a socket's path may have 107 bytes."""
    for folder in ("/run", tempfile.gettempdir(), "/tmp"):
        if os.access(folder, os.W_OK | os.X_OK) and len(folder) < 60:
            return folder
    return tempfile.gettempdir()
