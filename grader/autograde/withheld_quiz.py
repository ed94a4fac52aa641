"""Judge a quiz whose keys never left ``solutions/``."""

import contextlib
import json
from pathlib import Path
from typing import Any

from grader.quiz.publish import keys
from grader.quiz.schema import load_quiz
from grader.quiz.sealing import seal


def is_withheld(lesson: Path) -> bool:
    """Was the quiz of the lesson in this folder of ``solutions/`` published without its keys?

    A ``quiz.json`` that is missing or damaged is not withheld: the notebook's own check then says so.
    """
    try:
        return json.loads((lesson / "quiz.json").read_text(encoding="utf-8"))["withheld"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def judge_withheld(evidence: Any, lesson: Path, exercise_id: str) -> tuple[float, list[str]]:
    """Points and one sentence per finding for the evidence that a quiz check gave.

    Args:
        evidence: the bundle from the check's output, ``None`` where there is none; untrusted.
        lesson: the lesson's folder in ``solutions/``, with ``quiz.yaml``.
        exercise_id: the exercise that the check cell stands for, such as ``"scratch.quiz"``.

    Raises:
        CourseError: ``quiz.yaml`` is broken.
    """
    # Imported here: nbgrader loads this module for every command, and few of them judge.
    from grader.exercises import judge_evidence

    quiz = load_quiz(lesson / "quiz.yaml")
    points = {question.id: question.points for question in quiz.questions}
    expected = {"sealed": seal({"keys": keys(quiz), "points": points})}
    # A quiz looks for its questions in the working folder first: they must be those of this course.
    with contextlib.chdir(lesson):
        verdict = judge_evidence(evidence, expected, exercise_id)
    return verdict.points, [finding.text for finding in verdict.findings]
