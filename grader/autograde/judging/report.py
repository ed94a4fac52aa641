"""What grading found, a submission at a time; kept in ``.grading/reports``."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ExerciseReport(BaseModel):
    """One check.

    Attributes:
        findings: what was seen, a sentence each.
        mistakes: ids of the known mistakes among them, for counting over a class.
        suspicions: the sentences among them that an instructor should look at.
    """

    model_config = ConfigDict(extra="forbid")

    exercise: str
    points: float
    max_points: float
    has_evidence: bool
    findings: list[str]
    mistakes: list[str] = []
    suspicions: list[str] = []


class SubmissionReport(BaseModel):
    """One student's lesson.

    Attributes:
        key: of the job whose execution was judged; empty in a report of an older version.
        notes: what the transplant did not take as it was handed in, a sentence each.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    key: str = ""
    lesson: str
    student: str
    sandbox: str
    stopped: str | None
    seconds: float
    notes: list[str] = []
    exercises: list[ExerciseReport]

    @property
    def points(self) -> float:
        """Earned in all checks."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float:
        """Of all checks."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def without_evidence(self) -> list[ExerciseReport]:
        """Checks that earned nothing because there was nothing to judge."""
        return [exercise for exercise in self.exercises if not exercise.has_evidence]
