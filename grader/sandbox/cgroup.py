"""A limit on the memory and the processes of a kernel and all that it starts, where cgroups can be made."""

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.limits import Limits

MOUNT = Path("/sys/fs/cgroup")
_NAME = "finetuning-course"


@contextlib.contextmanager
def group(limits: Limits) -> Iterator[tuple[Path, ...]]:
    """Folders of cgroups with these limits, none where the system does not let us make any."""
    name, made = f"{_NAME}-{uuid.uuid4().hex[:12]}", []
    try:
        for parent, settings in _parents(limits):
            folder = parent / name
            try:
                folder.mkdir()
                made.append(folder)
                for setting, value in settings.items():
                    _set(folder / setting, value)
            except OSError:
                continue
        yield tuple(made)
    finally:
        for folder in made:
            _remove(folder)


def describe() -> str:
    """In words, for the doctor: whether memory is limited over all processes of a kernel."""
    with group(Limits()) as made:
        if made:
            return "memory and processes of a kernel are limited together (cgroup)"
    return "no cgroup can be made here: memory is limited for each process alone"


def _parents(limits: Limits) -> list[tuple[Path, dict[str, int]]]:
    """Where groups can be made, with what is to be set in them: cgroup v2, else the controllers of v1."""
    if (MOUNT / "cgroup.controllers").is_file():
        own = _own_group()
        settings = {
            "memory.max": limits.cgroup_bytes,
            "memory.swap.max": 0,
            "pids.max": limits.processes,
        }
        return [(parent, settings) for parent in (own, own.parent) if _delegates(parent)][:1]
    return [
        (folder, settings)
        for folder, settings in (
            (MOUNT / "memory", {"memory.limit_in_bytes": limits.cgroup_bytes}),
            (MOUNT / "pids", {"pids.max": limits.processes}),
        )
        if os.access(folder, os.W_OK)
    ]


def _own_group() -> Path:
    line = next(
        (x for x in Path("/proc/self/cgroup").read_text().splitlines() if x.startswith("0::")), "0::/"
    )
    return MOUNT / line.removeprefix("0::").lstrip("/")


def _delegates(parent: Path) -> bool:
    try:
        given = (parent / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
    return "memory" in given and os.access(parent, os.W_OK)


def _set(setting: Path, value: int) -> None:
    if setting.exists():
        setting.write_text(str(value))


def _remove(folder: Path) -> None:
    """Empty once the processes have ended, which takes the kernel a moment."""
    for _ in range(50):
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
