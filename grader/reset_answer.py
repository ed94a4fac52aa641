"""Give an answer of a saved notebook its released text again; the old answer stays below it, as a comment.

The release keeps that text in the cell's metadata, so that nothing else is needed. In JupyterLab the same
comes with a right click on the cell (``grader/quiz/labextension/static/reset.js``).

May import: nothing of the other rooms.
"""

import json
from pathlib import Path
from typing import Any

from grader import course
from grader.atomic_write import write_atomically
from grader.cell_names import RELEASED, grade_id
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK
from grader.nearest_name import did_you_mean

KEPT = "# What stood here before the reset:"


def reset_answer(exercise_id: str) -> Path:
    """Reset one answer in the course's ``notebooks/``; the path of the notebook.

    Args:
        exercise_id: such as ``"freezing.freeze_backbone"``, or of a quiz ``"freezing.quiz"``.

    Raises:
        CourseError: there is no such answer, it stands as released, or the file cannot be written.
    """
    wanted = {grade_id(exercise_id, "answer"), grade_id(exercise_id, "answers")}
    known = []
    for path in sorted(course.RELEASES.glob(f"*/{NOTEBOOK}")):
        notebook = _read(path)
        for cell in notebook.get("cells", []):
            name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
            released = cell.get("metadata", {}).get(RELEASED)
            if name in wanted and released is None:
                raise CourseError(
                    f"{path} does not hold its released answers: fetch the lesson's folder again."
                )
            if released is None:
                continue
            if name in wanted:
                _reset(cell, released, exercise_id)
                _write(path, notebook)
                return path
            known.append(name.removesuffix("s").removesuffix("-answer").replace("-", ".", 1))
    nearest = did_you_mean(exercise_id, known)
    raise CourseError(f"No lesson in {course.RELEASES} has an answer {exercise_id!r}{nearest}")


def reset_source(source: str, released: str) -> str:
    """The released text, and below it what stood there, as a comment."""
    old = "\n".join(f"# {line}".rstrip() for line in source.rstrip().split("\n"))
    return f"{released}\n\n{KEPT}\n{old}" if source.strip() else released


def _reset(cell: dict[str, Any], released: str, exercise_id: str) -> None:
    source = "".join(cell.get("source", ""))
    if source.strip() == released.strip():
        raise CourseError(f"The answer to {exercise_id} is as it was released: there is nothing to reset.")
    cell["source"] = reset_source(source, released).splitlines(keepends=True)
    cell["outputs"], cell["execution_count"] = [], None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a damaged lesson is no reason not to reset an answer of another one
    return content if isinstance(content, dict) else {}


def _write(path: Path, notebook: dict[str, Any]) -> None:
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    try:
        write_atomically(path, f"{text}\n", path.stat().st_mode & 0o777)
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}): nothing was changed.") from error
