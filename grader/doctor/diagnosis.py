"""What the doctor says about one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Well; worth knowing; to be mended before the lessons run."""

    GOOD = "✓"
    WARNING = "!"
    BAD = "✗"


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at, and one sentence about it: a remark, or the remedy."""

    status: Status
    subject: str
    sentence: str
