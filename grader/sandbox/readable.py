"""Where the interpreter and its libraries lie: what every kernel may read."""

import os
import sys
import sysconfig
from pathlib import Path

import grader


def interpreter_folders() -> tuple[Path, ...]:
    """The environment, the interpreter that it was made from, and this package; no folder of the course."""
    found = {Path(folder).absolute() for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    found |= {Path(sysconfig.get_path(name)).absolute() for name in ("purelib", "platlib", "stdlib")}
    # An environment may see the packages of another: a hub's shared one, or `--system-site-packages`.
    found |= {Path(folder).absolute() for folder in sys.path if folder.endswith("-packages")}
    executable = Path(sys.executable)
    while executable.is_symlink():  # each link on the way must be there
        executable = executable.parent / executable.readlink()
        found.add(Path(os.path.normpath(executable)).parent)
    found.add(Path(grader.__file__).resolve().parent)
    found -= {Path("/usr"), Path("/")}
    return tuple(sorted(folder for folder in found if not _lies_below_another(folder, found)))


def _lies_below_another(folder: Path, others: set[Path]) -> bool:
    return any(other in folder.parents for other in others) or Path("/usr") in folder.parents
