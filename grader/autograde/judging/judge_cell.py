"""From what one check cell gave to a verdict."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.autograde.execution import CellRun, Execution
from grader.autograde.judging.challenges import expected_for, lesson_quiz
from grader.autograde.judging.explain_quiz import explain_quiz
from grader.errors import CourseError
from grader.exercises import Finding, Verdict, find_exercise, judge_evidence
from grader.exercises.machine.evidence import decode, digest
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.lesson_folder import LessonFolder
from grader.quiz.published import is_withheld


def judge_cell(
    course: Path,
    lesson: str,
    exercise_id: str,
    run: CellRun,
    execution: Execution,
    challenges: dict[str, dict[str, Any]],
    others: Mapping[str, dict[str, Any] | None],
) -> Verdict:
    """The verdict on the one bundle that the cell must have given; anything else earns nothing and says why.

    Args:
        others: what ``measured_by_others`` gives for this exercise.

    Raises:
        CourseError: a file of the instructor's is broken. It never raises for a student.
    """
    exercise = find_exercise(exercise_id)
    if problem := _no_evidence(run, execution):
        return exercise.verdict(0, [problem])
    challenge = challenges[exercise_id]
    expected = expected_for(course, lesson, exercise_id, challenge)
    try:
        verdict = judge_evidence(run.bundles[0], expected, exercise_id, digest(challenge), others)
    except CourseError:
        raise
    except Exception as error:  # a judge that stumbles over untrusted evidence must not end the class
        return exercise.verdict(
            0, [Finding(text=f"The evidence could not be judged ({type(error).__name__}).")]
        )
    if isinstance(exercise, QuizExercise) and (letters := _letters(run.bundles[0])) is not None:
        withheld = is_withheld(LessonFolder(lesson, course))
        return explain_quiz(lesson_quiz(course, lesson), letters, verdict, withheld)
    return verdict


def _no_evidence(run: CellRun, execution: Execution) -> Finding | None:
    if len(run.bundles) > 1:
        return Finding(
            text=f"The check gave evidence {len(run.bundles)} times; it counts only if given once."
        )
    if run.bundles:
        return None
    if execution.stopped:
        return Finding(text=f"There is no evidence: the check did not run. {execution.stopped}")
    errors = [output for output in run.outputs if output["output_type"] == "error"]
    if errors:
        told = f"{errors[0]['ename']}: {errors[0]['evalue']}"[:300]
        return Finding(text=f"There is no evidence: the check stopped with {told}")
    return Finding(text="There is no evidence: the check gave none.")


def _letters(bundle: str) -> dict[str, object] | None:
    """The letters of a quiz, if the bundle holds any; the verdict on it is made already."""
    try:
        letters = decode(json.loads(bundle)["evidence"])["letters"]
    except Exception:  # untrusted
        return None
    return letters if isinstance(letters, dict) else None
