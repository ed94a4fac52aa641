"""Exercise of lesson 00_start_here: the accuracy that costs nothing."""

import numpy as np

from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict

_CLOSE = 1e-4


class MajorityBaseline(Exercise):
    """How accurate is a program that always gives the most frequent class?"""

    id = "start.majority_baseline"
    title = "The majority baseline"
    signature = "majority_baseline(labels) -> float"
    points = 3
    minutes = 3
    difficulty = 1
    section = "Exercise: the majority baseline"
    time_limit = 10.0

    def challenge(self, rng: np.random.Generator) -> dict:
        """Lists of labels: two classes, several classes, classes that skip numbers, a single class."""
        rare_ones = (rng.random(40) < 0.2).astype(int)
        many_ones = (rng.random(35) < 0.8).astype(int)
        several = rng.choice(5, size=60, p=[0.1, 0.15, 0.1, 0.45, 0.2])
        skipping = rng.choice([2, 7, 30], size=25, p=[0.2, 0.5, 0.3])
        lists = [rare_ones, many_ones, several, skipping, np.full(9, 4)]
        return {"labels": [labels.tolist() for labels in lists]}

    def collect(self, answer, challenge: dict) -> dict:
        """What the function returns for each list of labels, given as an int64 tensor."""
        import torch

        return {"returned": [_number(answer(torch.tensor(labels))) for labels in challenge["labels"]]}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """One wrong fraction costs its share; the mistake is told from the numbers."""
        returned, wanted = evidence.get("returned"), expected["baselines"]
        if not isinstance(returned, list) or len(returned) != len(wanted):
            return self.verdict(0, [Finding(text="One result for each list of labels was expected.")])
        right = [_close(got, want) for got, want in zip(returned, wanted, strict=True)]
        points = self.points * sum(right) / len(right)
        if all(right):
            return self.verdict(
                points, [Finding(text="Right for two classes, many classes and a single one.")]
            )
        return self.verdict(round(points, 2), [self._explain(returned, expected, right)])

    def _explain(self, returned: list, expected: dict, right: list[bool]) -> Finding:
        first_wrong = right.index(False)
        got, want = returned[first_wrong], expected["baselines"][first_wrong]
        if not isinstance(got, int | float):
            return Finding(
                text=f"A number was expected, but the function returned {got}.",
                hint="End it with `return`, and turn a tensor into a number with `.item()`.",
            )
        alike = {
            name: all(_close(a, b) for a, b in zip(returned, numbers, strict=True))
            for name, numbers in expected["mistakes"].items()
        }
        named = next((name for name, same in alike.items() if same), None)
        if named:
            return Finding(
                text=expected["sentences"][named]["text"], hint=expected["sentences"][named]["hint"]
            )
        return Finding(
            text=f"For list {first_wrong + 1} of {len(right)} the function gives {got:.4g}; "
            f"the right fraction is {want:.4g}.",
            hint="Count how often each class occurs, take the largest count, divide by how many labels there are.",
        )


def _number(value: object) -> object:
    """A plain number where there is one; otherwise the name of the type, for the finding."""
    if hasattr(value, "item") and getattr(value, "numel", lambda: 1)() == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"a value of type {type(value).__name__}"
    return value


def _close(got: object, want: float) -> bool:
    return isinstance(got, int | float) and not isinstance(got, bool) and abs(got - want) <= _CLOSE
