"""Run a notebook in a kernel that may say anything; keep only what has the right form and size."""

import asyncio
import atexit
import contextlib
import json
import logging
import time
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode
from traitlets.config import Config

from grader.autograde.execution import CellRun
from grader.exercises.machine.evidence import MAX_BYTES, MIME
from grader.sandbox.limits import Limits

_LOG = logging.getLogger(__name__)
_LOG.setLevel(logging.CRITICAL)  # what goes wrong stands in the outputs

INTERRUPT_SECONDS = 5.0  # that a cell has for ending after it was interrupted
MOST_EVIDENCE = 8 * MAX_BYTES  # bytes of all bundles of a notebook
MOST_BUNDLES = 4  # a cell: one is right, the others only show that there were more
_SHOWN = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
)
_ERROR_CHARACTERS, _TRACEBACK_LINES = 2_000, 60


class Stopped(Exception):
    """Why the rest of a notebook is not run, in one sentence."""


class BoundedClient(NotebookClient):
    """An ``nbclient`` that trusts no message.

    A message counts for the cell that is running or not at all; nothing rewrites another cell's outputs;
    widgets, unknown kinds of data and malformed messages are dropped; evidence is set apart.
    """

    def __init__(self, notebook: NotebookNode, manager: AsyncKernelManager, limits: Limits) -> None:
        super().__init__(
            notebook,
            km=manager,
            allow_errors=True,
            startup_timeout=60,
            raise_on_iopub_timeout=False,
            iopub_timeout=4,
            interrupt_on_timeout=True,
            store_widget_state=False,
            record_timing=False,
            config=Config(),
            log=_LOG,
        )
        self.timeout_func = lambda _: self._seconds_left()  # type: ignore[assignment]  # nbclient takes floats
        self._limits = limits
        self._room, self._evidence_room = limits.output_bytes, MOST_EVIDENCE
        self._full = False
        self._current = CellRun()

    async def run(self) -> tuple[list[CellRun], str | None]:
        """Run all code cells.

        Returns:
            one run for each code cell, and why the last ones were not run (``None`` if all were).
        """
        runs: list[CellRun] = []
        stopped: str | None = None
        self.reset_execution_trackers()
        self._deadline = time.monotonic() + self._limits.notebook_seconds
        try:
            async with self.async_setup_kernel():
                for index, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code":
                        self._current = CellRun()
                        runs.append(self._current)
                        await self._run_cell(cell, index)
        except Stopped as reason:
            stopped = str(reason)
        except (DeadKernelError, RuntimeError):
            stopped = "The kernel ended: its memory ran out, or the code ended it."
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever a message of a strange form makes the protocol raise
            stopped = f"The kernel's messages could not be understood ({type(error).__name__})."
        finally:
            if self.kc is not None:
                self.kc.stop_channels()
            # nbclient leaves it there if the kernel does not start, and then fails when this program ends.
            atexit.unregister(self._cleanup_kernel)
        codes = sum(cell.cell_type == "code" for cell in self.nb.cells)
        runs += [CellRun() for _ in range(codes - len(runs))]
        return runs, stopped

    async def _run_cell(self, cell: NotebookNode, index: int) -> None:
        if self._seconds_left() <= 0:
            raise Stopped(f"The notebook used up its {self._limits.notebook_seconds:g} seconds.")
        if not cell.source.strip():
            return
        self._current.execution_count = self.code_cells_executed + 1
        await self.async_execute_cell(cell, index)
        # Not awaited by nbclient after a time-out, and a cell may have ended its kernel at its last breath.
        await self._async_check_alive()

    def _seconds_left(self) -> float:
        return min(self._limits.cell_seconds, self._deadline - time.monotonic())

    async def _async_handle_timeout(self, timeout: float, cell: NotebookNode | None = None) -> dict[str, Any]:
        """Interrupt; what does not end then ends the notebook."""
        self._show_error(
            "CellTimeoutError", f"This cell ran for more than {timeout:.0f} seconds and was stopped."
        )
        assert self.km is not None  # a cell is running
        assert self.kc is not None
        with contextlib.suppress(Exception):
            await ensure_async(self.km.interrupt_kernel())
        deadline = time.monotonic() + INTERRUPT_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=left))
            except Empty:
                break
            if isinstance(reply.get("content"), dict) and "status" in reply["content"]:
                return reply
        raise Stopped(f"A cell ran for more than {timeout:.0f} seconds and could not be interrupted.")

    def process_message(self, message: dict[str, Any], cell: NotebookNode, cell_index: int) -> None:
        """Keep what a message shows, in the run of the current cell."""
        from nbclient.client import CellExecutionComplete

        kind, content = message.get("msg_type"), message.get("content")
        if not isinstance(content, dict):
            return
        if kind == "status" and content.get("execution_state") == "idle":
            raise CellExecutionComplete()
        if kind == "stream":
            self._keep_stream(content)
        elif kind in ("display_data", "execute_result"):
            self._keep_data(kind, content)
        elif kind == "error":
            self._show_error(content.get("ename"), content.get("evalue"), content.get("traceback"))
        elif kind == "clear_output":
            self._current.outputs.clear()

    def _keep_stream(self, content: dict[str, Any]) -> None:
        text, name = content.get("text"), content.get("name")
        if not isinstance(text, str) or not self._has_room(text):
            return
        name = "stderr" if name == "stderr" else "stdout"
        outputs = self._current.outputs
        if outputs and outputs[-1].get("name") == name:
            outputs[-1]["text"] += _plain(text)
        else:
            outputs.append({"output_type": "stream", "name": name, "text": _plain(text)})

    def _keep_data(self, kind: str, content: dict[str, Any]) -> None:
        data = content.get("data")
        if not isinstance(data, dict):
            return
        if MIME in data:
            self._keep_evidence(data[MIME])
        shown = {
            name: _plain(data[name]) for name in _SHOWN if isinstance(data.get(name), str) and name != MIME
        }
        if shown and self._has_room(*shown.values()):
            output: dict[str, Any] = {"output_type": kind, "data": shown, "metadata": {}}
            if kind == "execute_result":
                output["execution_count"] = self._current.execution_count
            self._current.outputs.append(output)

    def _keep_evidence(self, bundle: Any) -> None:
        if len(self._current.bundles) >= MOST_BUNDLES:
            return
        text = bundle if isinstance(bundle, str) else "not a text"
        size = _bytes(text)
        if size > MAX_BYTES or size > self._evidence_room:
            text = "too large"
        else:
            self._evidence_room -= size
        self._current.bundles.append(_plain(text))

    def _show_error(self, name: Any, value: Any, traceback: Any = ()) -> None:
        lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
        lines = [_plain(line)[:_ERROR_CHARACTERS] for line in lines[-_TRACEBACK_LINES:]]
        error: dict[str, Any] = {
            "output_type": "error",
            "ename": _plain(str(name))[:200],
            "evalue": _plain(str(value))[:_ERROR_CHARACTERS],
            "traceback": lines,
        }
        if self._has_room(error["evalue"], *lines):
            self._current.outputs.append(error)

    def _has_room(self, *texts: str) -> bool:
        """Count the bytes that these texts take in the stored JSON; once there is no room, say so once."""
        if self._full:
            return False
        self._room -= sum(map(_bytes, texts)) + 50
        if self._room < 0:
            self._full = True
            text = f"… more than {self._limits.output_bytes:,} bytes of output; the rest is left out.\n"
            self._current.outputs.append({"output_type": "stream", "name": "stdout", "text": text})
        return not self._full


def with_outputs(notebook: NotebookNode, runs: list[CellRun]) -> None:
    """Write what was kept into the code cells of ``notebook``."""
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, run in zip(codes, runs, strict=True):
        cell.outputs = [nbformat.from_dict(output) for output in run.outputs]
        cell.execution_count = run.execution_count


def _bytes(text: str) -> int:
    return len(json.dumps(text))


def _plain(text: str) -> str:
    """Halves of surrogate pairs become "?"."""
    return text.encode("utf-8", "replace").decode()
