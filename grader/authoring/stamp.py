"""A fingerprint of what a built notebook was made from, kept in the notebook's own metadata."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

from grader.lesson_folder import SOURCES, LessonFolder

METADATA_KEY = "finetuning_course"


def sources_stamp(folder: LessonFolder) -> str:
    """SHA-256 (hex) over the names and contents of the lesson's source files; a missing file counts too."""
    digest = hashlib.sha256()
    for name in SOURCES:
        path = folder.solution / name
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def published_stamp(published: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the texts of ``checks.json`` and ``quiz.json`` that the notebook ran beside.

    They change with the engine too, and then the outputs of the checks may.
    """
    return hashlib.sha256(json.dumps(published, sort_keys=True).encode()).hexdigest()


def write_stamp(notebook: NotebookNode, folder: LessonFolder, published: Mapping[str, str]) -> None:
    """Store both fingerprints in ``notebook.metadata["finetuning_course"]``."""
    notebook.metadata[METADATA_KEY] = _stamp(folder, published)


def has_stamp(notebook: NotebookNode, folder: LessonFolder, published: Mapping[str, str]) -> bool:
    """Was ``notebook`` built from exactly these sources and beside exactly these published files?"""
    return notebook.metadata.get(METADATA_KEY) == _stamp(folder, published)


def _stamp(folder: LessonFolder, published: Mapping[str, str]) -> dict[str, Any]:
    return {"sources": sources_stamp(folder), "published": published_stamp(published)}
