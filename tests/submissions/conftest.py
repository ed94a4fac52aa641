"""A class's download as one dict, and what became of it."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.submissions.collect import Collected, collect

LESSON = "02_freezing"
CELLS = ("a-answer", "a", "b-answer", "b")


def notebook(text: str = "", cells: tuple[str, ...] = CELLS) -> bytes:
    """A notebook with cells of the lesson; ``text`` tells it from others."""
    marks = [{"nbgrader": {"grade_id": name}} for name in cells]
    content = [{"cell_type": "code", "source": text, "metadata": mark, "outputs": []} for mark in marks]
    content.append({"cell_type": "markdown", "source": text, "metadata": {}})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": content}).encode()


def zipped(path: Path, files: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Course:
    """A course's folder, into which downloads are collected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(
        self, files: Mapping[str, bytes | str], roster: str | bytes | None = None, name: str = "d", **options
    ) -> Collected:
        source = zipped(self.folder / f"{name}.zip", files)
        return self.collect_from(source, roster, **options)

    def collect_from(self, source: Path, roster: str | bytes | None = None, **options) -> Collected:
        path = None
        if roster is not None:
            path = self.folder / "class.csv"
            path.write_bytes(roster if isinstance(roster, bytes) else roster.encode())
        options.setdefault("cells", CELLS)
        return collect(source, LESSON, self.folder / "submitted", roster=path, **options)

    @property
    def submitted(self) -> dict[str, bytes]:
        """What is a submission now, by student."""
        found = everything(self.folder / "submitted")
        assert all(name.endswith(f"/{LESSON}/lesson.ipynb") for name in found)
        return {name.split("/")[0]: content for name, content in found.items()}

    @property
    def unmatched(self) -> list[bytes]:
        return sorted(everything(self.folder / "unmatched").values())


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


@pytest.fixture
def write() -> Callable[..., bytes]:
    return notebook
