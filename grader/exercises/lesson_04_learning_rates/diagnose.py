"""Tell from four loss curves what the learning rate was like."""

from typing import Any

import numpy as np

from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import Mistake
from grader.exercises.machine.verdict import Finding, Verdict
from grader.quiz.sealing import unseal

DIAGNOSES = ("too low", "about right", "too high", "nothing trains")
CURVES = ("A", "B", "C", "D")

# What one would see; no curve is named, so that no finding tells the right diagnosis.
_LOOKS = {
    "too low": "a loss that sinks only a little, and is still sinking where the run ends: the last ten steps lie on "
    "average below the first ten, by no more than single batches differ",
    "about right": "a loss that falls fast in the first steps, goes on falling, and ends far below its start",
    "too high": "a loss that jumps up in the first steps or swings widely, and at the end is hardly below its start",
    "nothing trains": "a loss with no trend at all: it differs from batch to batch, by as much at the end as at "
    "the start and around the same level",
}


class Said(StrictEvidence):
    """The diagnoses as they stand in the cell, by curve; ``None`` for no answer."""

    diagnoses: dict[str, str | None]


class Curve:
    """What was said of one curve."""

    def __init__(self, name: str, said: str | None, wanted: str) -> None:
        self.name, self.said, self.is_known = name, said, said in DIAGNOSES
        self.is_wrong = self.is_known and said != wanted
        self.looks = _LOOKS.get(said or "", "")
        self.choices = ", ".join(DIAGNOSES)


_OF_A_CURVE = [
    Mistake("not-answered", lambda c: c.said is None, "{0.name}: not answered yet.", costs=1),
    Mistake(
        "no-diagnosis",
        lambda c: not c.is_known,
        "{0.name}: “{0.said}” is none of the four diagnoses.",
        "Choose one of: {0.choices}.",
        costs=1,
    ),
    Mistake(
        "wrong-diagnosis",
        lambda c: c.is_wrong,
        "{0.name}: “{0.said}” would show {0.looks}. Curve {0.name} looks otherwise.",
        "Compare the mean of the first ten steps with that of the last ten, and how far single steps lie apart.",
        costs=1,
    ),
]


class Diagnoses:
    """All that was said, beside the curves that there are."""

    def __init__(self, said: dict[str, str | None], curves: list[str]) -> None:
        given = [said[curve] for curve in curves if said.get(curve) in DIAGNOSES]
        self.twice = next((told for told in given if given.count(told) > 1), "")
        self.strange = next((curve[:20] for curve in sorted(said.keys() - set(curves))), None)


_OF_ALL = [
    Mistake(
        "twice",
        lambda d: d.twice,
        "“{0.twice}” stands more than once: each diagnosis fits just one curve.",
        "Which curve shows it most clearly?",
        costs=0,
    ),
    Mistake(
        "no-such-curve",
        lambda d: d.strange is not None,
        "`{0.strange}` is no curve of this exercise.",
        "The letters are A, B, C and D.",
        costs=0,
    ),
]


class Diagnose(Exercise):
    """Tell from four loss curves what the learning rate was like."""

    id = "rates.diagnose"
    title = "Four curves"
    signature = 'diagnoses: dict of one diagnosis a curve, such as {"A": "too low", ...}'
    points = 4
    minutes = 6
    difficulty = 2
    section = "Exercise 4: four curves"
    answer_kind = "the dict of your diagnoses"
    time_limit = 10.0
    same_for_everybody = True
    evidence = Said
    mistakes = [*_OF_A_CURVE, *_OF_ALL]

    def accepts(self, answer: object) -> bool:
        """A dict, from the curves' letters to a diagnosis or None."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict:
        """The curves of the lesson: the same for everybody."""
        return {"curves": list(CURVES)}

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The diagnoses, as they stand in the cell."""
        return {
            "diagnoses": {
                _text(curve).strip().upper()[:60]: _words(said) for curve, said in list(answer.items())[:50]
            }
        }

    def judge(self, evidence: Said, expected: dict) -> Verdict:
        """A point for each curve. A wrong diagnosis does not tell the right one."""
        said, key = evidence.diagnoses, unseal(expected["sealed"])
        curves = [Curve(name, said.get(name), wanted) for name, wanted in key.items()]
        told = [_first(curve, _OF_A_CURVE) for curve in curves]
        right = told.count(None)
        everything = Diagnoses(said, list(key))
        findings = [*told, *(row.finding(everything) for row in _OF_ALL if row.shows(everything))]
        count = Finding(text=f"{right} of {len(key)} diagnoses are right.")
        return self.verdict(right, [count, *(finding for finding in findings if finding)])


def _first(curve: Curve, table: list[Mistake]) -> Finding | None:
    return next((row.finding(curve) for row in table if row.shows(curve)), None)


def _text(value: object) -> str:
    """A value as text, whatever its own ``__str__`` does."""
    try:
        return str(value)
    except Exception:
        return f"a {type(value).__name__}"


def _words(said: object) -> str | None:
    """A diagnosis, forgiving case, spaces, hyphens and underlines; None for no answer."""
    if said is None:
        return None
    text = " ".join(_text(said).lower().replace("_", " ").replace("-", " ").split())
    return text.rstrip(".")[:40] or None
