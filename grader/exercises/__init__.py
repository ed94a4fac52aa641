"""Exercises: what is asked, what is collected beside the answer, how it is judged."""

from grader.exercises.checking import check, try_answer
from grader.exercises.collecting import collect_evidence
from grader.exercises.exercise import Exercise
from grader.exercises.judging import judge_evidence
from grader.exercises.published_checks import public_challenge
from grader.exercises.registry import all_exercises, find_exercise
from grader.exercises.verdict import Finding, Verdict

__all__ = [
    "Exercise",
    "Finding",
    "Verdict",
    "all_exercises",
    "check",
    "collect_evidence",
    "find_exercise",
    "judge_evidence",
    "public_challenge",
    "try_answer",
]
