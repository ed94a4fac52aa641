"""Exercises of lesson 06_capstone: an inspector for solar cells, and what has to travel with it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.lesson_06_capstone.inspector import HELD_OUT
from grader.exercises.lesson_06_capstone.model_card import FIELDS, filled_in, mistakes
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict


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

    def challenge(self, rng: np.random.Generator) -> dict:
        """Counts from small to large, all wrong and all right among them."""
        cases = [[int(rng.integers(540, 600)), HELD_OUT]]
        totals = rng.integers(15, 120, size=4).tolist()
        cases += [[int(rng.integers(2, total - 1)), total] for total in totals[1:]]
        cases.append([totals[0] - 2, totals[0]])  # where the normal interval always goes beyond 1
        few = int(rng.integers(8, 30))
        return {"cases": [*cases, [0, few], [few, few]]}

    def collect(self, answer, challenge: dict) -> dict:
        """The two bounds for each case, or what came instead."""
        return {"returned": [_bounds(answer, correct, total) for correct, total in challenge["cases"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """All or a share of the points by case; a mistake that has a name is worth one point at most."""
        returned, wanted = evidence["returned"], expected["intervals"]
        if not isinstance(returned, list) or len(returned) != len(wanted):
            return self.verdict(0, [Finding(text="One interval for each case was expected.")])
        right = [_near(got, want) for got, want in zip(returned, wanted, strict=True)]
        if all(right):
            text = "Right for few and for many photographs, for all right and for none."
            return self.verdict(self.points, [Finding(text=text)])
        for name, intervals in expected["mistakes"].items():
            if all(_near(got, wrong) for got, wrong in zip(returned, intervals, strict=True)):
                known = expected["sentences"][name]
                return self.verdict(known["points"], [Finding(text=known["text"], hint=known["hint"])])
        points = min(self.points - 1, self.points * sum(right) / len(right))
        return self.verdict(round(points, 1), [self._explain(returned, expected, right)])

    def _explain(self, returned: list, expected: dict, right: list[bool]) -> Finding:
        first_wrong = right.index(False)
        got, (correct, total) = returned[first_wrong], expected["cases"][first_wrong]
        asked = f"`confidence_interval({correct}, {total})`"
        if "raised" in got:
            edge = " None right and all right are counts like any other." if correct in (0, total) else ""
            return Finding(
                text=f"{asked} stops with {str(got['raised'])[:200]}.{edge}",
                hint="Wilson's formula divides by `total` and by `1 + z² / total` only, and neither is zero.",
            )
        if "kind" in got:
            return Finding(
                text=f"{asked} gives {str(got['kind'])[:100]}, not the two numbers `(low, high)`.",
                hint="End with `return low, high`.",
            )
        low, high = got["bounds"]
        if not (np.isfinite(low) and np.isfinite(high)):
            return Finding(
                text=f"{asked} gives {low} and {high}: not numbers.",
                hint="Is the root taken of a negative number?",
            )
        want = expected["intervals"][first_wrong]
        return Finding(
            text=f"{asked} gives {low:.4f} to {high:.4f}; Wilson's interval is {want[0]:.4f} to {want[1]:.4f}.",
            hint="Compute the middle and the half width one after the other, and compare both with the formula above.",
        )


def _bounds(answer: Callable, correct: int, total: int) -> dict[str, Any]:
    try:
        result = answer(correct, total)
    except (ArithmeticError, ValueError, AssertionError) as error:
        return {"raised": f"{type(error).__name__}: {error}"[:200]}
    if hasattr(result, "tolist"):  # an array or a tensor
        result = result.tolist()
    if isinstance(result, list | tuple):
        numbers = [value.item() if hasattr(value, "item") else value for value in result]
        if len(numbers) == 2 and all(isinstance(value, int | float) for value in numbers):
            return {"bounds": [float(value) for value in numbers]}
        kinds = " and ".join(sorted({type(value).__name__ for value in numbers})[:3])
        return {"kind": f"{len(numbers)} values of type {kinds}"[:100]}
    return {"kind": "nothing" if result is None else f"a value of type {type(result).__name__}"}


def _near(got: dict, want: object) -> bool:
    """Equal to about 1e-4, in percent too: 1.96 and 1.959964 give the same, z = 2 does not."""
    if want is None:  # the known mistake fails on this case
        return "raised" in got
    bounds = got.get("bounds")
    return bounds is not None and bool(np.allclose(bounds, want, rtol=1e-4, atol=1e-4))


class ModelCard(Exercise):
    """Say what the inspector is for, how good it is, and where it may fail."""

    id = "capstone.model_card"
    title = "A model card"
    signature = "card: dict with the ten keys of the template"
    points = 6
    minutes = 10
    difficulty = 1
    section = "Exercise 4: the model card"
    answer_kind = "the dict of your model card"
    same_for_everybody = True
    time_limit = 10.0

    def accepts(self, answer: object) -> bool:
        """A dict."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict:
        """The split that the card speaks of: the same for everybody."""
        return {"size": 300, "split": "stratified", "order_seed": 0}

    def collect(self, answer: dict, challenge: dict) -> dict:
        """The fields as texts, numbers and pairs of numbers."""
        return {"fields": filled_in(answer)}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Each of the ten fields brings a tenth of the points."""
        found = mistakes(evidence["fields"], expected["total"], expected["baseline"])
        points = round(self.points * (len(FIELDS) - len(found)) / len(FIELDS), 1)
        told = Finding(text=f"{len(FIELDS) - len(found)} of {len(FIELDS)} fields are right.")
        return self.verdict(points, [told, *found.values()])
