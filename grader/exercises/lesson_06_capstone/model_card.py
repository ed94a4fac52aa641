"""The capstone's model card: one table of known mistakes a field, on plain values alone.

The idea of a card that travels with a model: Mitchell et al. 2019, "Model Cards for Model Reporting"
(arXiv 1810.03993). Theirs is prose, of which no program can say whether it is true. So this one chooses its
claims from statements, and has a field for prose that nobody judges.
"""

from typing import Any

import numpy as np

from grader.exercises.kit.numbers import as_number, described
from grader.exercises.lesson_06_capstone.card_choices import Choices, Key, choice_rows
from grader.exercises.lesson_06_capstone.card_fields import (
    FIELDS,
    IN_YOUR_WORDS,
    INTERVAL,
    NUMBERS,
    unknown_rows,
)
from grader.exercises.lesson_06_capstone.card_numbers import interval_rows, number_rows
from grader.exercises.lesson_06_capstone.card_reached import Reached
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

INSPECTOR = "capstone.inspector"
_MOST = 20  # that are read: keys that are none of ours, and texts of a list
_TABLES = [
    interval_rows() if name == INTERVAL else number_rows(name) if name in NUMBERS else choice_rows(name)
    for name in FIELDS
] + [unknown_rows()]


class Fields(StrictEvidence):
    """What stands in the card, each field in one of these.

    Attributes:
        texts, numbers, pairs, lists: by field; a pair is ``[low, high]``, a list holds texts.
        others: what else a field holds, in words; "None" for a field that is not filled in.
    """

    texts: dict[str, str]
    numbers: dict[str, Number]
    pairs: dict[str, list[Number]]
    lists: dict[str, list[str]]
    others: dict[str, str]


class Card:
    """A card, beside the key of its statements and what the inspector of the same submission reached.

    Attributes:
        fields: the keys that it has.
        unknown: those of them that are no field's.
    """

    def __init__(self, evidence: Fields, expected: dict[str, Any]) -> None:
        parts: list[dict[str, Any]] = [
            _british(part)
            for part in (evidence.texts, evidence.numbers, evidence.pairs, evidence.lists, evidence.others)
        ]
        self._texts, self.numbers, pairs, self._lists, self._others = parts
        self.pairs = {name: pair for name, pair in pairs.items() if len(pair) == 2}
        self.fields = {name for part in parts for name in part}
        self.unknown = sorted(self.fields - {*FIELDS, IN_YOUR_WORDS})
        self.reached = Reached(expected["others"][INSPECTOR], expected)
        given = {name: [text] for name, text in self._texts.items()} | self._lists
        self.choices = Choices(given, Key(expected["sealed"]))

    def is_empty(self, name: str) -> bool:
        """Whether nothing stands in a field."""
        if self._others.get(name) == "None" or self._lists.get(name) == []:
            return True
        return name in self._texts and not self._texts[name].strip(" .…-")

    def kind(self, name: str, *expected: str) -> str:
        """What a field holds, in words, if it is of none of the ``expected`` kinds; else ""."""
        kinds = {
            "a text": self._texts,
            "a number": self.numbers,
            "a pair of numbers": self.pairs,
            "a list of texts": self._lists,
        }
        for what, fields in kinds.items():
            if name in fields:
                return "" if what in expected else what
        return self._others.get(name, "something else")


def _british(fields: dict[str, Any]) -> dict[str, Any]:
    """With "licence" for "license", unless both are there."""
    if "license" not in fields or "licence" in fields:
        return fields
    return {"licence" if name == "license" else name: value for name, value in fields.items()}


class ModelCard(Exercise):
    """Say what the inspector is for, how good it is, and where it may fail."""

    id = "capstone.model_card"
    title = "A model card"
    signature = "card: dict with the keys of the template"
    points = 6
    minutes = 12
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
        return {"size": 300, "split": "stratified"}

    def collect(self, answer: dict, challenge: dict) -> dict:
        """The fields as texts, numbers, pairs of numbers and lists of texts."""
        found: dict[str, dict[str, Any]] = {part: {} for part in Fields.model_fields}
        ours = (*FIELDS, IN_YOUR_WORDS, "license")
        others = [key for key in answer if not isinstance(key, str) or key not in ours]
        for key in [*(name for name in ours if name in answer), *others[:_MOST]]:
            part, value = _read(answer[key])
            found[part][str(key)[:60]] = value
        return found

    def judge(self, evidence: Fields, expected: dict) -> Verdict:
        """Each of the twelve fields brings half a point."""
        points, findings = judge_by_tables(
            self.points,
            Card(evidence, expected),
            _TABLES,
            "All twelve fields are right: the numbers are those measured, and the statements hold.",
        )
        return self.verdict(points, findings)


def _read(value: Any) -> tuple[str, Any]:
    """The part of the evidence that a value belongs to, and the value as it stands there."""
    if isinstance(value, str):
        return "texts", str(value)
    if (number := as_number(value)) is not None:
        return "numbers", number
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple | set | frozenset):
        return "others", described(value)[:100]
    if len(value) <= _MOST and all(isinstance(one, str) for one in value):
        return "lists", [str(one) for one in value]
    numbers = [as_number(one) for one in value] if len(value) == 2 and not isinstance(value, set) else [None]
    return ("others", described(value)[:100]) if None in numbers else ("pairs", numbers)
