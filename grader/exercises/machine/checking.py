"""``check``: the one line under a student's cell."""

import json
import sys
from collections import Counter
from typing import Any

from grader.errors import CheckBroken, CourseError
from grader.exercises.machine.collecting import Collected, collect_evidence
from grader.exercises.machine.evidence import MIME
from grader.exercises.machine.graded_challenge import graded_challenge, is_graded
from grader.exercises.machine.judging import judge_evidence, measure_evidence
from grader.exercises.machine.registry import find_exercise
from grader.exercises.machine.rendering import as_html, as_text
from grader.exercises.machine.unrun_answers import told_if_not_run
from grader.exercises.machine.verdict import Finding, Verdict

_ATTEMPTS_BEFORE_POINTER = 3
_failed: Counter[str] = Counter()  # failed attempts of this kernel, by exercise
_measured: dict[
    str, dict[str, Any] | None
] = {}  # at the last check in this kernel, for exercises that need it


class CheckResult:
    """A verdict that shows itself: as HTML in a notebook, as text in a terminal.

    Its ``text/plain`` is the score alone, since nbgrader takes partial credit from a cell whose result is
    a number (nbgrader documentation, "Autograded tests").
    """

    def __init__(self, verdict: Verdict, collected: Collected | None = None, pointer: str = "") -> None:
        self.verdict = verdict
        self._bundle = collected.bundle if collected else None
        self._printed = collected.printed if collected else ""
        self._pointer = pointer

    def __float__(self) -> float:
        return float(self.verdict.points)

    def __repr__(self) -> str:
        return repr(float(self))

    def __str__(self) -> str:
        return as_text(self.verdict, self._printed, self._pointer)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "text/plain": repr(self),
            "text/html": as_html(self.verdict, self._printed, self._pointer),
        }
        if self._bundle is not None:
            shown[MIME] = json.dumps(self._bundle)
        return shown


class EvidenceGiven:
    """What ``check`` gives where it is graded: the evidence, and what the answer printed, but no verdict."""

    def __init__(self, exercise_id: str, collected: Collected) -> None:
        self._text = f"Evidence for {exercise_id}.\n{collected.printed}".rstrip()
        self._bundle = collected.bundle

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": self._text, MIME: json.dumps(self._bundle)}


def check(exercise_id: str, answer: object) -> CheckResult | EvidenceGiven:
    """Check an answer and show the verdict. Never raises: a notebook goes on after a failed check.

    In a kernel that grades (``grader.exercises.machine.graded_challenge``) the verdict is made elsewhere, later.

    >>> check("start.majority_baseline", majority_baseline)  # doctest: +SKIP
    """
    if is_graded():
        exercise = find_exercise(exercise_id)
        return EvidenceGiven(exercise.id, collect_evidence(exercise, answer, graded_challenge(exercise.id)))
    collected, pointer = None, ""
    try:
        collected, verdict = _try(exercise_id, answer)
        verdict = told_if_not_run(exercise_id, collected.bundle, verdict)
        if verdict.passed:
            _failed.pop(exercise_id, None)
        else:
            _failed[exercise_id] += 1
            if _failed[exercise_id] >= _ATTEMPTS_BEFORE_POINTER:
                pointer = find_exercise(exercise_id).section
    except CourseError as problem:
        verdict = _no_verdict(exercise_id, str(problem))
    except CheckBroken as broken:
        verdict = _broken(exercise_id, broken.reason)
    except Exception as error:  # a fault of ours must not end a student's notebook
        verdict = _broken(exercise_id, f"{type(error).__name__}: {error}")
    result = CheckResult(verdict, collected, pointer)
    if not _in_notebook():
        _print(str(result))
    return result


def _broken(exercise_id: object, reason: str) -> Verdict:
    text = "This check is broken; your answer was not judged. Please tell your instructor."
    verdict = _no_verdict(exercise_id, text)
    finding = Finding(text=text, hint=f"What to tell: {reason[:500]}", id="check-broken")
    return verdict.model_copy(update={"findings": [finding], "judged": False})


def _no_verdict(exercise_id: object, sentence: str) -> Verdict:
    name = exercise_id[:80] if isinstance(exercise_id, str) else "unknown"
    return Verdict(exercise=name, points=0, max_points=0, findings=[Finding(text=sentence)])


def _print(text: str) -> None:
    """Print, with "?" for the signs that a terminal of another encoding does not know."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def try_answer(exercise_id: str, answer: object) -> Verdict:
    """The verdict on any Python object as an answer, outside a notebook.

    Raises:
        CourseError: no such exercise, or its lesson's ``checks.json`` is missing or damaged.
        CheckBroken: the check failed, not the answer.
    """
    return _try(exercise_id, answer)[1]


def _try(exercise_id: str, answer: object) -> tuple[Collected, Verdict]:
    exercise = find_exercise(exercise_id)
    challenge, expected = exercise.published()
    collected = collect_evidence(exercise, answer, challenge)
    _measured[exercise.id] = None  # what an earlier answer reached no longer counts
    if expected is None:  # an examination
        told = "Recorded. Points are given when your instructor grades."
        return collected, exercise.verdict(0, [Finding(text=told)])
    others = {name: _measured.get(name) for name in exercise.needs}
    verdict = judge_evidence(collected.bundle, expected, exercise.id, others=others)
    _measured[exercise.id] = measure_evidence(collected.bundle, expected, exercise.id)
    return collected, verdict


def _in_notebook() -> bool:
    """Whether the shell shows rich results: a kernel does, a terminal does not."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return type(get_ipython()).__name__ == "ZMQInteractiveShell"
