"""At the desk: whether the answer cell of a quiz was changed and not run before its check."""

from typing import Any

from grader.exercises.machine.verdict import Finding, Verdict
from grader.quiz.standing_letters import standing_letters

_YET = ": not answered yet."
NOT_ANSWERED = "`{}`" + _YET
_NOT_RUN = "The answer cell was changed and not run: run it, then check again."
_PERHAPS = "If there are letters in the answer cell, it was not run after they were written: run it, then check again."


def told_if_not_run(exercise_id: str, bundle: dict[str, Any], verdict: Verdict) -> Verdict:
    """The verdict on a quiz's evidence, which says so first if other letters stand in the answer cell by now.

    Where nobody knows what stands there, a hint says what to do if a question seems not to be answered.
    """
    evidence = bundle.get("evidence")
    judged = evidence.get("letters") if isinstance(evidence, dict) else None
    if not isinstance(judged, dict):
        return verdict  # no quiz, or no answers to one
    standing = standing_letters(exercise_id)
    if standing is None:
        first, *rest = verdict.findings
        if not any(finding.text.endswith(_YET) for finding in rest):
            return verdict
        return _with(verdict, [first.model_copy(update={"hint": _PERHAPS}), *rest])
    changed = [
        name for name, letter in standing.items() if letter is not None and letter != (judged.get(name) or "")
    ]
    if not changed:
        return verdict
    answered = {NOT_ANSWERED.format(name) for name in changed if standing[name]}
    kept = [finding for finding in verdict.findings if finding.text not in answered]
    return _with(verdict, [Finding(text=_NOT_RUN, id="answers-not-run"), *kept])


def _with(verdict: Verdict, findings: list[Finding]) -> Verdict:
    return verdict.model_copy(update={"findings": findings})
