"""The capstone's exercise on Wilson's interval: how far the accuracy of a few hundred photographs can be trusted."""

from typing import Any

import numpy as np

from grader.exercises.kit.numbers import as_number, described
from grader.exercises.lesson_06_capstone.held_out import TEST
from grader.exercises.lesson_06_capstone.interval_mistakes import TABLES
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.evidence_types import StrictEvidence, array
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Finding, Verdict

_CLOSE = 1e-4  # z = 1.96 and z = 1.959964 give the same, z = 2 does not, nor do three decimals
_DECIMALS = 3  # so many are too few
_SCALES = {  # what can be done to an interval of whatever formula
    (): lambda got: got,
    ("percent",): lambda got: got / 100,
    ("swapped",): lambda got: got[:, ::-1],
    ("percent", "swapped"): lambda got: got[:, ::-1] / 100,
}


class Returned(StrictEvidence):
    """What came back for each case.

    Attributes:
        bounds: float64 ``(cases, 2)``, NaN where there were not two numbers.
        described: in words what came instead of two numbers, "" otherwise.
        raised: the exception in words, "" for none.
    """

    bounds: array("float64", (None, 2))  # type: ignore[valid-type]
    described: list[str]
    raised: list[str]


class Intervals:
    """What was returned, beside Wilson's intervals and those of known wrong formulas.

    Attributes:
        formula: "" for Wilson's, else the id of the known wrong one, or "unknown".
        form: what was done to the bounds beside the formula: "percent", "swapped".
        decimals: how many the bounds, as fractions, have, if they are too few; ``None`` otherwise.
    """

    def __init__(self, returned: Returned, expected: dict[str, Any]) -> None:
        self.cases = [(int(correct), int(total)) for correct, total in expected["cases"]]
        self.wanted = np.asarray(expected["intervals"], dtype=float)
        self.got = np.asarray(returned.bounds, dtype=float)
        self._raised, self._described = returned.raised, returned.described
        self.edges: np.ndarray = np.array([correct in (0, total) for correct, total in self.cases])
        self.formula, self.form, self.decimals = self._recognised(expected["mistakes"])
        self._right: np.ndarray = np.all(_near(self.got, self.wanted), axis=1)

    def _recognised(self, mistakes: dict[str, Any]) -> tuple[str, tuple[str, ...], int | None]:
        for form, undo in _SCALES.items():
            got = undo(self.got)
            decimals = _too_few_decimals(got)
            if _near(got, self.wanted).all():
                return "", form, None
            if decimals is not None and _near(got, self.wanted, 0.5 * 10.0**-decimals).all():
                return "", form, decimals
        for form, undo in _SCALES.items():
            got = undo(self.got)
            decimals = _too_few_decimals(got)
            rounding = 0 if decimals is None else 0.5 * 10.0**-decimals
            fits = [
                name for name in mistakes if _near(got, np.asarray(mistakes[name], float), rounding).all()
            ]
            if fits:
                nearest = min(fits, key=lambda name: _distance(got, mistakes[name]))
                return nearest.partition("@")[0], form, decimals
            if decimals is not None and _near(got, self.wanted, 10.0**-decimals).all():  # up or down
                return "", form, decimals
        quantiles = np.asarray(mistakes["binomial-quantiles"], float)
        totals = np.array([[total] for _, total in self.cases])
        counts = self.got * totals
        with np.errstate(invalid="ignore"):
            whole = np.abs(counts - np.round(counts)) < 1e-3
            close = np.abs(counts - quantiles * totals) < 1.5
        if whole.mean() > 0.7 and close.all():
            return "binomial-quantiles", (), None  # drawn at random: a bootstrap
        return "unknown", (), None

    def stops(self) -> bool:
        """Whether it raised, for counts that are not all right or all wrong."""
        return any(raised and not edge for raised, edge in zip(self._raised, self.edges, strict=True))

    def no_numbers(self) -> str:
        """What came instead of two numbers, where that is not only at the edges."""
        return next((d for d, edge in zip(self._described, self.edges, strict=True) if d and not edge), "")

    def not_finite(self) -> bool:
        """Whether some bound of a case between the edges is NaN or infinite."""
        return not bool(np.isfinite(self.got[~self.edges]).all())

    def only_edges(self) -> bool:
        """Whether just the cases with none or with all right went wrong."""
        return self.formula == "unknown" and bool(self._right[~self.edges].all())

    def right_column(self, column: int) -> bool:
        """Whether just this bound, 0 for the lower one, is right everywhere."""
        return bool(_near(self.got[:, column], self.wanted[:, column]).all())

    def right_middle(self) -> bool:
        """Whether the middle of each interval is right."""
        return bool(_near(self.got.mean(axis=1), self.wanted.mean(axis=1)).all())

    def right_width(self) -> bool:
        """Whether the width of each interval is right."""
        return bool(_near(np.diff(self.got)[:, 0], np.diff(self.wanted)[:, 0], _CLOSE).all())

    @property
    def example(self) -> str:
        """The first call that went wrong, what it gave and what is right."""
        place = int(np.argmin(self._right))
        (correct, total), (low, high) = self.cases[place], self.wanted[place]
        asked = f"`confidence_interval({correct}, {total})`"
        if self._raised[place]:
            gives = f"stops with {self._raised[place]}"
        else:
            gives = f"gives {self._described[place] or '{:.4f} to {:.4f}'.format(*self.got[place])}"
        return f"{asked} {gives[:250]}; Wilson's interval is {low:.4f} to {high:.4f}."


