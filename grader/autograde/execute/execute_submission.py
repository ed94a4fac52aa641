"""Execute one submission: a plain function from a job to an execution, on any machine with this package."""

import asyncio
import concurrent.futures
import json
import logging
import os
import tempfile
import time
from pathlib import Path

import nbformat

from grader.autograde.execute.bounded_client import BoundedClient
from grader.autograde.execute.package_version import package_version
from grader.autograde.execute.submission_job import SubmissionJob
from grader.autograde.execution import Execution
from grader.errors import CourseError
from grader.exercises.machine.graded_challenge import VARIABLE as CHALLENGES
from grader.lab.cache import VARIABLE as CACHE
from grader.lab.cache import cache_folder
from grader.lab.checkpoints import VARIABLE as CHECKPOINTS
from grader.lab.prepared import prepare_everything
from grader.sandbox import Sandbox, open_kernel
from grader.sandbox.remove_tree import remove_tree

_LOG = logging.getLogger(__name__)
_LARGEST_MESSAGE = 4_000_000  # bytes: twice the evidence, in base64, of any check


def execute(job: SubmissionJob) -> Execution:
    """Run all cells of the job's notebook in its sandbox.

    Whatever the student's code does ends up in the execution: it never raises for her.

    Raises:
        KernelLost: the fork server was killed meanwhile.
        CourseError: this machine cannot run it: another version of the package, no disk, …
    """
    if job.version != package_version():
        raise CourseError(
            "This worker has another version of the course than the grader: update it and start it again."
        )
    # In a thread of its own: the formgrader calls us where a loop of events is running already.
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="execute") as pool:
        return pool.submit(asyncio.run, _execute(job)).result()


class KernelLost(CourseError):
    """The kernel ended because this machine ended it, not the student: worth another try."""


async def _execute(job: SubmissionJob) -> Execution:
    prepare_everything()
    # Not in memory: several may run at once.
    home = Path(tempfile.mkdtemp(prefix="grading-"))
    started = time.monotonic()
    try:
        scratch = home / job.lesson  # a lesson's files are looked for in a folder of its name
        environment = _lay_out(job, scratch)
        notebook = nbformat.reads(job.notebook, as_version=4)
        async with open_kernel(
            Sandbox(job.sandbox), scratch, job.limits, environment, [cache_folder()]
        ) as manager:
            manager.context.maxmsgsize = _LARGEST_MESSAGE  # a larger one closes its connection
            runs, stopped = await BoundedClient(notebook, manager, job.limits).run()
            if stopped and getattr(manager.provisioner, "lost_its_server", False):
                raise KernelLost("The process that starts the kernels was killed: is there enough memory?")
    except OSError as error:
        raise CourseError(
            f"The submission cannot be executed on this machine: {error.strerror or error}."
        ) from error
    finally:
        try:
            remove_tree(home)
        except OSError as problem:  # the result is there; a folder that is left is no reason to lose it
            _LOG.warning("%s could not be removed: %s", home, problem)
    return Execution(
        lesson=job.lesson,
        student=job.student,
        key=job.key,
        sandbox=job.sandbox,
        stopped=stopped,
        seconds=time.monotonic() - started,
        cells=runs,
    )


def _lay_out(job: SubmissionJob, scratch: Path) -> dict[str, str]:
    """Write the job's files; give the variables that tell the kernel of them."""
    scratch.mkdir()
    for name, content in job.files.items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    challenges = scratch / ".challenges.json"
    challenges.write_text(json.dumps(job.challenges), encoding="utf-8")
    # The prepared data can be read, and what else a student's code prepares goes to her own folder.
    cache = scratch / ".cache"
    cache.mkdir()
    for path in cache_folder().iterdir():
        if path.is_file() and path.suffix != ".lock":
            (cache / path.name).symlink_to(path.resolve())
    return {
        CHALLENGES: str(challenges.resolve()),
        CACHE: str(cache.resolve()),
        CHECKPOINTS: "on",
        "NBGRADER_EXECUTION": "autograde",
        "TZ": os.environ.get("TZ", "UTC"),
    }
