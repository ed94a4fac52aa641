"""Run a lesson's solution from top to bottom in a fresh kernel of this very environment."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

from grader.errors import CourseError
from grader.lab.checkpoints import VARIABLE as CHECKPOINTS

CELL_TIMEOUT = 600  # seconds; far above the 30 that a lesson allows itself, a guard against endless loops

OnCell = Callable[[int, int, float], None]


def execute(
    notebook: NotebookNode, working_folder: Path, on_cell: OnCell = lambda done, total, seconds: None
) -> list[float]:
    """Execute ``notebook`` in place.

    Args:
        notebook: the lesson with its solutions.
        working_folder: where the kernel starts, the lesson's own folder.
        on_cell: called after each code cell with how many are done, how many there are, and the seconds
            that this one took.

    Returns:
        Seconds of each code cell, in order.

    Raises:
        CourseError: a cell fails, takes longer than ``CELL_TIMEOUT``, or the kernel dies; the sentence
            quotes the cell's first line.
    """
    total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in notebook.cells)
    seconds: list[float] = []
    started = 0.0

    def begin(cell: NotebookNode, cell_index: int) -> None:
        nonlocal started
        started = time.perf_counter()

    def end(cell: NotebookNode, cell_index: int, execute_reply: dict) -> None:
        seconds.append(time.perf_counter() - started)
        on_cell(len(seconds), total, seconds[-1])

    client = NotebookClient(
        notebook,
        km=_kernel_of_this_environment(),
        timeout=CELL_TIMEOUT,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(working_folder)}},
        on_cell_execute=begin,
        on_cell_executed=end,
    )
    client.owns_km = True  # nbclient leaves a kernel that it was handed running
    try:
        # Trained anew: a checkpoint of an earlier build would hide what a changed recipe gives.
        client.execute(env=os.environ | {CHECKPOINTS: "off"})
    except CellTimeoutError as error:
        where = _describe(notebook, len(seconds))
        raise CourseError(
            f"{where} ran longer than {CELL_TIMEOUT} s and was stopped, make it faster."
        ) from error
    except CellExecutionError as error:
        what = strip_ansi(f"{error.ename}: {error.evalue}").strip().splitlines()[0]
        raise CourseError(f"{_describe(notebook, len(seconds) - 1)} fails with {what}") from error
    except DeadKernelError as error:
        raise CourseError(
            f"{_describe(notebook, len(seconds))} ended the kernel (out of memory?), make it smaller."
        ) from error
    return seconds


def _kernel_of_this_environment() -> AsyncKernelManager:
    """A kernel of the running interpreter, whatever "python3" kernels a user has installed elsewhere."""
    return AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True),
    )


def _describe(notebook: NotebookNode, number: int) -> str:
    """The ``number``-th code cell in words: its line in lesson.py, where known, and how it begins."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    cell = code[min(max(number, 0), len(code) - 1)]
    first = cell.source.strip().splitlines()[0]
    place = cell.metadata.get("place", f"code cell {number + 1}")
    return f"{place}: the cell that begins `{first}`"
