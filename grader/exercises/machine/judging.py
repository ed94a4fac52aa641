"""From a bundle of evidence to a verdict: needs nothing but JSON and never runs an answer."""

from typing import Any

from grader.exercises.machine.evidence import Bundle, EvidenceError, decode, read_bundle
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.registry import find_exercise
from grader.exercises.machine.verdict import Finding, Verdict

# What a judge may raise over evidence of an odd form. A mistake in the judge itself (NameError, …) is none.
_STUMBLES = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


def judge_evidence(
    bundle: dict[str, Any] | str | None,
    expected: dict[str, Any],
    exercise_id: str | None = None,
    challenge_digest: str | None = None,
) -> Verdict:
    """The verdict on a bundle. Evidence that is missing, malformed or of something else earns nothing.

    Args:
        bundle: as ``collect_evidence`` gave it, or its JSON text; untrusted.
        expected: what a right answer gives, as stored in ``checks.json``.
        exercise_id: the exercise that is to be judged; by default the one that the bundle names.
        challenge_digest: of the challenge that was asked, where the bundle must answer just that one.

    Raises:
        CourseError: there is no exercise of this id.
    """
    try:
        read = read_bundle(bundle)
    except EvidenceError as problem:
        if exercise_id is None:
            return Verdict(exercise="unknown", points=0, max_points=0, findings=[Finding(text=str(problem))])
        return _nothing(find_exercise(exercise_id), str(problem))
    exercise = find_exercise(exercise_id or read.exercise)
    if read.exercise != exercise.id:
        return _nothing(exercise, f"The evidence belongs to another exercise: {read.exercise}.")
    if challenge_digest is not None and read.challenge != challenge_digest:
        return _nothing(exercise, "The evidence answers another question than the one that was asked.")
    if read.outcome != "collected":
        return exercise.verdict(0, [_explain(exercise, read)])
    try:
        wanted = decode(expected)
    except EvidenceError:
        return _nothing(exercise, "What came with this check is damaged: fetch the lesson's folder again.")
    try:
        evidence = decode(read.evidence)
        if not isinstance(evidence, dict):
            raise EvidenceError("The evidence is malformed.")
        verdict = exercise.judge(evidence, wanted)
    except EvidenceError as problem:
        return _nothing(exercise, str(problem))
    except _STUMBLES:
        return _nothing(exercise, "The evidence does not have the form that this check gives.")
    return verdict


def _nothing(exercise: Exercise, sentence: str) -> Verdict:
    return exercise.verdict(0, [Finding(text=sentence)])


def _explain(exercise: Exercise, bundle: Bundle) -> Finding:
    """Why there is no evidence to judge."""
    sentences = {
        "unwritten": (
            "Not written yet.",
            f"Replace `raise NotImplementedError()` in your function, or in one that it calls; "
            f"wanted is `{exercise.signature}`.",
        ),
        "wrong kind": (
            f"This check takes {exercise.answer_kind}, but {bundle.message}.",
            f"Wanted is `{exercise.signature}`; give it without calling it.",
        ),
        "raised": (
            f"Your code stopped with {bundle.message}",
            "Run your code by itself on a small input and look at the shapes on the way.",
        ),
        "timed out": (
            f"Your code did not come back within {bundle.message} seconds and was stopped.",
            "Is there a loop that never ends, or a training where one step was asked for?",
        ),
        "not encodable": (bundle.message, f"Wanted is `{exercise.signature}`."),
    }
    text, hint = sentences[bundle.outcome]
    return Finding(text=text, hint=hint)
