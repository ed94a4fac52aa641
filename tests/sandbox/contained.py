"""The wrapper in which everything hostile runs in these tests, the control case without a sandbox too.

A user that nobody is, in namespaces of its own that are thrown away: all files read-only but those that are
named, no network but its own loopback, no process of this machine in sight; everything in it dies with it.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.course import ROOT
from grader.lab.cache import cache_folder
from grader.sandbox.readable import interpreter_folders

NOBODY = 61_234  # no user of this number exists on usual systems
_HIDDEN = ["/root", "/home", "/run", "/var/tmp", "/tmp", "/srv", "/mnt"]


def contained(
    command: Sequence[str | Path],
    *,
    writable: Sequence[Path] = (),
    timeout: float = 120,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` inside.

    Args:
        writable: folders that it may change; they belong to the wrapper's user from now on.
        timeout: seconds; then everything inside is killed.
        environment: variables beside the few that are set.
    """
    plan = json.dumps(_plan([Path(folder).resolve() for folder in writable]))
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, plan, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=_environment() | (environment or {}),
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        pytest.fail(f"still running after {timeout:g} s\n{output[-2000:]}\n{errors[-2000:]}")
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def python(code: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """``contained``, with a program of Python."""
    return contained([sys.executable, "-P", "-c", code, *arguments], **options)


def _environment() -> dict[str, str]:
    own = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "HOME": "/home",
        "TMPDIR": "/tmp",
        "FINETUNING_COURSE_CACHE": str(cache_folder().resolve()),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "JUPYTER_CONFIG_DIR": "/home/.jupyter",
        "FINETUNING_COURSE_CHECKPOINTS": "off",
    }
    kept = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    return own | {name: os.environ[name] for name in kept if name in os.environ}


def _plan(writable: list[Path]) -> dict[str, Any]:
    """What ``enter`` is told: folders to cover, and what stays in sight of what they hold."""
    needed = [*interpreter_folders(), ROOT, cache_folder().resolve()]
    if os.geteuid() == 0:
        for folder in writable:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return {
        "readable": sorted({str(path) for path in needed if path.exists()}, key=len),
        "writable": [str(folder) for folder in writable],
        "covered": [str(folder) for folder in _covered([*needed, *writable])],
    }


def enter(plan: dict[str, Any], command: list[str]) -> None:
    """In a process of its own: shut everything out, then become nobody and ``command``."""
    from grader.sandbox import system_calls as system

    uid, gid = os.geteuid(), os.getegid()
    system.unshare("mount", "processes", "network", "ipc", "hostname", *(["user"] if uid else []))
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    if child := os.fork():  # the child is the first process of its namespace: all others end with it
        status = os.waitpid(child, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    system.die_with_parent()
    _raise_loopback()
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in [*plan["readable"], *plan["writable"]]}
    _read_only_from_here("/")
    for folder in plan["covered"]:
        mode = "1777" if folder.endswith("tmp") else "755"
        system.mount("tmpfs", folder, "tmpfs", system.MS_NOSUID | system.MS_NODEV, f"mode={mode},size=2g")
    for path, descriptor in kept.items():
        os.makedirs(path, exist_ok=True)
        system.mount(f"/proc/self/fd/{descriptor}", path, None, system.MS_BIND)
        flags = system.MS_REMOUNT | system.MS_BIND | system.MS_NOSUID | system.MS_NODEV
        read_only = system.MS_RDONLY if path in plan["readable"] else 0
        system.mount("none", path, None, flags | read_only)
    system.mount("tmpfs", "/dev/shm", "tmpfs", system.MS_NOSUID | system.MS_NODEV, "mode=1777,size=1g")
    system.mount("proc", "/proc", "proc", system.MS_NOSUID | system.MS_NODEV)
    if uid == 0:
        system.become(NOBODY)
    os.chdir(plan["writable"][0] if plan["writable"] else "/")
    os.closerange(3, 4096)
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    while True:  # as the first process it inherits orphans
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _raise_loopback() -> None:
    """What listens in here can be reached from in here: or a sandbox that lets it through would not show."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFFLAGS of "lo": IFF_UP
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))


def _read_only_from_here(path: str) -> None:
    """Every mount of today; what is mounted later is not touched. Devices stay devices."""
    import ctypes

    from grader.sandbox import system_calls as system

    attributes = struct.pack("QQQQ", 1, 0, 0, 0)  # MOUNT_ATTR_RDONLY
    arguments = (ctypes.c_int(-100), path.encode(), ctypes.c_uint(0x8000), attributes, ctypes.c_size_t(32))
    system.syscall(442, *arguments, what="mount_setattr")


def _covered(needed: list[Path]) -> list[Path]:
    """What is covered: what is nobody's business, and what the wrapper's user could not pass through."""
    covered = [Path(folder) for folder in _HIDDEN if os.path.isdir(folder) and not os.path.islink(folder)]
    for path in needed:
        for folder in reversed(path.parents):
            if not folder.stat().st_mode & 0o001:
                covered.append(folder)
                break
    kept: list[Path] = []
    for folder in sorted(set(covered), key=lambda path: len(path.parts)):
        if not any(other in folder.parents for other in kept):
            kept.append(folder)
    return kept


if __name__ == "__main__":
    enter(json.loads(sys.argv[1]), sys.argv[2:])
