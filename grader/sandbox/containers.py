"""The command line of Docker or Podman around a kernel, with no network."""

import os
import shutil
import subprocess

from grader.sandbox.confinement import Confinement

IMAGE = "FINETUNING_COURSE_IMAGE"  # names an image that holds this environment
DEFAULT_IMAGE = "finetuning-course"


def image() -> str:
    """The image that kernels run in: it must have this package and its requirements installed."""
    return os.environ.get(IMAGE, DEFAULT_IMAGE)


def image_is_there(program: str) -> str | None:
    """Why ``program`` (docker, podman) cannot run kernels here; ``None`` if it can."""
    if shutil.which(program) is None:
        return f"{program} is not installed"
    try:
        done = subprocess.run(
            [program, "image", "inspect", image()],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{program} does not answer"
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()
    if said and "connect" in said[-1].lower():
        return f"{program}'s service is not running"
    return f"it has no image {image()!r} (the variable {IMAGE} names another)"


def command(program: str, confinement: Confinement, name: str) -> list[str]:
    """What stands before ``python -m ipykernel_launcher …``."""
    limits = confinement.limits
    owner = confinement.uid or os.getuid()
    words = [program, "run", "--rm", "--name", name, "--network", "none", "--read-only", "--cap-drop", "ALL"]
    words += ["--security-opt", "no-new-privileges", "--pids-limit", str(limits.processes)]
    words += ["--memory", str(limits.cgroup_bytes), "--memory-swap", str(limits.cgroup_bytes)]
    words += ["--ulimit", f"fsize={limits.file_bytes}", "--ulimit", "core=0", "--user", f"{owner}:{owner}"]
    words += ["--tmpfs", "/tmp:size=128m"]
    for path in (confinement.connection, confinement.scratch):
        words += ["--volume", f"{path}:{path}"]
    for path in confinement.readable:
        words += ["--volume", f"{path}:{path}:ro"]
    return [*words, "--workdir", str(confinement.scratch)]
