"""Make an executed notebook say the same whenever and wherever it was built."""

import hashlib
import re
import site
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.errors import CourseError
from grader.lab.progress_bar import MARK
from grader.quiz.cell import MIME_TYPE as QUIZ_MIME

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# A bar of tqdm's ("45%|████▌ | 9/20 [00:01<…"), or a line that was redrawn in place.
_PROGRESS = re.compile(r"\d+%\|.*\||\d+it \[|\r")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b")
# Base64 inside: a chance likeness to a path must not be replaced.
_OPAQUE = ("image/png", "image/jpeg", "application/pdf", QUIZ_MIME)


def normalise(notebook: NotebookNode, lesson: str, course: Path) -> None:
    """Replace in place everything that depends on the moment, the run or the machine.

    Cell ids follow from the lesson and the cell; consecutive pieces of one stream are joined; progress
    bars go; metadata keep what the course needs; machine paths and memory addresses in text outputs
    become placeholders such as ``<home>``.

    Raises:
        CourseError: a machine path is left in the source of a cell.
    """
    paths = _machine_paths(course)
    _name_cells(notebook, lesson)
    for cell in notebook.cells:
        cell.metadata.pop("place", None)
        cell.metadata.pop("execution", None)
        for path, _ in paths:
            if path.search(cell.source):
                first = cell.source.strip().splitlines()[0]
                raise CourseError(
                    f"{lesson}/lesson.py: the cell that begins `{first}` names a folder of this machine, "
                    f"write the path relative to the lesson."
                )
        if cell.cell_type == "code":
            cell.outputs = [_without_machine(output, paths) for output in _tidy(cell.outputs)]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    language = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "version": version}
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": language})


def _name_cells(notebook: NotebookNode, lesson: str) -> None:
    """Ids from the content, so that a new cell changes no other cell's id."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.id = cell.metadata.nbgrader.grade_id[:64].replace(".", "-")
            continue
        content = f"{lesson}\n{cell.cell_type}\n{cell.source}"
        seen[content] += 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]


def _tidy(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs without progress bars and live widgets, consecutive pieces of one stream joined."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if WIDGET_VIEW in output.get("data", {}) or MARK.items() <= output.get("metadata", {}).items():
            continue
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return [output for output in kept if not _is_progress(output)]


def _is_progress(output: NotebookNode) -> bool:
    return output.output_type == "stream" and output.name == "stderr" and bool(_PROGRESS.search(output.text))


def _machine_paths(course: Path) -> list[tuple[re.Pattern[str], str]]:
    """Patterns of this machine's folders and their placeholders, the longest first."""
    folders = {str(Path.home()): "<home>", str(course): "<course>", tempfile.gettempdir(): "<temporary>"}
    folders[str(course.resolve())] = "<course>"
    folders |= {sys.prefix: "<python>", sys.base_prefix: "<python>"}
    folders |= dict.fromkeys([*site.getsitepackages(), site.getusersitepackages()], "<site-packages>")
    folders |= dict.fromkeys(
        (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")), "<site-packages>"
    )
    long_enough = {folder: name for folder, name in folders.items() if len(folder) > 2 and folder != "/usr"}
    return [
        # The name must end there: the home /root is no part of /rooted, nor of a/root.
        (re.compile(rf"(?<![\w.-]){re.escape(folder)}(?![\w-])"), name)
        for folder, name in sorted(long_enough.items(), key=lambda item: -len(item[0]))
    ]


def _without_machine(output: NotebookNode, paths: list[tuple[re.Pattern[str], str]]) -> NotebookNode:
    return nbformat.from_dict(_clean(dict(output), paths))


def _clean(value: Any, paths: list[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, str):
        for path, placeholder in paths:
            value = path.sub(placeholder, value)
        return _ADDRESS.sub("0x…", value)
    if isinstance(value, dict):
        return {key: item if key in _OPAQUE else _clean(item, paths) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, paths) for item in value]
    return value
