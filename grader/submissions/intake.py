"""From a student's folder, as it was handed in, to a clean one that nbgrader may read."""

import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from grader.lesson_folder import CHECKS, NOTEBOOK, QUIZ, SOURCES
from grader.submissions.student_notebook import parse_notebook, parse_own_notebook, placeholder
from grader.submissions.untrusted_files import (
    SECRET,
    TIMESTAMP,
    FileLimits,
    Refused,
    read_regular,
    regular_files,
)

# Names that must stay files.
_THE_LESSONS = frozenset([NOTEBOOK, TIMESTAMP, SECRET, CHECKS, QUIZ, *SOURCES])


@dataclass(frozen=True)
class Intake:
    """What became of one submission.

    Attributes:
        set_aside: why a placeholder stands in for the notebook; ``None`` if it is graded.
        problems: one sentence for each file or cell that was not taken as it is.
    """

    student: str
    lesson: str
    set_aside: str | None = None
    problems: list[str] = field(default_factory=list)


def take_in(
    submitted: Path,
    clean: Path,
    *,
    lesson: str,
    cells_by_lesson: Mapping[str, set[str]] | None = None,
    limits: FileLimits | None = None,
) -> Intake:
    """Fill ``clean`` with what is taken of ``submitted``, in place of what was there.

    Args:
        submitted: the student's folder of this lesson; hostile until proved otherwise.
        clean: gets ``lesson.ipynb`` (or a placeholder that says why), the other plain files, and the
            timestamp if it is one. Replaced as a whole.
        cells_by_lesson: for each lesson the names of its answer and check cells, to tell a submission of
            another lesson or of an older release.
    """
    student = submitted.parent.name
    files, problems = regular_files(submitted, limits or FileLimits())
    for name in [name for name in files if "/" in name and name.split("/")[0] in _THE_LESSONS]:
        del files[name]
        problems.append(f"{name[:80]} is not taken: a file of the lesson has the name of that folder.")
    notebook, set_aside = _notebook(files, problems, submitted)
    if notebook is not None and cells_by_lesson:
        set_aside = _of_another_lesson(notebook, lesson, cells_by_lesson, problems)
    if set_aside is not None:
        notebook = placeholder(f"{set_aside}.")
    timestamp = _timestamp(files.pop(TIMESTAMP, None), problems)
    new = clean.parent / f".{clean.name}-{uuid.uuid4().hex[:8]}"
    try:
        new.mkdir(parents=True)
        for name, content in files.items():
            if not name.endswith(".ipynb"):
                _write(new, name, content, problems)
        nbformat.write(notebook, new / NOTEBOOK)
        if timestamp:
            (new / TIMESTAMP).write_text(timestamp)
        if clean.exists():
            shutil.rmtree(clean)
        new.rename(clean)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Intake(student, lesson, set_aside, problems)


def _notebook(
    files: dict[str, bytes], problems: list[str], submitted: Path
) -> tuple[NotebookNode | None, str | None]:
    """The notebook that is graded, or why there is none."""
    found = sorted(name for name in files if name.endswith(".ipynb") and "/" not in name)
    if NOTEBOOK in found:
        for other in found:
            if other != NOTEBOOK:
                problems.append(f"{other[:80]} was handed in beside {NOTEBOOK} and is not graded.")
        chosen = NOTEBOOK
    elif any(problem.startswith(f"{NOTEBOOK} is not taken") for problem in problems):
        reason = next(problem for problem in problems if problem.startswith(f"{NOTEBOOK} is not taken"))
        return None, reason.removesuffix(".")
    elif len(found) == 1:
        chosen = found[0]
        problems.append(f"There is no {NOTEBOOK}; {chosen[:80]} is graded in its place.")
    elif found:
        return None, f"There are {len(found)} notebooks and none is named {NOTEBOOK}"
    else:
        return None, f"There is no {NOTEBOOK} in the submission"
    try:
        return parse_notebook(files[chosen]), None
    except Refused as reason:
        return None, f"{chosen[:80]} cannot be read: {reason}"


def _of_another_lesson(
    notebook: NotebookNode, lesson: str, cells_by_lesson: Mapping[str, set[str]], problems: list[str]
) -> str | None:
    present = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata}
    shared = {name: len(present & cells) for name, cells in cells_by_lesson.items()}
    most = max(shared, key=lambda name: (shared[name], name == lesson))
    if shared[most] > shared.get(lesson, 0):
        return f"This is a submission of lesson {most}, not of {lesson}"
    missing = sorted(cells_by_lesson.get(lesson, set()) - present)
    if missing and shared.get(lesson):
        named = ", ".join(missing[:4]) + ", …" * (len(missing) > 4)
        problems.append(
            f"Cells of this release are not in the notebook ({named}): they were deleted, or it was made "
            f"from an older release."
        )
    return None


def handed_in_at(folder: Path) -> datetime | None:
    """When a submission was handed in, by its ``timestamp.txt`` (UTC, without a zone); ``None`` without one.

    Args:
        folder: as it was handed in, or as ``take_in`` filled it.
    """
    try:
        raw = read_regular(folder / TIMESTAMP, 1000)
    except (Refused, OSError):
        return None
    text = _timestamp(raw, [])
    return None if text is None else parse_utc(text)


def _timestamp(raw: bytes | None, problems: list[str]) -> str | None:
    if raw is None:
        return None
    try:
        text = raw[:200].decode("utf-8").strip()
        if not isinstance(parse_utc(text), datetime):
            raise ValueError
    except Exception:  # the parser of dates raises many kinds
        problems.append(f"{TIMESTAMP} is no time and is left out: the submission counts as not late.")
        return None
    return text


def _write(folder: Path, name: str, content: bytes, problems: list[str]) -> None:
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        problems.append(f"{name[:80]} is not taken: {os.strerror(error.errno or 0).lower()}.")


def read_clean_notebook(path: Path) -> NotebookNode:
    """The notebook that ``take_in`` wrote.

    Raises:
        Refused: it is not there.
    """
    return parse_own_notebook(read_regular(path, FileLimits().notebook * 2))
