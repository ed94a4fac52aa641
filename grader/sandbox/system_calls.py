"""The Linux calls that Python does not offer, through ctypes. Each raises ``OSError`` when it fails."""

import ctypes
import os
import platform
import struct

NEW_NAMESPACES = {
    "mount": 0x20000,
    "hostname": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "processes": 0x20000000,
    "network": 0x40000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 24, 36
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4

# Of the two processors that PyTorch's wheels for Linux are made for. Calls above 423 are the same on all.
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126},
    "aarch64": {"pivot_root": 41, "capset": 91},
}
_MOUNT_SETATTR = 442

_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """``result`` of a C call, or the ``OSError`` that it stands for."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object, what: str) -> int:
    """Call by number.

    Raises:
        OSError: as the kernel says.
    """
    return check(_libc.syscall(ctypes.c_long(number), *arguments), what)


def unshare(*names: str) -> None:
    """Leave the named namespaces (keys of ``NEW_NAMESPACES``) for new ones."""
    flags = sum(NEW_NAMESPACES[name] for name in names)
    check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """``mount(2)``."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    result = _libc.mount(*encoded, ctypes.c_ulong(flags), None if data is None else data.encode())
    check(result, f"mount {target}")


def make_read_only(path: str) -> None:
    """A mount and all mounts below it, read-only (Linux 5.12, ``mount_setattr``)."""
    attributes = struct.pack("QQQQ", _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV, 0, 0, 0)
    syscall(
        _MOUNT_SETATTR,
        ctypes.c_int(_AT_FDCWD),
        os.fsencode(path),
        ctypes.c_uint(_AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(len(attributes)),
        what=f"mount_setattr {path}",
    )


def detach_mount(path: str) -> None:
    """``umount2`` with ``MNT_DETACH``."""
    check(_libc.umount2(os.fsencode(path), 2), f"umount {path}")


def pivot_root(new: str, old: str) -> None:
    """``pivot_root(2)``."""
    syscall(_number("pivot_root"), os.fsencode(new), os.fsencode(old), what="pivot_root")


def die_with_parent(by: int = 9) -> None:
    """The calling process gets the signal ``by`` when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0)


def adopt_orphans() -> None:
    """Descendants whose parents ended become children of the calling process."""
    check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def forbid_new_privileges() -> None:
    """No program that is started later gains anything by a set-user-id bit."""
    check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def drop_capabilities() -> None:
    """All of them, from every set."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, nothing = struct.pack("II", _CAPABILITY_VERSION_3, 0), struct.pack("IIIIII", *([0] * 6))
    syscall(_number("capset"), header, nothing, what="capset")


def become(uid: int) -> None:
    """From root to the user and group ``uid``, for good. The process still ends with its parent."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    die_with_parent()  # Linux forgets it when the user changes


def _number(name: str) -> int:
    try:
        return _NUMBERS[platform.machine()][name]
    except KeyError:
        raise OSError(38, f"{name}: not known for {platform.machine()}") from None
