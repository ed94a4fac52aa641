"""What other checks of the same submission measured, for the exercises whose judge compares with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.autograde.execution import CellRun
from grader.autograde.judging.challenges import expected_for
from grader.exercises import find_exercise
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.judging import measure_evidence


def measured_by_others(
    course: Path,
    lesson: str,
    exercise_id: str,
    runs: Mapping[str, Sequence[CellRun]],
    challenges: Mapping[str, dict[str, Any]],
) -> dict[str, dict[str, Any] | None]:
    """By id, what each exercise that ``exercise_id`` needs measured; ``None`` without just one bundle of it.

    Args:
        runs: the check cells of the submission by exercise id.
        challenges: what this submission was asked, by exercise id.

    Raises:
        CheckBroken: the code of such an exercise failed.
        CourseError: a file of the instructor's is broken.
    """
    found: dict[str, dict[str, Any] | None] = {}
    for other in find_exercise(exercise_id).needs:
        bundles = [bundle for run in runs.get(other, ()) for bundle in run.bundles]
        if len(bundles) != 1 or other not in challenges:  # twice counts for nothing, as in its own cell
            found[other] = None
            continue
        expected = expected_for(course, lesson, other, challenges[other])
        found[other] = measure_evidence(bundles[0], expected, other, digest(challenges[other]))
    return found
