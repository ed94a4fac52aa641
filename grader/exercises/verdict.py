"""What a judge says: points, and one sentence for each thing that it found."""

from pydantic import BaseModel, ConfigDict, Field


class Finding(BaseModel):
    """One sentence on the answer, and a hint that the student may unfold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    hint: str = ""


class Verdict(BaseModel):
    """Points and findings on one answer to one exercise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exercise: str
    points: float = Field(ge=0, allow_inf_nan=False)
    max_points: float = Field(ge=0, allow_inf_nan=False)
    findings: list[Finding]

    @property
    def passed(self) -> bool:
        """Whether the answer earned every point there is."""
        return self.max_points > 0 and self.points >= self.max_points
