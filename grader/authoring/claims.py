"""The lessons' headline claims against their recorded measurements: ``claims.yaml`` → ``claims.md``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from grader.course import SOLUTIONS
from grader.errors import CourseError
from grader.lab.recorded import Recorded, load_recorded

SOURCE, PAGE = "claims.yaml", "claims.md"


class Claim(BaseModel):
    """One sentence: runs with the settings ``larger`` lie above those with ``smaller``, or level with them.

    Attributes:
        column: what was measured, a column of the lesson's ``recorded.json``.
        larger, smaller: settings that choose recorded runs, one a seed; ``smaller`` may be a plain number.
        at_least: the mean difference over the seeds that a test insists on, about half of what was measured.
        within: for a claim that two arms are level: the largest mean difference that a test lets pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lesson: str
    sentence: str
    column: str = "accuracy"
    larger: dict[str, Any]
    smaller: dict[str, Any] | float
    at_least: float | None = Field(default=None, gt=0)
    within: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_of_two(self) -> "Claim":
        if (self.at_least is None) == (self.within is None):
            raise ValueError("a claim has either at_least or within")
        return self

    @property
    def insisted(self) -> str:
        """What a test insists on, in words and percentage points."""
        if self.at_least is not None:
            return f"at least {100 * self.at_least:.1f}"
        return f"within ±{100 * self.level_within:.1f}"

    @property
    def level_within(self) -> float:
        """``within`` of a claim that has one."""
        assert self.within is not None  # the validator's
        return self.within


@dataclass(frozen=True)
class Measured:
    """A claim and its difference for each seed."""

    claim: Claim
    seeds: list[int]
    differences: np.ndarray

    @property
    def holds(self) -> bool:
        """Whether the mean over at least three seeds keeps the margin."""
        mean = float(self.differences.mean())
        if self.claim.at_least is not None:
            kept = mean >= self.claim.at_least
        else:
            kept = abs(mean) <= self.claim.level_within
        return len(self.seeds) >= 3 and kept


def read_claims(folder: Path = SOLUTIONS) -> list[Claim]:
    """All claims of ``claims.yaml``.

    Raises:
        CourseError: the file is missing or breaks the schema.
    """
    try:
        content = yaml.safe_load((folder / SOURCE).read_text(encoding="utf-8"))
        return TypeAdapter(list[Claim]).validate_python(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"{SOURCE} cannot be read ({reason}): mend it there.") from error


def measure(claim: Claim, recorded: Recorded | None = None) -> Measured:
    """The claim's difference for each seed, from the lesson's ``recorded.json``.

    Raises:
        CourseError: no run has the settings, or the two sides have other seeds.
    """
    recorded = recorded or load_recorded(claim.lesson)
    larger = _by_seed(recorded, claim.column, claim.larger)
    if isinstance(claim.smaller, float):
        smaller = dict.fromkeys(larger, claim.smaller)
    else:
        smaller = _by_seed(recorded, claim.column, claim.smaller)
    if larger.keys() != smaller.keys():
        raise CourseError(f'"{claim.sentence}" compares runs of other seeds: record both sides for the same.')
    seeds = sorted(larger)
    return Measured(claim, seeds, np.array([larger[seed] - smaller[seed] for seed in seeds]))


def _by_seed(recorded: Recorded, column: str, chosen: dict[str, Any]) -> dict[int, float]:
    seeds = recorded.values("seed", **chosen).tolist()
    if len(seeds) != len(set(seeds)):
        raise CourseError(f"The settings {chosen} choose several runs of one seed: name more of them.")
    return dict(zip(seeds, recorded.values(column, **chosen).tolist(), strict=True))


def claims_page(measured: Sequence[Measured]) -> str:
    """The table as Markdown."""
    rows = [
        "# What the lessons claim, and by how much",
        "",
        "Made by `grader build` from `claims.yaml` and the lessons' `recorded.json`. Differences are in "
        "percentage points: the mean over the seeds, and the lowest and highest in brackets. The last column "
        "is what a test insists on for the mean.",
        "",
        "| lesson | claim | difference | seeds | test insists on |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in measured:
        claim, points = one.claim, 100 * one.differences
        told = f"{points.mean():+.1f} ({points.min():+.1f} to {points.max():+.1f})"
        cells = (claim.lesson[:2], claim.sentence, told, str(len(one.seeds)), claim.insisted)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def claims_page_is_stale(folder: Path = SOLUTIONS) -> bool:
    """Whether ``claims.md`` says something else than the claims and the recorded runs do."""
    page = folder / PAGE
    return not page.is_file() or page.read_text(encoding="utf-8") != _page_text(folder)


def write_claims_page(folder: Path = SOLUTIONS) -> bool:
    """Renew ``claims.md``; whether it changed."""
    if not claims_page_is_stale(folder):
        return False
    (folder / PAGE).write_text(_page_text(folder), encoding="utf-8")
    return True


def _page_text(folder: Path) -> str:
    return claims_page([measure(claim) for claim in read_claims(folder)])
