"""The lessons' own training is the same for everybody: done once a lesson, not once a student.

``grader.lab.checkpoint`` takes a run from its file only while the function that makes it, all that it calls
and its arguments are the same. A student who changes her training trains anew.
"""

import asyncio
import concurrent.futures
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from grader.autograde.course_config import skeleton
from grader.autograde.execute.bounded_client import BoundedClient
from grader.autograde.execute.package_version import package_version
from grader.autograde.execute.preflight import first_error
from grader.autograde.execute.submission_job import code_sources
from grader.autograde.execute.workers import cores
from grader.autograde.grading_folder import GradingFolder
from grader.errors import CourseError
from grader.lab.cache import VARIABLE as CACHE
from grader.lab.cache import cache_folder
from grader.lab.checkpoints import FOLDER
from grader.lab.checkpoints import VARIABLE as CHECKPOINTS
from grader.lab.prepared import prepare_everything
from grader.lesson_folder import LessonFolder
from grader.sandbox import Limits, Sandbox, open_kernel

_MADE_FOR = "made_for"


def make_lesson_checkpoints(folder: LessonFolder) -> int:
    """Run the instructor's notebook once, and keep what its training gave, until lesson or package change.

    Returns:
        how many runs there are for the kernels of this lesson to take.
    """
    target = GradingFolder(folder.course).checkpoints / folder.lesson
    training = _up_to_the_last_training(skeleton(folder))
    # A checkpoint's fingerprint is made of byte code, which each Python has its own of.
    decides = [package_version(), sys.version, *code_sources(training)]
    wanted = hashlib.sha256(json.dumps(decides).encode()).hexdigest()
    mark = target / _MADE_FOR
    if not (mark.is_file() and mark.read_text() == wanted):
        target.mkdir(exist_ok=True)
        target.chmod(GradingFolder(folder.course).mode)
        for old in target.iterdir():
            old.unlink()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            finished = not training.cells or pool.submit(asyncio.run, _run(folder, training, target)).result()
        if finished:
            mark.write_text(wanted)
    return len(list(target.glob("*.json")))


def _up_to_the_last_training(notebook: NotebookNode) -> NotebookNode:
    """Its cells up to the last that keeps a checkpoint; none if there is no such cell."""
    last = max((i for i, cell in enumerate(notebook.cells) if "lab.checkpoint(" in cell.source), default=-1)
    notebook.cells = notebook.cells[: last + 1]
    return notebook


async def _run(folder: LessonFolder, training: NotebookNode, target: Path) -> bool:
    """The instructor's own code: not confined, so that its files can be fetched."""
    prepare_everything()
    home = Path(tempfile.mkdtemp(prefix="training-"))
    try:
        scratch = home / folder.lesson
        scratch.mkdir()
        for path in folder.beside_the_notebook().values():
            shutil.copy(path, scratch)
        environment = {CHECKPOINTS: "on", CACHE: str(cache_folder().resolve())}
        unlimited = {
            "cell_seconds": 3600,
            "notebook_seconds": 3600,
            "data_bytes": 1 << 40,
            "processes": 100_000,
        }
        limits = Limits(**unlimited, threads=cores())  # nobody else executes meanwhile
        async with open_kernel(Sandbox.NONE, scratch, limits, environment) as manager:
            runs, stopped = await BoundedClient(training, manager, limits).run()
        if problem := first_error(runs):
            raise CourseError(
                f"Nothing was graded: the training of {folder.lesson} itself does not run on this machine. "
                f"{problem} Mend that (`grader doctor` may say how) and run the same command again."
            )
        for path in sorted((scratch / FOLDER).glob("*.json")):
            shutil.copy(path, target)
        return stopped is None
    finally:
        shutil.rmtree(home, ignore_errors=True)
