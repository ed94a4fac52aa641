"""A filter of system calls: what no notebook needs and an attack would (seccomp(2), BPF)."""

import ctypes
import errno
import platform
import socket
import struct

from grader.sandbox.system_calls import syscall

# From the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_DENIED = {
    "x86_64": {
        "ptrace": 101, "pivot_root": 155, "acct": 163, "mount": 165, "umount2": 166, "swapon": 167,
        "reboot": 169, "init_module": 175, "kexec_load": 246, "add_key": 248, "request_key": 249,
        "keyctl": 250, "unshare": 272, "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39, "mount": 40, "pivot_root": 41, "acct": 89, "unshare": 97, "kexec_load": 104,
        "init_module": 105, "ptrace": 117, "reboot": 142, "add_key": 217, "request_key": 218,
        "keyctl": 219, "swapon": 224, "perf_event_open": 241, "open_by_handle_at": 265, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "bpf": 280,
        "userfaultfd": 282,
    },
}  # fmt: skip
_DENIED_EVERYWHERE = [
    425,
    428,
    429,
    430,
    432,
    442,
]  # io_uring_setup, open_tree, move_mount, fsopen, fsmount, …
_CLONE3 = 435
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_…
_NEW_USER = 0x10000000

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06  # BPF codes
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = (
    0,
    4,
    16,
    24,
)  # offsets in struct seccomp_data
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_X32_BIT = 0x40000000


def install() -> None:
    """Filter the calling process and everything that it starts. Needs ``forbid_new_privileges()`` first.

    Mounting, namespaces, tracing, keys, BPF, io_uring and the like fail with "operation not permitted";
    sockets fail with "permission denied" but for those of this machine's files (AF_UNIX), those that list
    interfaces, and TCP, which the network namespace or Landlock stops: Landlock does not know UDP.

    Raises:
        OSError: the kernel has no seccomp filters, or the processor is not known.
    """
    program = _program(platform.machine())
    code = ctypes.create_string_buffer(b"".join(program))
    filter_program = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    # 1: SECCOMP_SET_MODE_FILTER
    syscall(_SECCOMP[platform.machine()], ctypes.c_uint(1), ctypes.c_uint(0), filter_program, what="seccomp")


def _program(machine: str) -> list[bytes]:
    if machine not in _ARCHITECTURE:
        raise OSError(errno.ENOSYS, f"seccomp: not known for {machine}")
    refuse = _ERROR | errno.EPERM
    program = [
        _line(_LOAD, _ARCHITECTURE_AT),
        _line(_EQUAL, _ARCHITECTURE[machine], 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER_AT),
        _line(_ABOVE, _X32_BIT - 1, 0, 1),  # another numbering of the same calls
        _line(_RETURN, _KILL),
    ]
    for number in sorted([*_DENIED[machine].values(), *_DENIED_EVERYWHERE]):
        program += [_line(_EQUAL, number, 0, 1), _line(_RETURN, refuse)]
    # The C library falls back to clone, whose flags a filter can read.
    program += [_line(_EQUAL, _CLONE3, 0, 1), _line(_RETURN, _ERROR | errno.ENOSYS)]
    program += [
        _line(_EQUAL, _CLONE[machine], 0, 3),
        _line(_LOAD, _FIRST_ARGUMENT_AT),
        _line(_ANY_BIT, _NEW_USER, 0, 12),
        _line(_RETURN, refuse),
        _line(_EQUAL, _SOCKET[machine], 0, 10),
        _line(_LOAD, _FIRST_ARGUMENT_AT),
        _line(_EQUAL, socket.AF_UNIX, 8, 0),
        _line(_EQUAL, socket.AF_NETLINK, 7, 0),  # how the C library lists interfaces, which ZeroMQ asks for
        _line(_EQUAL, socket.AF_INET, 1, 0),
        _line(_EQUAL, socket.AF_INET6, 0, 4),
        _line(_LOAD, _SECOND_ARGUMENT_AT),
        _line(_AND, 0xF),  # without the flags that may be in it
        _line(_EQUAL, socket.SOCK_STREAM, 2, 0),
        _line(_RETURN, _ERROR | errno.EACCES),
        _line(_RETURN, _ERROR | errno.EACCES),
        _line(_RETURN, _ALLOW),
    ]
    return program


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
