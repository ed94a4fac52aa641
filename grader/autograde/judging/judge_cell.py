"""From what one check cell gave to a verdict."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.autograde.execution import CellRun
from grader.autograde.judging.challenges import broken_check, expected_for, lesson_quiz
from grader.autograde.judging.explain_quiz import explain_quiz
from grader.autograde.judging.no_evidence import no_evidence
from grader.autograde.judging.other_checks import measured_by_others
from grader.exercises import Verdict, find_exercise, judge_evidence
from grader.exercises.machine.evidence import decode, digest
from grader.exercises.machine.quiz_exercise import QuizExercise
from grader.lesson_folder import LessonFolder
from grader.quiz.published import is_withheld


@dataclass(frozen=True)
class CheckRuns:
    """What the cells of one executed submission gave that its judges look at.

    Attributes:
        challenges: what this submission was asked, by exercise id.
        stopped: why the run ended before the last cell.
        checks: the check cells by exercise id; more than one if a check stands twice.
        answers: the cells of the answers by exercise id.
    """

    course: Path
    lesson: str
    challenges: Mapping[str, dict[str, Any]]
    stopped: str | None = None
    checks: dict[str, list[CellRun]] = field(default_factory=dict)
    answers: dict[str, CellRun] = field(default_factory=dict)


def judge_cell(exercise_id: str, run: CellRun, runs: CheckRuns) -> Verdict:
    """The verdict on the one bundle that the cell must have given; anything else earns nothing and says why.

    Args:
        run: the check's cell, one of ``runs.checks``.

    Raises:
        CheckBroken: the check failed, not the answer: there is no mark.
        CourseError: a file of the instructor's is broken. It never raises for what a student did.
    """
    exercise = find_exercise(exercise_id)
    with broken_check(exercise_id):
        if problem := no_evidence(run, runs.stopped, runs.answers.get(exercise_id)):
            return exercise.verdict(0, [problem])
        challenge = runs.challenges[exercise_id]
        expected = expected_for(runs.course, runs.lesson, exercise_id, challenge)
        others = measured_by_others(runs.course, runs.lesson, exercise_id, runs.checks, runs.challenges)
        verdict = judge_evidence(run.bundles[0], expected, exercise_id, digest(challenge), others)
        if isinstance(exercise, QuizExercise) and (letters := _letters(run.bundles[0])) is not None:
            withheld = is_withheld(LessonFolder(runs.lesson, runs.course))
            return explain_quiz(lesson_quiz(runs.course, runs.lesson), letters, verdict, withheld)
        return verdict


def _letters(bundle: str) -> dict[str, object] | None:
    """The letters of a quiz, if the bundle holds any; the verdict on it is made already."""
    try:
        letters = decode(json.loads(bundle)["evidence"])["letters"]
    except Exception:  # untrusted
        return None
    return letters if isinstance(letters, dict) else None
