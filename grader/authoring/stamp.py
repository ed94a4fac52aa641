"""A fingerprint of what a built notebook was made from, kept in the notebook's own metadata."""

import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grader import exercises
from grader.lesson_folder import SOURCES, LessonFolder

METADATA_KEY = "finetuning_course"


def sources_stamp(folder: LessonFolder) -> str:
    """SHA-256 (hex) over the lesson's source files (a missing one counts too) and the code of its exercises.

    Of the code the comments and the layout do not count: no output follows from them.
    """
    digest = hashlib.sha256()
    for name in SOURCES:
        path = folder.solution / name
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"
        digest.update(f"{name} {content}\n".encode())
    for path in sorted((Path(exercises.__file__).parent / f"lesson_{folder.lesson}").glob("*.py")):
        code = _outline(ast.parse(path.read_bytes()))
        digest.update(f"{path.name} {hashlib.sha256(code.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _outline(node: Any) -> str:
    """A syntax tree as text, the same for every Python: ``ast.dump`` of 3.13 leaves out what is empty."""
    if isinstance(node, list):
        return f"[{','.join(map(_outline, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    # What a newer Python has more of, as type parameters, is empty in code that an older one reads.
    fields = [f"{name}={_outline(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
    return f"{type(node).__name__}({','.join(fields)})"


def cells_stamp(unexecuted: NotebookNode) -> str:
    """SHA-256 (hex) over what stands in the notebook's cells before it runs: texts, marks, points.

    They follow from the exercises and the quiz too, not from the lesson's own files alone.
    """
    cells = [
        [
            cell.cell_type,
            cell.source,
            {name: value for name, value in cell.metadata.items() if name != "place"},
        ]
        for cell in unexecuted.cells
    ]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def published_stamp(published: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the texts of ``checks.json`` and ``quiz.json`` that the notebook ran beside.

    They change with the engine too, and then the outputs of the checks may.
    """
    return hashlib.sha256(json.dumps(published, sort_keys=True).encode()).hexdigest()


def stamp_of(unexecuted: NotebookNode, folder: LessonFolder, published: Mapping[str, str]) -> dict[str, Any]:
    """All that a built notebook follows from, as it is kept in ``notebook.metadata["finetuning_course"]``.

    Args:
        unexecuted: as ``read_lesson`` gives it.
    """
    return {
        "sources": sources_stamp(folder),
        "cells": cells_stamp(unexecuted),
        "published": published_stamp(published),
    }


def has_stamp(notebook: NotebookNode, stamp: Mapping[str, Any]) -> bool:
    """Was ``notebook`` built from exactly this?"""
    return notebook.metadata.get(METADATA_KEY) == stamp
