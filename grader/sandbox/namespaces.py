"""A process with a file system, a network and a process table of its own (namespaces(7))."""

import os
import signal
from pathlib import Path

from grader.sandbox import system_calls as system
from grader.sandbox.confinement import Confinement
from grader.sandbox.seccomp import install as filter_system_calls

# What programs and libraries of the system need, and nothing that tells of the machine's people.
_SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"]
_SETTINGS = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types"]
_DEVICES = ["null", "zero", "full", "random", "urandom"]
_SHARED_MEMORY, _TEMPORARY = "256m", "128m"
_SOCKETS = "1m,nr_inodes=64"  # the connection file and five sockets


def enter(confinement: Confinement) -> None:
    """Confine the calling process, which must have one thread. Returns in a descendant, as its only thread.

    The calling process itself stays outside, waits for the descendant and ends as it ended; when it is
    killed, everything inside is killed with it.

    Raises:
        OSError: the system does not allow it.
    """
    is_root, uid, gid = os.geteuid() == 0, os.geteuid(), os.getegid()
    names = ["mount", "hostname", "ipc", "processes", "network"]
    system.unshare(*names, *([] if is_root else ["user"]))
    if not is_root:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _become_child_and_wait()
    _lay_out_files(confinement)
    _become_child_and_wait(reap=True)
    if is_root and confinement.uid:
        system.become(confinement.uid)
    else:
        system.drop_capabilities()
    system.forbid_new_privileges()
    filter_system_calls()


def _become_child_and_wait(reap: bool = False) -> None:
    """Go on in a child. The parent ends as the child does; ``reap``: as the init of its namespace."""
    child = os.fork()
    if child == 0:
        system.die_with_parent()
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        ended, status = os.waitpid(-1 if reap else child, 0)
        if ended == child:  # when the init of a namespace ends, the kernel kills all that is left in it
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _lay_out_files(confinement: Confinement) -> None:
    """A new root that holds only what the confinement names, and nothing of the old one."""
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    scratch, given = str(confinement.scratch), _read_tree(confinement.scratch)
    connection, sockets = str(confinement.connection), _read_tree(confinement.connection)
    owner = confinement.uid if os.geteuid() == 0 and confinement.uid else os.geteuid()
    # Over a folder that the new root does not show; the mount is this namespace's own.
    root = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"
    sources = _open_sources(confinement)
    system.mount("tmpfs", root, "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=16m,mode=755")
    for name in _DEVICES:
        _bind(f"/dev/{name}", root, read_only=False)
    for folder, size in (("/dev/shm", _SHARED_MEMORY), ("/tmp", _TEMPORARY)):
        _mount_empty(root + folder, size, "1777", owner)
    os.makedirs(f"{root}/dev/pts")  # a notebook's "!command" runs in a terminal of its own
    terminals = "newinstance,ptmxmode=0666,mode=620"
    system.mount("devpts", f"{root}/dev/pts", "devpts", system.MS_NOSUID, terminals)
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    for folder in _SYSTEM:
        if os.path.lexists(folder):
            _bind(folder, root)
    for name in _SETTINGS:
        if os.path.exists(f"/etc/{name}"):
            _bind(f"/etc/{name}", root)
    for path, descriptor in sources:
        _bind(path, root, through=f"/proc/self/fd/{descriptor}")
        os.close(descriptor)
    _mount_empty(root + scratch, str(confinement.limits.scratch_bytes), "700", owner)
    _write_tree(root + scratch, given, owner)
    # A file system of its own, which vanishes with the kernel: what is made in it never reaches this machine.
    _mount_empty(root + connection, _SOCKETS, "700", owner)
    _write_tree(root + connection, sockets, owner)
    os.makedirs(f"{root}/proc", exist_ok=True)
    system.mount("proc", f"{root}/proc", "proc", system.MS_NOSUID | system.MS_NODEV)
    os.makedirs(f"{root}/.old")
    system.pivot_root(root, f"{root}/.old")
    os.chdir("/")
    system.detach_mount("/.old")
    os.rmdir("/.old")
    flags = system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID | system.MS_NODEV
    system.mount("none", "/", None, flags)
    os.chdir(scratch)


def _open_sources(confinement: Confinement) -> list[tuple[str, int]]:
    """Paths with descriptors, shortest first: a later mount may cover what an earlier one came from."""
    paths = sorted(set(confinement.readable), key=lambda path: len(path.parts))
    return [(str(path), os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in paths if path.exists()]


def _bind(source: str, root: str, through: str | None = None, read_only: bool = True) -> None:
    target = root + source
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(through or source):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).touch()
    system.mount(through or source, target, None, system.MS_BIND | system.MS_REC)
    if read_only:
        system.make_read_only(target)


def _mount_empty(target: str, size: str, mode: str, owner: int) -> None:
    os.makedirs(target, exist_ok=True)
    data = f"size={size},mode={mode},uid={owner},gid={owner}"
    system.mount("tmpfs", target, "tmpfs", system.MS_NOSUID | system.MS_NODEV, data)


def _read_tree(folder: Path) -> dict[str, bytes | Path]:
    """The files that the grader put there (small, and nobody else's), and where its links lead."""
    return {
        str(path.relative_to(folder)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def _write_tree(folder: str, files: dict[str, bytes | Path], owner: int) -> None:
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
    for path in Path(folder).rglob("*"):
        os.chown(path, owner, owner, follow_symlinks=False)
