"""Exercises whose answer is a dict of numbers about a model: ``count_parameters`` and ``training_bytes``."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from grader.exercises.kit.condition import Condition, condition
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.lesson_03_counting_parameters.counted_networks import (
    TRAITS,
    counted_network,
    counted_network_specs,
)
from grader.exercises.lesson_03_counting_parameters.ways_to_miscount import WAYS
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import Mistake, first_mistake
from grader.exercises.machine.verdict import Finding, Verdict

_MOST_ITEMS = 60  # of a dict that an answer returns


class Item(StrictEvidence):
    """One entry of the returned dict: a number, or in words what else."""

    name: str
    number: Number | None
    described: str


class Run(StrictEvidence):
    """What came back for one network (``items`` is ``None`` for anything but a dict), and what became of it."""

    before: Condition
    after: Condition
    described: str
    items: list[Item] | None


class Runs(StrictEvidence):
    """One run for each network."""

    runs: list[Run]


def run_of(answer: Any, spec: dict[str, Any]) -> dict[str, Any]:
    """What ``answer`` returns for a network, and the network's condition before and after."""
    model = counted_network(spec)
    before = condition(model)
    result = ask(answer, model)
    items = None
    if isinstance(result, Mapping):
        items = [
            {"name": str(name)[:80], "number": as_number(value), "described": described(value)}
            for name, value in list(result.items())[:_MOST_ITEMS]
        ]
    return {"before": before, "after": condition(model), "described": described(result), "items": items}


def made_by(gives: list[Any], mistakes: dict[str, Any]) -> list[str]:
    """Names of the mistakes that give just these numbers; none if no known ones do.

    Args:
        mistakes: ``made``, names joined by " + ", and ``gives``, a row of numbers each.
    """
    row = np.array([np.nan if number is None else number for number in gives], dtype=float)
    for made, wrong in zip(mistakes["made"], mistakes["gives"], strict=True):
        if row.shape == wrong.shape and np.allclose(row, wrong, rtol=1e-9, atol=0):
            return made.split(" + ")
    return []


def listed(names: list[str]) -> str:
    """Names in backquotes, the last one after "and"."""
    quoted = [f"`{name}`" for name in names]
    return "".join(quoted) if len(quoted) < 2 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


class NumberFacts:
    """The numbers of all networks, key by key, beside the right ones and those of known mistakes."""

    def __init__(self, runs: list[Run], keys: list[str], expected: dict[str, Any]) -> None:
        self.conditions = [(run.before, run.after) for run in runs]
        self.keys, self.expected = keys, expected
        self.not_a_dict = next((run.described for run in runs if run.items is None), "")
        self.given = {key: [_item(run, key) for run in runs] for key in keys}
        self.missing = [key for key in keys if None in self.given[key]]
        self.names = next((listed([item.name for item in run.items or []][:6]) for run in runs), "")
        described = {key: _no_number(self.given[key]) for key in keys if key not in self.missing}
        self.no_number = {key: kind for key, kind in described.items() if kind}
        self.numbers = {
            key: [item.number for item in self.given[key] if item]
            for key, kind in described.items()
            if not kind
        }
        self.right = [k for k, numbers in self.numbers.items() if numbers == list(expected["wanted"][k])]
        self.made = {
            key: made_by(numbers, expected["mistakes"][key])
            for key, numbers in self.numbers.items()
            if key not in self.right
        }

    def keys_with(self, mistake: str) -> str:
        """The keys that a known mistake was made in, in words."""
        return listed([key for key, made in self.made.items() if mistake in made])

    @property
    def unexplained(self) -> str:
        """What the numbers are that no known mistake gives, and what is right."""
        return " ".join(self._unexplained(key) for key, made in self.made.items() if not made)

    def _unexplained(self, key: str) -> str:
        got, wanted = self.numbers[key], list(self.expected["wanted"][key])
        wrong = [number != want for number, want in zip(got, wanted, strict=True)]
        where = next(
            (
                f"only wrong on a network {words}"
                for trait, words in TRAITS.items()
                if all(
                    (trait in traits) is bad
                    for traits, bad in zip(self.expected["traits"], wrong, strict=True)
                )
            ),
            "wrong",
        )
        first = wrong.index(True)
        return f"`{key}` is {where}: {got[first]:,.10g} where {wanted[first]:,} is right."


