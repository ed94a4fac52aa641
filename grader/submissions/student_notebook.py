"""What is taken of a notebook file: types, ids and texts of its cells. Everything else is left behind."""

import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.submissions.untrusted_files import Refused

CELLS, CELL_CHARACTERS, NAME_CHARACTERS = 1_000, 200_000, 120
_PLACEHOLDER = "finetuning_course_placeholder"  # in the metadata, of which nothing is taken from a student
_SIGNS, _ESCAPED = re.compile(r"([!-/:-@\[-`{-~])"), r"\\\1"
_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")
TOO_LONG = "raise ValueError('This cell is too long to be graded: it has more than 200,000 characters.')"


def parse_notebook(raw: bytes) -> NotebookNode:
    """A clean notebook of format 4 from the bytes of a file.

    Args:
        raw: UTF-8 JSON, with or without a byte order mark.

    Returns:
        code and Markdown cells with their sources (line ends as ``\\n``); of the metadata only
        ``nbgrader.grade_id``, and the cell's ``id``, where they are texts.

    Raises:
        Refused: it is no notebook of format 4.
    """
    content = _json(raw)
    if not isinstance(content, dict):
        raise Refused("it is JSON, but no notebook")
    if "worksheets" in content or _is_older(content.get("nbformat")):
        raise Refused("it is a notebook of an old format: open it in JupyterLab and save it again")
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise Refused("it is JSON, but no notebook: it has no list of cells")
    if len(cells) > CELLS:
        raise Refused(f"it has {len(cells):,} cells, and {CELLS:,} are allowed")
    clean = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    _name_cells(clean, [cell.get("id") for cell in cells if isinstance(cell, dict)])
    return new_notebook(cells=clean)


def placeholder(reason: str) -> NotebookNode:
    """Stands for a notebook that could not be read, and says why.

    Args:
        reason: may hold names of files, so every sign that means something to Markdown or HTML is escaped.
    """
    text = f"**This submission could not be graded:** {_SIGNS.sub(_ESCAPED, reason)}"
    return new_notebook(cells=[new_markdown_cell(text)], metadata={_PLACEHOLDER: True})


def is_placeholder(notebook: NotebookNode) -> bool:
    """Did :func:`placeholder` make it? No cell of a student's can say so."""
    return bool(notebook.metadata.get(_PLACEHOLDER))


def parse_own_notebook(raw: bytes) -> NotebookNode:
    """As :func:`parse_notebook`, of a file that ``take_in`` wrote: it may be a placeholder.

    Raises:
        Refused: as :func:`parse_notebook`.
    """
    notebook = parse_notebook(raw)
    if is_placeholder(nbformat.from_dict(_json(raw))):
        notebook.metadata[_PLACEHOLDER] = True
    return notebook


def _json(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("it is not UTF-8 text") from None
    if not text.strip():
        raise Refused("it is empty")
    try:
        return json.loads(text)
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    except ValueError:  # of json, or a number with too many digits
        raise Refused("it is damaged: it is not valid JSON") from None


def _is_older(version: Any) -> bool:
    return isinstance(version, int | float) and not isinstance(version, bool) and version < 4


def _cell(cell: dict[str, Any]) -> NotebookNode:
    source = _source(cell.get("source"))
    if len(source) > CELL_CHARACTERS:
        source = TOO_LONG
    clean = new_code_cell(source) if cell.get("cell_type") == "code" else new_markdown_cell(source)
    if (grade_id := _grade_id(cell)) is not None:
        clean.metadata["nbgrader"] = {"grade_id": grade_id}
    return clean


def _name_cells(cells: list[NotebookNode], ids: list[Any]) -> None:
    """Each cell keeps its id, where that is one and stands once."""
    taken: set[str] = set()
    for number, (cell, name) in enumerate(zip(cells, ids, strict=True)):
        if not (isinstance(name, str) and _CELL_ID.fullmatch(name) and name not in taken):
            name = f"unnamed-{number}"
        taken.add(name)
        cell["id"] = name


def _grade_id(cell: dict[str, Any]) -> str | None:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return _printable(name)[:NAME_CHARACTERS] if isinstance(name, str) else None


def _source(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return _printable(source).replace("\r\n", "\n").replace("\r", "\n")


def _printable(text: str) -> str:
    """Halves of surrogate pairs become "?": no file could hold them."""
    return text.encode("utf-8", "replace").decode()
