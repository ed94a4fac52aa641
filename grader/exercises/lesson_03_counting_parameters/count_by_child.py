"""Count the parameters of each direct child, so that the sum is the total."""

from typing import Any

import numpy as np

from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.lesson_03_counting_parameters.count_by_child_mistakes import COUNTS, FORM, NAMES
from grader.exercises.lesson_03_counting_parameters.counted_networks import counted_network_specs
from grader.exercises.lesson_03_counting_parameters.numbers_of_a_model import (
    Run,
    Runs,
    made_by,
    run_of,
)
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import first_mistake
from grader.exercises.machine.verdict import Finding, Verdict

_OF_OWN = ("own-lost", "whole-as-own", "rest-as-own")  # made with the model's own parameters alone


class Table:
    """What came back for one network, beside its children and their right numbers (the model's own at the end)."""

    def __init__(self, run: Run, wanted: dict[str, Any]) -> None:
        self.children, self.counts = wanted["children"], [int(count) for count in wanted["counts"]]
        numbers = {item.name: item.number for item in run.items or []}
        self.named = [name for name in numbers if name]
        self.gives = [numbers.get(name, 0) for name in (*self.children, "")]
        self.tied = "tied" in wanted["traits"]
        self.right = self.gives[:-1] == self.counts[:-1]
        self.own_right = self.gives[-1] == self.counts[-1]
        self.missing = [name for name in self.children if name not in self.named]
        self.empty = [name for name, count in zip(self.children, self.counts, strict=False) if not count]
        self.strange = [name for name in self.named if name not in self.children]

    @property
    def example(self) -> str:
        """The first number that is wrong."""
        for name, number, wanted in zip((*self.children, ""), self.gives, self.counts, strict=True):
            if number != wanted:
                return f"`{name}` has {number:,.10g} parameters by your count; {wanted:,} is right."
        return ""


class Tables:
    """The tables of all networks."""

    def __init__(self, runs: list[Run], expected: dict[str, Any]) -> None:
        self.conditions = [(run.before, run.after) for run in runs]
        self.not_counts = next((problem for run in runs if (problem := _not_counts(run))), "")
        self.tables = [Table(run, wanted) for run, wanted in zip(runs, expected["networks"], strict=True)]
        self.plain = all(table.right for table in self.tables if not table.tied)
        self.tied = self.plain and all(table.right for table in self.tables)
        self.own = all(table.own_right for table in self.tables)
        self.names_right = all(table.named == table.children for table in self.tables)
        self.anything = any(any(table.gives) for table in self.tables)
        self.made = [] if self.not_counts else self._made(expected["mistakes"])

    def first(self, shown: Any) -> Any:
        """What ``shown`` gives for the first table for which it gives anything."""
        return next((found for table in self.tables if (found := shown(table))), None)

    def _made(self, mistakes: dict[str, Any]) -> list[str]:
        """Known mistakes that give just these tables, or at least just these numbers of the children."""
        if self.tied and self.own:
            return []
        made = made_by([number for table in self.tables for number in table.gives], mistakes)
        if made:
            return made
        is_child = [place < len(t.gives) - 1 for t in self.tables for place in range(len(t.gives))]
        children = {"made": mistakes["made"], "gives": mistakes["gives"][:, is_child]}
        made = made_by([number for table in self.tables for number in table.gives[:-1]], children)
        made = [name for name in made if name not in _OF_OWN]
        if made and not self.own:
            return [*made, "own-wrong"]
        if self.plain and not self.tied and not made:
            made = ["tied"]
        return [*made, "own-wrong"] if self.tied and not self.own else made

    @property
    def unexplained(self) -> str:
        """The first wrong number, if no known mistake gives the tables."""
        return "" if self.made or (self.tied and self.own) else self.first(lambda table: table.example) or ""


def _not_counts(run: Run) -> str:
    if run.items is None:
        return run.described
    return next((f"{i.described} under `{i.name}`" for i in run.items if i.number is None), "")


_EFFECTS = side_effects()


class CountByChild(Exercise):
    """Count the parameters of each direct child, so that the sum is the total."""

    id = "counting.count_by_child"
    title = "Count by part"
    signature = "count_by_child(model) -> dict from each child's name to its number of parameters"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 2: count by part"
    evidence = Runs
    mistakes = [*FORM, *NAMES, *COUNTS, *_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Six networks that the student has not seen."""
        return {"networks": counted_network_specs(rng)}

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What is returned for each network, and what became of the network."""
        return {"runs": [run_of(answer, spec) for spec in challenge["networks"]]}

    def judge(self, evidence: Runs, expected: dict) -> Verdict:
        """A point each for the names, the plain numbers, shared weights, and the model's own parameters."""
        if len(evidence.runs) != len(expected["networks"]):
            return self.verdict(0, [Finding(text="An answer for each network was expected.")])
        facts = Tables(evidence.runs, expected)
        if wrong := first_mistake(facts, FORM):
            return self.verdict(0, [wrong.finding(facts)])
        points: float = (facts.names_right and facts.anything) + facts.plain + facts.tied + facts.own
        names = first_mistake(facts, NAMES)
        findings = [names.finding(facts)] if names else []
        findings += [row.finding(facts) for row in COUNTS if row.shows(facts)]
        if effect := first_mistake(facts, _EFFECTS):
            points = max(0, points - PRICE)
            findings.insert(0, effect.finding(facts))
        right = "Every child has its number, shared weights stand once, and the sum is the total."
        return self.verdict(points, findings or [Finding(text=right)])
