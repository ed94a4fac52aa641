"""The capstone's model card: one table of known mistakes a field, on plain values alone.

The idea of a card that travels with a model: Mitchell et al. 2019, "Model Cards for Model Reporting"
(arXiv 1810.03993).
"""

from typing import Any

import numpy as np

from grader.exercises.kit.numbers import as_number, described
from grader.exercises.lesson_06_capstone.card_numbers import (
    INTERVAL,
    NUMBERS,
    Reached,
    interval_rows,
    number_rows,
)
from grader.exercises.lesson_06_capstone.card_texts import TEXTS, text_rows
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

INSPECTOR = "capstone.inspector"
FIELDS = ("task", "data", "split", "accuracy", INTERVAL, "balanced_accuracy", "baseline", *TEXTS[3:])
_LARGEST = 40  # fields that are read
_TABLES = [
    interval_rows() if name == INTERVAL else number_rows(name) if name in NUMBERS else text_rows(name)
    for name in FIELDS
]


class Fields(StrictEvidence):
    """What stands in the card, each field in one of these.

    Attributes:
        texts, numbers, pairs: by field; a pair is ``[low, high]``.
        others: what else a field holds, in words; "None" for a field that is not filled in.
    """

    texts: dict[str, str]
    numbers: dict[str, Number]
    pairs: dict[str, list[Number]]
    others: dict[str, str]


class Card:
    """A card beside what the inspector of the same submission reached."""

    def __init__(self, evidence: Fields, expected: dict[str, Any]) -> None:
        self.texts, self.numbers, self.others = (
            _british(evidence.texts),
            _british(evidence.numbers),
            _british(evidence.others),
        )
        self.pairs = {name: pair for name, pair in evidence.pairs.items() if len(pair) == 2}
        self.fields = {*self.texts, *self.numbers, *evidence.pairs, *self.others}
        self.reached = Reached(expected["others"][INSPECTOR], expected)

    def is_empty(self, name: str) -> bool:
        """Whether nothing stands in a field."""
        return self.others.get(name) == "None" or (name in self.texts and not self.texts[name].strip(" .…-"))


def _british(fields: dict[str, Any]) -> dict[str, Any]:
    """With "licence" for "license", unless both are there."""
    if "license" not in fields or "licence" in fields:
        return fields
    return {"licence" if name == "license" else name: value for name, value in fields.items()}


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
    needs = (INSPECTOR,)
    time_limit = 10.0
    evidence = Fields
    mistakes = [row for table in _TABLES for row in table]

    def accepts(self, answer: object) -> bool:
        """A dict."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict:
        """The split that the card speaks of: the same for everybody."""
        return {"size": 300, "split": "stratified", "order_seed": 0}

    def collect(self, answer: dict, challenge: dict) -> dict:
        """The fields as texts, numbers and pairs of numbers."""
        found: dict[str, dict[str, Any]] = {"texts": {}, "numbers": {}, "pairs": {}, "others": {}}
        for key, value in list(answer.items())[:_LARGEST]:
            name = str(key)[:60]
            if isinstance(value, str):
                found["texts"][name] = value
            elif (number := as_number(value)) is not None:
                found["numbers"][name] = number
            elif (pair := _pair(value)) is not None:
                found["pairs"][name] = pair
            else:
                found["others"][name] = described(value)[:100]
        return found

    def judge(self, evidence: Fields, expected: dict) -> Verdict:
        """Each of the ten fields brings a tenth of the points."""
        points, findings = judge_by_tables(
            self.points,
            Card(evidence, expected),
            _TABLES,
            "All ten fields are filled in, and the numbers are those measured.",
        )
        return self.verdict(round(points, 1), findings)


def _pair(value: Any) -> list[float] | None:
    """Two numbers from a list, a tuple, an array or a tensor."""
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    numbers = [as_number(part) for part in value]
    return None if None in numbers else numbers  # type: ignore[return-value]
