"""From a bundle of evidence to a verdict: needs nothing but JSON and never runs an answer.

Three ends, as check50 has them: the answer is judged; the evidence is not what the check gives, which is the
student's zero with its reason; or the check itself broke (``CheckBroken``), which is never a mark.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from grader.errors import CheckBroken, CourseError
from grader.exercises.machine.evidence import Bundle, EvidenceContradicts, EvidenceError, decode, read_bundle
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.registry import find_exercise
from grader.exercises.machine.verdict import Finding, Verdict


def judge_evidence(
    bundle: dict[str, Any] | str | None,
    expected: dict[str, Any],
    exercise_id: str | None = None,
    challenge_digest: str | None = None,
    others: Mapping[str, dict[str, Any] | None] | None = None,
) -> Verdict:
    """The verdict on a bundle. Evidence that is missing, malformed or of something else earns nothing.

    Args:
        bundle: as ``collect_evidence`` gave it, or its JSON text; untrusted.
        expected: what a right answer gives, as stored in ``checks.json``.
        exercise_id: the exercise that is to be judged; by default the one that the bundle names.
        challenge_digest: of the challenge that was asked, where the bundle must answer just that one.
        others: by id, what ``measure_evidence`` gives for each exercise that this one ``needs``.

    Raises:
        CheckBroken: the check failed, not the answer: the judge, or what came with it, or ``collect``.
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
    if read.outcome == "check failed":
        raise CheckBroken(exercise.id, read.message)
    if read.outcome != "collected":
        return exercise.verdict(0, [_explain(exercise, read)])
    try:
        evidence = _validated(exercise, read.evidence)
        return _judged(exercise, evidence, expected, others or {})
    except EvidenceError as problem:
        return _nothing(exercise, str(problem))


def measure_evidence(
    bundle: dict[str, Any] | str | None,
    expected: dict[str, Any],
    exercise_id: str,
    challenge_digest: str | None = None,
) -> dict[str, Any] | None:
    """What other exercises of the same submission may compare with; ``None`` if the bundle cannot be judged.

    Args:
        bundle, expected, exercise_id, challenge_digest: as ``judge_evidence`` takes them.

    Raises:
        CheckBroken: the exercise's own code failed, not the answer.
    """
    exercise = find_exercise(exercise_id)
    try:
        read = read_bundle(bundle)
        answers_it = read.exercise == exercise.id and challenge_digest in (None, read.challenge)
        if not answers_it or read.outcome != "collected":
            return None
        evidence = _validated(exercise, read.evidence)
        return _blamed_on_us(exercise, lambda: exercise.measured(evidence, decode(expected)))
    except EvidenceError:  # _blamed_on_us lets through only what the evidence contradicts
        return None


def _validated(exercise: Exercise, content: Any) -> Any:
    """The evidence as the exercise's model has it.

    Raises:
        EvidenceError: it does not have that form.
    """
    decoded = decode(content)
    if not isinstance(decoded, dict):
        raise EvidenceError("The evidence is malformed.")
    try:
        return exercise.evidence.model_validate(decoded)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "evidence"
        raise EvidenceError(
            f"The evidence does not have the form that this check gives ({where[:100]}: {problem['msg'][:150]})."
        ) from error


def _judged(
    exercise: Exercise, evidence: Any, expected: dict[str, Any], others: Mapping[str, dict[str, Any] | None]
) -> Verdict:
    wanted = _blamed_on_us(exercise, lambda: decode(expected))

    def judge() -> Verdict:
        if exercise.needs:
            wanted["others"] = {
                name: others[name] for name in exercise.needs
            }  # KeyError: the caller forgot one
        return exercise.judge(evidence, wanted)

    return _blamed_on_us(exercise, judge)


def _blamed_on_us(exercise: Exercise, call: Callable[[], Any]) -> Any:
    """What ``call`` gives. The evidence is validated, so whatever it raises is the course's own fault.

    Raises:
        EvidenceContradicts: what the evidence says cannot all be true; the student's own doing.
        CheckBroken: anything else.
    """
    try:
        return call()
    except EvidenceContradicts:
        raise
    except CourseError as problem:
        raise CheckBroken(exercise.id, str(problem)) from problem
    except Exception as slip:
        raise CheckBroken(exercise.id, f"{type(slip).__name__}: {slip}") from slip


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
        "raised": (f"Your code stopped with {bundle.message}", bundle.hint),
        "timed out": (
            f"Your code did not come back within {bundle.message} seconds and was stopped.",
            "Is there a loop that never ends, or a training where one step was asked for?",
        ),
        "not encodable": (bundle.message, f"Wanted is `{exercise.signature}`."),
    }
    text, hint = sentences[bundle.outcome]
    return Finding(text=text, hint=hint, id=bundle.outcome.replace(" ", "-"))
