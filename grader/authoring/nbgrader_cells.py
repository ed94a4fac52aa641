"""The notebook cells that nbgrader knows, with its metadata in schema version 3."""

from typing import Any

import nbformat
from nbformat import NotebookNode

SCHEMA_VERSION = 3


def answer_cell(name: str, source: str) -> NotebookNode:
    """A student writes here; nobody can delete it."""
    return _code_cell(source, {"grade_id": name, "solution": True}, deletable=False)


def grade_cell(name: str, source: str, points: float) -> NotebookNode:
    """A check worth ``points``; its code is locked."""
    marks = {"grade_id": name, "grade": True, "locked": True, "points": float(points)}
    return _code_cell(source, marks, deletable=False, editable=False)


def read_only_cell(name: str, source: str) -> NotebookNode:
    """A locked cell without points."""
    return _code_cell(source, {"grade_id": name, "locked": True}, deletable=False, editable=False)


def _code_cell(source: str, marks: dict[str, Any], **metadata: bool) -> NotebookNode:
    nbgrader = {
        "grade": False,
        "grade_id": "",
        "locked": False,
        "schema_version": SCHEMA_VERSION,
        "solution": False,
        "task": False,
    }
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata.update(metadata)
    cell.metadata["nbgrader"] = nbformat.from_dict(nbgrader | marks)
    return cell
