"""The command line of bubblewrap around a kernel that is started cold."""

import os
from pathlib import Path

from grader.sandbox.confinement import Confinement

_SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"]
_SETTINGS = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types"]


def command(confinement: Confinement) -> list[str]:
    """What stands before the kernel's own command: everything unshared, limits set, privileges dropped."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--hostname", "sandbox"]
    for folder in _SYSTEM:
        if os.path.islink(folder):
            words += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            words += ["--ro-bind", folder, folder]
    for name in _SETTINGS:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for path in sorted(confinement.readable, key=lambda path: len(path.parts)):
        words += ["--ro-bind-try", str(path), str(path)]
    for path in (confinement.connection, confinement.scratch):
        words += ["--bind", str(path), str(path)]
    return [*words, "--chdir", str(confinement.scratch), "--", *_limits(confinement)]


def _limits(confinement: Confinement) -> list[str]:
    limits = confinement.limits
    words = {"data": limits.data_bytes, "nproc": limits.processes, "fsize": limits.file_bytes, "core": 0}
    found = next((path for path in (Path("/usr/bin/prlimit"), Path("/bin/prlimit")) if path.exists()), None)
    return [str(found), *(f"--{name}={value}" for name, value in words.items()), "--"] if found else []
