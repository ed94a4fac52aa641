"""The lessons' headline claims against their recorded measurements: ``claims.yaml`` → ``claims.md``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from scipy.stats import t

from grader.course import SOLUTIONS
from grader.errors import CourseError
from grader.lab.recorded import Recorded, load_recorded

SOURCE, PAGE = "claims.yaml", "claims.md"


class Claim(BaseModel):
    """One sentence: runs with the settings ``larger`` lie above those with ``smaller``, or level with them.

    Attributes:
        column: what was measured, a column of the lesson's ``recorded.json``.
        larger, smaller: settings that choose recorded runs, one a seed; ``smaller`` may be a plain number.
        at_least: the whole interval of the difference lies above it.
        within: for a claim that two arms are level: the whole interval lies between minus and plus this.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lesson: str
    sentence: str
    column: str = "accuracy"
    larger: dict[str, Any]
    smaller: dict[str, Any] | float
    at_least: float | None = Field(default=None, ge=0)
    within: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_of_two(self) -> "Claim":
        if (self.at_least is None) == (self.within is None):
            raise ValueError("a claim has either at_least or within")
        return self

    @property
    def insisted(self) -> str:
        """What a test insists on for the whole interval, in words and percentage points."""
        if self.at_least is not None:
            return f"above {100 * self.at_least:.1f}"
        return f"within ±{100 * self.level_within:.1f}"

    @property
    def level_within(self) -> float:
        """``within`` of a claim that has one."""
        assert self.within is not None  # the validator's
        return self.within


@dataclass(frozen=True)
class Measured:
    """A claim and its difference for each seed.

    Attributes:
        differences: float, shape ``(seeds,)``: larger minus smaller, as fractions, paired by seed.
        runs: which recorded runs it rests on, by their place in the lesson's file.
    """

    claim: Claim
    seeds: list[int]
    differences: np.ndarray
    runs: frozenset[int] = frozenset()

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % for the mean difference, by Student's t over the seeds; the runs of a seed are paired.

        Its width speaks of new seeds alone: data, split and budget are those of the runs.
        """
        mean, count = float(self.differences.mean()), len(self.differences)
        if count < 2:
            return -np.inf, np.inf
        half = float(t.ppf(0.975, count - 1) * self.differences.std(ddof=1) / np.sqrt(count))
        return mean - half, mean + half

    @property
    def holds(self) -> bool:
        """Whether the whole interval keeps the margin, over three seeds or more."""
        low, high = self.interval
        if self.claim.at_least is not None:
            kept = low > self.claim.at_least
        else:
            kept = max(-low, high) < self.claim.level_within
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
    larger = _by_seed(recorded, claim.larger)
    if isinstance(claim.smaller, float):
        runs = frozenset(larger.values())
        smaller = dict.fromkeys(larger, claim.smaller)
    else:
        below = _by_seed(recorded, claim.smaller)
        runs = frozenset([*larger.values(), *below.values()])
        smaller = {seed: recorded.runs[place][claim.column] for seed, place in below.items()}
    if larger.keys() != smaller.keys():
        raise CourseError(f'"{claim.sentence}" compares runs of other seeds: record both sides for the same.')
    seeds = sorted(larger)
    above = [recorded.runs[larger[seed]][claim.column] for seed in seeds]
    return Measured(claim, seeds, np.array(above) - [smaller[seed] for seed in seeds], runs)


def _by_seed(recorded: Recorded, chosen: dict[str, Any]) -> dict[int, int]:
    """Places of the chosen runs, by their seeds."""
    places = recorded.places(**chosen)
    seeds = [recorded.runs[place]["seed"] for place in places]
    if len(seeds) != len(set(seeds)):
        raise CourseError(f"The settings {chosen} choose several runs of one seed: name more of them.")
    return dict(zip(seeds, places, strict=True))


def claims_page(measured: Sequence[Measured]) -> str:
    """The table as Markdown."""
    rows = [
        "# What the lessons claim, and by how much",
        "",
        "Made by `grader build` from `claims.yaml` and the lessons' `recorded.json`. Differences are in "
        "percentage points: the mean over the runs, paired by seed, with its 95 % interval (Student's t) in "
        "brackets. The interval speaks of new seeds; photographs, splits and budget stay as they were. "
        "Twelve runs are three seeds in each of four quarters of the cells (in lesson 3 four in each of "
        "three); with the quarters as units the intervals are wider, and lesson 5 gives them over cells. "
        "Rows that rest on some of the same runs "
        "err together: the sixth column names them. The last column is what a test insists on for the "
        "whole interval.",
        "",
        "| | lesson | claim | difference | runs | shares runs with | interval must lie |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, one in enumerate(measured, start=1):
        claim = one.claim
        low, high = (100 * end for end in one.interval)
        told = f"{100 * one.differences.mean():+.1f} ({low:+.1f} to {high:+.1f})"
        shared = [
            str(place)
            for place, other in enumerate(measured, start=1)
            if place != number and other.claim.lesson == claim.lesson and other.runs & one.runs
        ]
        cells = (
            str(number),
            claim.lesson[:2],
            claim.sentence,
            told,
            str(len(one.seeds)),
            ", ".join(shared) or "–",
            claim.insisted,
        )
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
