"""A lesson's quiz as an exercise: letters in, points out."""

import math
from typing import Any

import numpy as np

from grader.errors import CourseError
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.unrun_answers import NOT_ANSWERED
from grader.exercises.machine.verdict import Finding, Verdict
from grader.quiz.published import read_published
from grader.quiz.sealing import seal, unseal


class Letters(StrictEvidence):
    """The letters that stand in the answer cell, by question; ``None`` for no answer."""

    letters: dict[str, str | None]


class QuizExercise(Exercise):
    """The quiz of a lesson. Its questions and points come from the lesson's ``quiz.json``."""

    evidence = Letters

    title = "Quiz"
    minutes = 5
    difficulty = 1
    answer_kind = 'the dict of your answers, such as {"first-question": "B"}'
    time_limit = 10.0
    has_checks = False  # quiz.json holds everything

    section = "Quiz"

    def __init__(self, prefix: str, lesson: str) -> None:
        self.id = f"{prefix}.quiz"
        self.lesson = lesson
        self.signature = "answers: dict of one letter a question"
        self._prefix = prefix

    @property
    def points(self) -> float:  # type: ignore[override]
        """The sum of the questions' points."""
        return math.fsum(self._points().values())

    def accepts(self, answer: object) -> bool:
        """A dict, from question ids to letters or None."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict[str, Any]:
        """The ids of the questions: the same for everybody."""
        return {"questions": list(self._points())}

    def collect(self, answer: dict, challenge: dict[str, Any]) -> dict[str, Any]:
        """The letters, as they stand in the answer cell."""
        return {"letters": {str(name): _letter(choice) for name, choice in answer.items()}}

    def published(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The questions, and their sealed keys unless they are withheld."""
        points = self._points()
        challenge = {"questions": list(points)}
        try:
            published = read_published(self._prefix)
            sealed = published["parts"]["quiz"].get("sealed")
            if published["withheld"] or sealed is None:
                return challenge, {}
            secrets = unseal(sealed)
            keys = {name: secrets[name]["answer"] for name in points}
        except (AttributeError, LookupError, TypeError) as error:
            raise self._damaged() from error
        return challenge, {"sealed": seal({"keys": keys, "points": points})}

    def judge(self, evidence: Letters, expected: dict[str, Any]) -> Verdict:
        """The points of the questions that were answered rightly. A wrong answer does not tell the key."""
        letters = evidence.letters
        if "sealed" not in expected:
            questions = self._points()
            answered = sum(letters.get(name) is not None for name in questions)
            text = f"Recorded: {answered} of {len(questions)} answered. Points are given when your instructor grades."
            return self.verdict(0, [Finding(text=text)])
        opened = unseal(expected["sealed"])
        keys, points = opened["keys"], opened["points"]
        reached, findings = [], []
        for name, key in keys.items():
            if letters.get(name) == key:
                reached.append(points[name])
            elif letters.get(name) is None:
                findings.append(Finding(text=NOT_ANSWERED.format(name)))
            else:
                findings.append(
                    Finding(
                        text=f"`{name}`: {letters[name]} is not right.",
                        hint="Its feedback stands in the quiz above.",
                    )
                )
        for name in sorted(letters.keys() - keys.keys()):
            findings.append(Finding(text=f"`{name[:60]}` is no question of this quiz."))
        right = len(keys) - sum(letters.get(name) != key for name, key in keys.items())
        return self.verdict(
            math.fsum(reached), [Finding(text=f"{right} of {len(keys)} questions are right."), *findings]
        )

    def _points(self) -> dict[str, float]:
        """Points by question id. Their sum is exact (``fsum``): a full score is so in any order."""
        try:
            return {
                str(name): float(points) for name, points in read_published(self._prefix)["points"].items()
            }
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> CourseError:
        return CourseError(f"quiz.json of lesson {self.lesson} is damaged: fetch the lesson's folder again.")


def _letter(choice: object) -> str | None:
    """A letter, forgiving case and spaces; None for no answer."""
    text = str(choice).strip().upper() if choice is not None else ""
    return text[:20] or None