def _item(run: Run, key: str) -> Item | None:
    return next((item for item in run.items or [] if item.name == key), None)


def _no_number(items: list[Item | None]) -> str:
    """In words, the first value that is no number."""
    return next((item.described for item in items if item and item.number is None), "")


def _missing(facts: NumberFacts) -> str:
    return listed(facts.missing) if facts.missing else ""


SIDE_EFFECTS = side_effects()


class NumbersOfAModel(Exercise):
    """A dict of numbers about a model, each worth its points: what it does beside that costs once."""

    evidence = Runs
    shares: ClassVar[dict[str, int]]  # points of each key
    partial: ClassVar[dict[str, int]] = {}  # points that are left when one mistake alone is made
    ways: ClassVar[list[str]]  # known mistakes, of ``WAYS``
    right_text: str

    @property
    def mistakes(self) -> list[Mistake]:  # type: ignore[override]
        """Every row."""
        return [*self._of_form(), *map(_row, self.ways), _OTHER, *SIDE_EFFECTS]

    def _of_form(self) -> list[Mistake]:
        keys, wanted = listed(list(self.shares)), f"Wanted is `{self.signature.replace('{', '{{')}`."
        return [
            Mistake(
                "not-a-dict",
                lambda f: f.not_a_dict,
                f"A dict with the keys {keys} was expected, but the function returned {{1}}.",
                wanted,
            ),
            Mistake(
                "key-missing",
                _missing,
                "Missing in the returned dict: {1}. It has {0.names}.",
                wanted,
            ),
            Mistake(
                "not-a-number",
                lambda f: ", ".join(f"`{key}` is {kind}" for key, kind in f.no_number.items()),
                "{1}, where one number is wanted.",
                "Add up over all the tensors, and return the sum.",
            ),
        ]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Six networks that the student has not seen."""
        return {"networks": counted_network_specs(rng)}

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What is returned for each network, and what became of the network."""
        return {"runs": [run_of(answer, spec) for spec in challenge["networks"]]}

    def judge(self, evidence: Runs, expected: dict) -> Verdict:
        """Each key has its points; a side effect costs its one."""
        if len(evidence.runs) != len(expected["traits"]):
            return self.verdict(0, [Finding(text="An answer for each network was expected.")])
        facts = NumberFacts(evidence.runs, list(self.shares), expected)
        points: float = sum(self.shares[key] for key in facts.right)
        points += sum(self.partial.get(" + ".join(made), 0) for made in facts.made.values())
        not_a_dict, *rest = self._of_form()
        if not_a_dict.shows(facts):
            return self.verdict(0, [not_a_dict.finding(facts)])
        rows = [*rest, *map(_row, self.ways), _OTHER]
        findings = [row.finding(facts) for row in rows if row.shows(facts)]
        if effect := first_mistake(facts, SIDE_EFFECTS):
            points = max(0, points - min(effect.costs, PRICE if points > PRICE else points))
            findings.insert(0, effect.finding(facts))
        if facts.right and findings:
            findings.append(Finding(text=f"Right on every network: {listed(facts.right)}."))
        return self.verdict(points, findings or [Finding(text=self.right_text)])


def _row(name: str) -> Mistake:
    text, hint = WAYS[name]
    return Mistake(name, lambda facts: facts.keys_with(name), "{1}: " + text, hint)


_OTHER = Mistake(
    "other-number",
    lambda facts: facts.unexplained,
    "{1}",
    "`parameter.numel()`, `parameter.requires_grad` and `parameter.element_size()` say it all.",
)
