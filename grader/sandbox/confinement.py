"""What a confined process is given; made by the grader, read in the process that confines itself."""

import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from grader.sandbox.limits import Limits

Kind = Literal["namespaces", "landlock", "none"]


class Confinement(BaseModel):
    """Everything that the confined process may see and use.

    Attributes:
        kind: how it is confined.
        scratch: its working folder, with the files that it is given.
        connection: the folder of the kernel's sockets, with the connection file. In namespaces a copy of it
            lies in a small file system of the kernel's own.
        readable: files and folders that it may read.
        uid: the user that it becomes, where the grader is root.
        limits: of time, memory, processes and space.
        cgroups: folders of cgroups whose ``cgroup.procs`` it enters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    scratch: Path
    connection: Path
    readable: tuple[Path, ...] = ()
    uid: int | None = None
    limits: Limits = Limits()
    cgroups: tuple[Path, ...] = ()


def resource_limits(limits: Limits) -> Mapping[int, int]:
    """``limits`` as values for ``resource.setrlimit``."""
    return {
        resource.RLIMIT_DATA: limits.data_bytes,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
    }


def apply_limits(limits: Limits) -> None:
    """Set them for the calling process, for good."""
    for which, value in resource_limits(limits).items():
        highest = resource.getrlimit(which)[1]
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(which, (allowed, allowed))


def enter_cgroups(cgroups: tuple[Path, ...]) -> None:
    """Put the calling process into each; one that has gone meanwhile is passed over."""
    for group in cgroups:
        try:
            (group / "cgroup.procs").write_text("0")
        except OSError:
            continue
