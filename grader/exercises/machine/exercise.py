"""What every exercise is made of, and where each part of it runs.

``challenge`` says what is asked. ``collect`` runs beside the student's code and is not trusted: it gives
evidence, never a verdict. Evidence is validated against the exercise's model. ``judge`` turns it, with the
expected values, into a verdict, and may do so in another process, on another machine, on another day.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from grader.exercises.machine.checks_file import read_check
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.mistakes import Mistake
from grader.exercises.machine.verdict import Finding, Verdict


class Exercise(ABC):
    """One exercise of one lesson.

    Attributes:
        id: the lesson's prefix and a name, such as "scratch.training_step".
        lesson: folder name of the lesson; the registry sets it, from the exercise's place.
        title: what students call it.
        signature: the call that is asked for, with what it returns.
        points: for a right answer.
        minutes: that it takes.
        difficulty: 1 (easy) to 3 (hard).
        section: heading of the lesson's section that explains it; exercises of a lesson are in its order.
        evidence: the model of what ``collect`` gives.
        mistakes: every row of the exercise's tables of known mistakes.
        answer_kind: what ``check`` is to be given, in words.
        time_limit: seconds that ``collect`` may take.
        one_thread: whether ``collect`` runs on one thread: right for small networks.
        has_checks: whether its public challenge is published in ``checks.json``.
        same_for_everybody: whether every seed asks the same: what is asked stands in the lesson itself.
        needs: ids of the exercises of the same lesson, further up, whose results ``judge`` compares with. What
            their ``measured`` gives for the same submission is ``expected["others"]``, by id.
    """

    id: str
    lesson: str = ""
    title: str
    signature: str
    points: float
    minutes: int
    difficulty: int
    section: str
    evidence: ClassVar[type[StrictEvidence]]
    mistakes: Sequence[Mistake] = ()
    answer_kind: str = "a function"
    time_limit: float = 30.0
    one_thread: bool = True
    has_checks: bool = True
    same_for_everybody: bool = False
    needs: Sequence[str] = ()

    def accepts(self, answer: object) -> bool:
        """Whether ``answer`` is of the kind that is asked for."""
        return isinstance(answer, Callable)  # type: ignore[arg-type]

    @abstractmethod
    def challenge(self, rng: np.random.Generator) -> dict[str, Any]:
        """What is asked, as plain JSON: seeds, architectures, indices."""

    def desk_challenge(self, rng: np.random.Generator) -> dict[str, Any]:
        """What is asked at the student's own desk, as often as she likes: as when graded, unless that tells too much.

        A check that measures on test cells would choose for whoever repeats it.
        """
        return self.challenge(rng)

    @abstractmethod
    def collect(self, answer: Any, challenge: dict[str, Any]) -> dict[str, Any]:
        """What the answer does when asked (through ``grader.exercises.machine.asking.ask``).

        Numbers, strings, arrays and tensors, in lists and dicts, as ``evidence`` says.
        """

    @abstractmethod
    def judge(self, evidence: Any, expected: dict[str, Any]) -> Verdict:
        """Points and findings, from validated evidence (an ``self.evidence``) and expected values alone.

        Of an exercise that ``needs`` others, ``expected["others"]`` holds what those measured, or ``None`` of one
        that gave nothing in this submission.

        Raises:
            EvidenceContradicts: the evidence cannot come from ``collect``, by lists that do not belong together,
                for one. Whatever else is raised is a fault of the course: the answer counts as not judged.
        """

    def measured(self, evidence: Any, expected: dict[str, Any]) -> dict[str, Any] | None:
        """What the judges of later exercises may compare with, from this one's evidence; ``None`` for nothing."""
        return None

    def verdict(self, points: float, findings: list[Finding]) -> Verdict:
        """A verdict on this exercise."""
        return Verdict(exercise=self.id, points=points, max_points=self.points, findings=findings)

    def published(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The public challenge and what a right answer to it gives, as they came with the lesson.

        ``None`` for what it gives: an examination, of which no key leaves ``solutions/``.

        Raises:
            CourseError: the lesson's published file is missing or damaged.
        """
        return read_check(self.lesson, self.id)
