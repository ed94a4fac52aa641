"""Which sandboxes this machine offers, and the strongest of them."""

import functools
import shutil
import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path

from grader.errors import CourseError
from grader.sandbox.containers import image_is_there

_PROBE_SECONDS = 60


class Sandbox(StrEnum):
    """Strongest and fastest first; ``NONE`` is for students who are trusted."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    BUBBLEWRAP = "bwrap"
    DOCKER = "docker"
    PODMAN = "podman"
    NONE = "none"


def available() -> dict[Sandbox, str | None]:
    """Why each sandbox cannot be used here; ``None`` where it works. Each is tried, not looked up."""
    return {sandbox: _problem(sandbox) for sandbox in Sandbox if sandbox is not Sandbox.NONE}


def choose(name: str = "auto", trust_students: bool = False) -> Sandbox:
    """The sandbox of this name; for "auto" the strongest that works.

    Args:
        trust_students: run without any where none works, or where ``name`` is "none".

    Raises:
        CourseError: there is no such sandbox, it does not work here, or none does.
    """
    if name not in {"auto", *Sandbox}:
        raise CourseError(f"There is no sandbox {name!r}: choose one of auto, {', '.join(Sandbox)}.")
    if name == Sandbox.NONE:
        if not trust_students:
            raise CourseError(
                "Without a sandbox only students whom you trust are graded: add --trust-students."
            )
        return Sandbox.NONE
    if name != "auto":
        if (problem := _problem(Sandbox(name))) is not None:
            raise CourseError(f"The sandbox {name} does not work here ({problem}): choose another, or auto.")
        return Sandbox(name)
    for sandbox in Sandbox:
        if sandbox is not Sandbox.NONE and _problem(sandbox) is None:
            return sandbox
    if trust_students:
        return Sandbox.NONE
    raise CourseError(
        "No sandbox works on this machine, so nothing was run: install bubblewrap or allow user namespaces "
        "(`grader doctor` says what is missing), or, if you know every student, add --trust-students."
    )


@functools.cache
def _problem(sandbox: Sandbox) -> str | None:
    if not sys.platform.startswith("linux") and sandbox in (
        Sandbox.NAMESPACES,
        Sandbox.LANDLOCK,
        Sandbox.BUBBLEWRAP,
    ):
        return "it needs Linux"
    if sandbox in (Sandbox.DOCKER, Sandbox.PODMAN):
        return image_is_there(sandbox)
    if sandbox is Sandbox.BUBBLEWRAP and shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    # A folder of a short name, as the kernels get.
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        Path(folder).chmod(0o711)
        command = [sys.executable, "-P", "-m", "grader.sandbox.probe", sandbox, folder]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_PROBE_SECONDS,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the trial did not end: {type(error).__name__}"
    said = done.stdout.strip().splitlines()
    if done.returncode == 0 and said and said[-1] == "confined":
        return None
    return (said or done.stderr.strip().splitlines() or ["the trial gave no answer"])[-1][:300]
