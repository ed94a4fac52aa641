"""What every exercise is made of, and where each part of it runs.

``challenge`` says what is asked. ``collect`` runs beside the student's code and is not trusted: it gives
evidence, never a verdict. ``judge`` turns evidence and expected values into a verdict, and may do so in
another process, on another machine, on another day.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.machine.checks_file import read_check
from grader.exercises.machine.verdict import Finding, Verdict


class Exercise(ABC):
    """One exercise of one lesson.

    Attributes:
        id: lesson prefix and name, such as "scratch.training_step".
        lesson: folder name of the lesson.
        title: what students call it.
        signature: the call that is asked for, with what it returns.
        points: for a right answer.
        minutes: that it takes.
        difficulty: 1 (easy) to 3 (hard).
        section: heading of the lesson's section that explains it.
        answer_kind: what ``check`` is to be given, in words.
        time_limit: seconds that ``collect`` may take.
        has_checks: whether its public challenge is published in ``checks.json``.
        same_for_everybody: whether every seed asks the same: what is asked stands in the lesson itself.
    """

    id: str
    lesson: str
    title: str
    signature: str
    points: float
    minutes: int
    difficulty: int
    section: str
    answer_kind: str = "a function"
    time_limit: float = 30.0
    has_checks: bool = True
    same_for_everybody: bool = False

    def accepts(self, answer: object) -> bool:
        """Whether ``answer`` is of the kind that is asked for."""
        return isinstance(answer, Callable)

    @abstractmethod
    def challenge(self, rng: np.random.Generator) -> dict[str, Any]:
        """What is asked, as plain JSON: seeds, architectures, indices."""

    @abstractmethod
    def collect(self, answer: Any, challenge: dict[str, Any]) -> dict[str, Any]:
        """What the answer does when asked: numbers, strings, arrays and tensors, in lists and dicts."""

    @abstractmethod
    def judge(self, evidence: dict[str, Any], expected: dict[str, Any]) -> Verdict:
        """Points and findings, from decoded evidence and expected values alone."""

    def verdict(self, points: float, findings: list[Finding]) -> Verdict:
        """A verdict on this exercise."""
        return Verdict(exercise=self.id, points=points, max_points=self.points, findings=findings)

    def published(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The public challenge and what a right answer to it gives, as they came with the lesson.

        Raises:
            CourseError: the lesson's published file is missing or damaged.
        """
        return read_check(self.lesson, self.id)
