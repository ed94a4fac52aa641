"""What a judge says: points, and one finding for each thing that it saw."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from grader.exercises.machine.evidence import printable

Printable = Annotated[str, AfterValidator(printable)]


class Finding(BaseModel):
    """What was seen, and help in steps that the student may unfold one after the other.

    Attributes:
        text: what is seen. It is true of the answer that got it.
        hint: where to look.
        fix: what to write instead; behind a fold of its own.
        id: of the known mistake, "" for any other finding. Class reports count it, so it never changes.
        suspicious: an instructor should look at it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Printable
    hint: Printable = ""
    fix: Printable = ""
    id: Printable = ""
    suspicious: bool = False


class Verdict(BaseModel):
    """Points and findings on one answer to one exercise.

    Attributes:
        judged: False if the check itself broke: then nothing is known of the answer, and 0 points mean nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exercise: Printable
    points: float = Field(ge=0, allow_inf_nan=False)
    max_points: float = Field(ge=0, allow_inf_nan=False)
    findings: list[Finding]
    judged: bool = True

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> "Verdict":
        if self.points > self.max_points:
            raise ValueError(f"{self.points} points of {self.max_points}")
        return self

    @property
    def passed(self) -> bool:
        """Whether the answer earned every point there is."""
        return self.judged and self.max_points > 0 and self.points >= self.max_points