def _near(got: np.ndarray, want: np.ndarray, rounding: float = 0.0) -> np.ndarray:
    """Where two arrays agree; where ``want`` is NaN the wrong formula fails, and so must the answer."""
    with np.errstate(invalid="ignore"):
        close = np.abs(got - want) <= _CLOSE * (1 + np.abs(want)) + rounding
    return close | (np.isnan(got) & np.isnan(want))


def _distance(got: np.ndarray, wrong: Any) -> float:
    return float(np.nansum(np.abs(got - np.asarray(wrong, dtype=float))))


def _too_few_decimals(got: np.ndarray) -> int | None:
    """How many decimals all bounds have, if that is so few that digits are lost."""
    finite = got[np.isfinite(got)]
    for decimals in range(1, _DECIMALS + 1):
        if len(finite) and np.abs(np.round(finite, decimals) - finite).max() < 1e-6:
            return decimals
    return None


class Interval(Exercise):
    """How far the accuracy of a few hundred photographs can be trusted."""

    id = "capstone.interval"
    title = "An interval for an accuracy"
    signature = "confidence_interval(correct, total) -> (low, high)"
    points = 4
    minutes = 6
    difficulty = 2
    section = "Exercise 2: how sure is the number?"
    time_limit = 10.0
    evidence = Returned
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Counts from small to large, nearly none, nearly all, none and all right among them."""
        most, least, *others = (int(total) for total in rng.integers(15, 120, size=5))
        few, others[0] = (
            int(rng.integers(8, 30)),
            int(rng.integers(15, 30)),
        )  # who refuses few is seen between the edges
        cases = [[int(rng.integers(540, 600)), TEST]]
        cases += [[int(rng.integers(3, total - 2)), total] for total in others]
        return {"cases": [*cases, [most - 2, most], [2, least], [0, few], [few, few]]}

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The two bounds for each case, or what came instead; an exception in every case is the answer's end."""
        results = [_call(answer, correct, total) for correct, total in challenge["cases"]]
        failed = [result for result in results if isinstance(result, AnswerRaised)]
        if len(failed) == len(results):
            raise failed[0]
        bounds = [_bounds(result) for result in results]
        return {
            "bounds": np.array([found or [np.nan, np.nan] for found in bounds], dtype=np.float64),
            "described": [
                "" if found or isinstance(result, AnswerRaised) else _described(result)[:100]
                for found, result in zip(bounds, results, strict=True)
            ],
            "raised": [
                _named(result.error) if isinstance(result, AnswerRaised) else "" for result in results
            ],
        }

    def judge(self, evidence: Returned, expected: dict) -> Verdict:
        """By the formula that the bounds show, and what was done to them beside it."""
        if (
            not len(evidence.bounds)
            == len(evidence.described)
            == len(evidence.raised)
            == len(expected["cases"])
        ):
            return self.verdict(0, [Finding(text="One interval for each case was expected.")])
        facts = Intervals(evidence, expected)
        right = "Right for few and for many photographs, for all right and for none."
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, right))


def _call(answer: Any, correct: int, total: int) -> Any:
    try:
        return ask(answer, correct, total)
    except AnswerRaised as raised:
        if not isinstance(raised.error, Exception) or isinstance(raised.error, NotImplementedError):
            raise
        return raised


def _named(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:150]
    except Exception:  # one of the student's own that cannot be shown
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _parts(result: Any) -> list[Any] | None:
    if hasattr(result, "tolist") and getattr(result, "ndim", 0) == 1:  # an array or a tensor
        return list(result)
    return list(result) if isinstance(result, list | tuple) else None


def _bounds(result: Any) -> list[float] | None:
    numbers = [as_number(part) for part in _parts(result) or []]
    return numbers if len(numbers) == 2 and None not in numbers else None  # type: ignore[return-value]


def _described(result: Any) -> str:
    parts = _parts(result)
    if parts is None:
        return described(result)
    kinds = " and ".join(sorted({type(part).__name__ for part in parts})[:3])
    return f"{len(parts)} values of type {kinds}" if parts else "an empty result"
