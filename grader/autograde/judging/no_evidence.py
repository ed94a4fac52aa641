"""Why a check cell gave nothing to judge, and what the student can do about it."""

import re
from typing import Any

from grader.autograde.execution import CellRun
from grader.exercises.machine.verdict import Finding

_UNDEFINED = re.compile(r"name '(\w{1,80})' is not defined")
_NOT_PYTHON = ("SyntaxError", "IndentationError", "TabError")


def no_evidence(run: CellRun, stopped: str | None, answer: CellRun | None) -> Finding | None:
    """The one finding on a check without just one bundle of evidence; ``None`` if it gave one.

    Args:
        run: the check's cell.
        stopped: why the notebook ended before its last cell; ``None`` if it did not.
        answer: the cell of the answer, ``None`` if there is none.
    """
    if len(run.bundles) > 1:
        return Finding(
            text=f"The check gave evidence {len(run.bundles)} times; it counts only if given once.",
            id="evidence-given-twice",
        )
    if run.bundles:
        return None
    if error := _error(run):
        undefined = _UNDEFINED.match(error["evalue"]) if error["ename"] == "NameError" else None
        if undefined:
            return _undefined(undefined[1], answer)
        return _nothing(f"There is no evidence: the check stopped with {_told(error)}")
    if stopped:
        return _nothing(f"There is no evidence: the check did not run. {stopped}")
    return _nothing("There is no evidence: the check gave none.")


def _undefined(name: str, answer: CellRun | None) -> Finding:
    """The check asked for a name that nothing defined: mostly, the answer's cell did not run to its end."""
    hint, mistake = _why_undefined(name, answer)
    return Finding(
        text=f"There is no evidence: the check stopped with NameError, since `{name}` is not defined.",
        hint=hint,
        id=mistake,
    )


def _why_undefined(name: str, answer: CellRun | None) -> tuple[str, str]:
    """Hint and id of the mistake."""
    if name in ("check", "quiz"):
        hint = f"`{name}` is imported by the lesson's first cell: did a cell of yours delete or rename it?"
        return hint, "check-deleted"
    error = _error(answer) if answer else None
    if error and error["ename"] in _NOT_PYTHON:
        return (
            f"Nothing in the cell of your answer ran, so that it did not define `{name}` either: it is not "
            f"valid Python ({_told(error)}). Run that cell by itself and mend the line that it shows.",
            "answer-is-not-python",
        )
    if error:
        return (
            f"The cell of your answer stopped with {_told(error)} before it had defined `{name}`. Run that "
            f"cell by itself.",
            "answer-stopped",
        )
    if answer is None or answer.execution_count is None:
        return f"The cell of your answer, which is to define `{name}`, did not run.", "answer-did-not-run"
    return (
        f"The cell of your answer ran, but defines no `{name}`: is it spelled as in the task, and does it "
        f"begin at the left margin?",
        "answer-not-defined",
    )


def _nothing(text: str) -> Finding:
    return Finding(text=text, id="no-evidence")


def _error(run: CellRun) -> dict[str, Any] | None:
    return next((output for output in run.outputs if output["output_type"] == "error"), None)


def _told(error: dict[str, Any]) -> str:
    return f"{error['ename']}: {error['evalue']}"[:300]
