"""File rules and no TCP for a process and its children (landlock(7)), with a process that reaps them.

Weaker than namespaces: names of files elsewhere can be seen in part, and other processes' numbers.
"""

import ctypes
import os
import signal
import struct
from pathlib import Path

from grader.sandbox import system_calls as system
from grader.sandbox.confinement import Confinement
from grader.sandbox.seccomp import install as filter_system_calls

_CREATE, _ADD, _RESTRICT = 444, 445, 446
LEAST = 6  # of the interface: the first that keeps signals and abstract sockets inside

# LANDLOCK_ACCESS_FS_…: execute, write, read, read folder, …, refer, truncate, device ioctl
_EXECUTE, _WRITE, _READ, _READ_FOLDER = 1, 2, 4, 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_EVERYTHING = (1 << 16) - 1
_OF_A_FILE = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc/self", "/sys/devices/system/cpu"]
_SETTINGS = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types"]


def interface() -> int:
    """The version of the kernel's Landlock, 0 where there is none."""
    try:
        return system.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1), what="landlock")
    except OSError:
        return 0


def enter(confinement: Confinement) -> None:
    """Confine the calling process, which must have one thread. Returns in a child of it.

    Raises:
        OSError: the kernel's Landlock is missing or too old.
    """
    if interface() < LEAST:
        raise OSError(38, f"Landlock's interface is {interface()}, needed is {LEAST}")
    _supervise()
    attributes = struct.pack(
        "QQQ", _EVERYTHING, 3, 3
    )  # no TCP bind or connect; abstract sockets and signals inside
    rules = system.syscall(
        _CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0), what="landlock"
    )
    read = _EXECUTE | _READ | _READ_FOLDER
    readable: list[str | Path] = [*_SYSTEM, *(f"/etc/{name}" for name in _SETTINGS), *confinement.readable]
    for path in readable:
        _allow(rules, path, read)
    for device in ("null", "zero", "random", "urandom"):
        _allow(rules, f"/dev/{device}", _READ | _WRITE)
    for terminal in ("ptmx", "pts"):  # a notebook's "!command" runs in a terminal of its own
        _allow(rules, f"/dev/{terminal}", _READ | _WRITE | _IOCTL | _READ_FOLDER)
    for path in (confinement.scratch, confinement.connection):
        _allow(rules, path, _EVERYTHING & ~_IOCTL)
    if os.geteuid() == 0 and confinement.uid:
        system.become(confinement.uid)
    elif os.geteuid() == 0:
        system.drop_capabilities()
    system.forbid_new_privileges()
    system.syscall(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0), what="landlock")
    os.close(rules)
    filter_system_calls()
    os.chdir(confinement.scratch)


def _allow(rules: int, path: str | Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        access &= _OF_A_FILE
    rule = struct.pack("=Qi", access, place)
    try:
        # 1: LANDLOCK_RULE_PATH_BENEATH
        arguments = (ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint(0))
        system.syscall(_ADD, *arguments, what=f"landlock {path}")
    finally:
        os.close(place)


def _supervise() -> None:
    """Go on in a child. The parent adopts every orphan below it and kills them all once the child ended."""
    system.adopt_orphans()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        system.die_with_parent()
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Asked to end, or left by the fork server, it first kills what is below it.
    signal.signal(signal.SIGTERM, lambda *_: _kill_children_of(parent))
    system.die_with_parent(signal.SIGTERM)
    code = None
    while True:
        try:
            ended, status = os.waitpid(-1, 0)
        except ChildProcessError:
            os._exit(code or 0)
        if ended == child:
            code = os.waitstatus_to_exitcode(status) & 0xFF
        if code is not None:  # what the child left is ours now, generation after generation
            _kill_children_of(parent)


def _kill_children_of(parent: int) -> None:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == parent:
                    os.kill(int(entry), signal.SIGKILL)
            except (OSError, IndexError):
                continue
