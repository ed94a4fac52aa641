"""The accuracy that costs nothing: always give the most frequent class."""

from typing import Any

import numpy as np

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED, Arguments
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence import EvidenceContradicts
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import EVERYTHING, Mistake, judge_by_tables
from grader.exercises.machine.verdict import Verdict

_CLOSE = 1e-4
_SHOWN = 12  # labels of a list


class Returned(StrictEvidence):
    """What the function returned for each list: a number, or in words what else; and which lists it changed."""

    numbers: list[Number | None]
    described: list[str]
    changed_arguments: list[list[str]]


class Baselines:
    """What was returned, beside the shares of the most frequent class and of known mistakes."""

    def __init__(self, returned: Returned, expected: dict[str, Any]) -> None:
        self.numbers, self.labels, self.wanted = returned.numbers, expected["labels"], expected["baselines"]
        self.kind = next((d for d, n in zip(returned.described, self.numbers, strict=True) if n is None), "")
        self.wrong = [i for i, n in enumerate(self.numbers) if not _close(n, self.wanted[i])]
        self.known = expected["mistakes"]
        self.changed_arguments = [name for names in returned.changed_arguments for name in names]

    def gives(self, mistake: str) -> bool:
        """Whether every number is what ``mistake`` gives."""
        return all(_close(n, m) for n, m in zip(self.numbers, self.known[mistake], strict=True))

    @property
    def example(self) -> str:
        """The shortest list that went wrong, what was returned for it and what is right."""
        i = min(self.wrong, key=lambda index: len(self.labels[index]))
        shown = ", ".join(map(str, self.labels[i][:_SHOWN])) + (", …" if len(self.labels[i]) > _SHOWN else "")
        return f"For the labels [{shown}] the function gives {self.numbers[i]:.4g}; right is {self.wanted[i]:.4g}."


def _close(got: float | None, want: float) -> bool:
    return got is not None and abs(got - want) <= _CLOSE


def _row(name: str, text: str, hint: str, costs: float = EVERYTHING) -> Mistake:
    return Mistake(name, lambda facts: facts.gives(name), text + " {0.example}", hint, costs=costs)


MISTAKES = [
    Mistake(
        "no-number",
        lambda facts: facts.kind,
        "A number was expected, but the function returned {1}.",
        "End it with `return`, and give one number, not a tensor of several.",
    ),
    _row("label", "This is the most frequent label itself, not its share.", "Divide its count by the number of labels."),
    _row("count", "This is how often the most frequent label comes, not its share.", "Divide by the number of labels.", costs=2),
    _row("percent", "This is the share in per cent.", "A fraction between 0 and 1 is asked for.", costs=1),
    _row("mean", "This is the mean of the labels: a share only if the classes are 0 and 1 and 1 is the majority.", "Count each class."),
    _row("share-of-one", "This is the share of class 1, whichever class is the most frequent.", "Count each class."),
    _row("share-of-zero", "This is the share of class 0, whichever class is the most frequent.", "Count each class."),
    _row("larger-of-two", "This is right for classes 0 and 1 only.", "There may be more than two classes: count each one.", costs=2),
    _row("one-over-classes", "This is what guessing among the classes gives, not what the most frequent one gives.", "Count each class."),
    _row("minority", "This is the share of the rarest class.", "The baseline is the accuracy of always giving the most frequent one."),
    _row("others", "This is the share of everything but the most frequent class: the baseline's error.", "Accuracy is 1 minus the error."),
    _row("first", "This is the share of the label that comes first.", "The most frequent label need not be the first."),
    _row("smallest-label", "This is the share of the smallest class number, whichever is the most frequent.", "Take the largest of the counts."),
    Mistake(
        "other-share",
        lambda facts: facts.wrong,
        "{0.example}",
        "Count how often each class occurs, and divide the largest count by the number of labels.",
    ),
]  # fmt: skip
SIDE_EFFECTS = [ARGUMENTS_CHANGED]


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
    evidence = Returned
    mistakes = [*MISTAKES, *SIDE_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Lists of labels: class 1 rare, class 1 frequent, several classes, classes that skip numbers, one class.

        The most frequent class of one list has a large number. By class number, upwards and downwards, and as the
        labels come, its count is followed by a small and a larger one: whoever compares with the one before takes that.
        """
        rare, many, first, one = (int(n) for n in rng.integers([6, 24, 3, 5], [9, 29, 9, 12]))
        large = int(rng.integers(120, 900))
        lists = [
            [1] * rare + [0] * (30 - rare),
            [1] * many + [0] * (31 - many),
            [3] * 19 + [1] * (10 + first) + [0] * 9 + [4] * 8 + [2] * (9 - first),
            [7] * 9 + [2] * 5 + [30] * 4,
            [4] * one,
        ]
        order = [5, large, large + 3, large + 40, 11]
        rest = [5] * 5 + [large] * 9 + [large + 40] * 3 + [11]
        return {
            "labels": [*(_shuffled(labels, rng) for labels in lists), order + rng.permutation(rest).tolist()]
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What the function returns for each list of labels, given as an int64 tensor."""
        import torch

        lists = [torch.tensor(labels) for labels in challenge["labels"]]
        given = [Arguments(labels=labels) for labels in lists]
        returned = [ask(answer, labels) for labels in lists]
        return {
            "numbers": [as_number(r) for r in returned],
            "described": [described(r) for r in returned],
            "changed_arguments": [one.changed() for one in given],
        }

    def judge(self, evidence: Returned, expected: dict) -> Verdict:
        """By the formula that the numbers show: what is right for some of the lists by luck earns nothing."""
        if not len(evidence.numbers) == len(evidence.described) == len(expected["labels"]):
            raise EvidenceContradicts
        facts = Baselines(evidence, expected)
        right = "Right for two classes, many classes and a single one."
        return self.verdict(*judge_by_tables(self.points, facts, [MISTAKES, SIDE_EFFECTS], right))


def _shuffled(labels: list[int], rng: np.random.Generator) -> list[int]:
    """In a random order that begins with the second most frequent label and ends with a rarer one, if there is one."""
    order = rng.permutation(labels).tolist()
    *others, _ = sorted(set(labels), key=labels.count)
    if others:
        for place, label in ((0, others[-1]), (len(order) - 1, others[len(others) // 3])):
            other = next(i for i in range(1, len(order) - 1) if order[i] == label)
            order[place], order[other] = order[other], order[place]
    return order
