"""Exercises: what is asked, what is collected beside the answer, how it is judged.

May import: quiz, lab.

Shelves, from the top down:

    lesson_*                    # one exercise a file; no lesson imports another's
    kit                         # what exercises are made of
    machine                     # what they all run on; knows no lesson
"""

from grader.exercises.machine.checking import check, try_answer
from grader.exercises.machine.collecting import collect_evidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.judging import judge_evidence
from grader.exercises.machine.published_checks import public_challenge
from grader.exercises.machine.registry import all_exercises, find_exercise
from grader.exercises.machine.verdict import Finding, Verdict

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
