"""What a judge says: points, and one sentence for each thing that it found."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from grader.exercises.machine.evidence import printable

Printable = Annotated[str, AfterValidator(printable)]


class Finding(BaseModel):
    """One sentence on the answer, and a hint that the student may unfold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Printable
    hint: Printable = ""


class Verdict(BaseModel):
    """Points and findings on one answer to one exercise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exercise: Printable
    points: float = Field(ge=0, allow_inf_nan=False)
    max_points: float = Field(ge=0, allow_inf_nan=False)
    findings: list[Finding]

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> "Verdict":
        if self.points > self.max_points:
            raise ValueError(f"{self.points} points of {self.max_points}")
        return self

    @property
    def passed(self) -> bool:
        """Whether the answer earned every point there is."""
        return self.max_points > 0 and self.points >= self.max_points
