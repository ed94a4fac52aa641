"""Count the parameters of each direct child, so that the sum is the total."""

from typing import Any

import numpy as np

from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.lesson_03_counting_parameters.counted_networks import counted_network_specs
from grader.exercises.lesson_03_counting_parameters.numbers_of_a_model import (
    Run,
    Runs,
    listed,
    made_by,
    run_of,
)
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import Mistake, first_mistake
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


_FORM = [
    Mistake(
        "not-a-table",
        lambda f: f.not_counts,
        "A dict from names to numbers was expected, but the function returned {1}.",
        "Wanted is `count_by_child(model) -> dict from each child's name to its number of parameters`.",
    )
]

_NAMES = [
    Mistake(
        "no-child",
        lambda f: f.first(lambda t: t.children and not t.named),
        "The returned dict names no child of the model.",
        "Start from `for name, child in model.named_children()`.",
    ),
    Mistake(
        "deeper",
        lambda f: f.first(lambda t: next((name for name in t.named if "." in name), "")),
        "The dict goes deeper than the direct children: `{1}` lies inside of one.",
        "`named_children()` gives just the direct children, `named_modules()` every layer at every depth.",
    ),
    Mistake(
        "empty-child-missing",
        lambda f: f.first(lambda t: t.missing[0] if t.missing and set(t.missing) <= set(t.empty) else ""),
        "`{1}` is missing: a child without parameters has 0 of them, and stands in the table too.",
        "Give each name of `named_children()` a 0 first, then add.",
    ),
    Mistake(
        "child-missing",
        lambda f: f.first(lambda t: t.missing[0] if t.missing else ""),
        "The child `{1}` is missing.",
        "One entry for each pair of `model.named_children()`, under its own name.",
    ),
    Mistake(
        "no-such-child",
        lambda f: f.first(lambda t: t.strange[0] if t.strange else ""),
        "`{1}` is no child of the model.",
        'The direct children\'s names, and "" for parameters of the model itself: nothing else.',
    ),
    Mistake(
        "other-order",
        lambda f: f.first(lambda t: listed(t.named) if t.named != t.children else ""),
        "The children stand in another order than in the model: {1}.",
        "`named_children()` gives them in the order in which the model was built; a dict keeps it.",
    ),
]

_COUNTED: dict[str, tuple[str, str]] = {
    "shared-twice": (
        "A parameter that two children share is counted in both of them: the sum is more than the total.",
        "Remember which parameters are counted already, or go over `model.named_parameters()`, which gives each just once, "
        "under its first name.",
    ),
    "shared-in-last": (
        "A parameter that two children share is counted in the last of them; it belongs to the first.",
        "Count a parameter where it comes up first.",
    ),
    "tied": (
        "The numbers are wrong only on networks whose layers share a parameter: it counts once, in the first child.",
        "`model.named_parameters()` gives each parameter just once, under its first name.",
    ),
    "own-lost": (
        'Parameters of the model itself are missing: they lie in no child, and stand under the key "".',
        "`model.parameters(recurse=False)` gives just those of the model itself; their names have no dot.",
    ),
    "whole-as-own": (
        'Under "" stands the number of all parameters: only those that lie in no child belong there.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "rest-as-own": (
        'Under "" stands the total less the children\'s numbers, which are not right themselves.',
        "Mend the children's numbers first, and the rest is right.",
    ),
    "own-wrong": (
        'The number under "" is not that of the parameters of the model itself, which lie in no child.',
        "`model.parameters(recurse=False)` gives just those of the model itself.",
    ),
    "tensors": ("The numbers count tensors, not elements.", "Add up `parameter.numel()`."),
    "bytes": (
        "The numbers are in bytes; the number of elements is asked for.",
        "Add up `parameter.numel()`.",
    ),
    "buffers": (
        "The numbers count the buffers in: BatchNorm's running statistics are no parameters.",
        "`child.parameters()` leaves the buffers out, `child.state_dict()` does not.",
    ),
    "only-trainable": (
        "The numbers leave out the frozen parameters.",
        "No condition on `requires_grad`: all parameters are asked for.",
    ),
    "weights": (
        "The numbers count only what is named `weight`: the biases are missing.",
        "Go over `child.parameters()`, whatever the names.",
    ),
    "layers": (
        "The numbers count only convolutions and linear layers: norms and PReLU have parameters too.",
        "Go over `child.parameters()`, whatever kind of layer they belong to.",
    ),
    "state-dict": (
        "The numbers are the sizes of each child's `state_dict()`: that has the buffers too, and a shared tensor under "
        "each of its names.",
        "Add up over `child.parameters()`, and remember which parameters are counted already.",
    ),
    "names-twice": (
        "A shared parameter is counted under each of its names, inside a child and in two of them.",
        "`model.named_parameters()` gives each parameter just once, under its first name.",
    ),
    "nested": (
        "Most parameters are counted several times: each module's `parameters()` already has those of the modules inside.",
        "One sum over `child.parameters()` looks at every depth.",
    ),
    "direct": (
        "The numbers have only the parameters that belong to each child directly: most lie in layers inside of it.",
        "`child.parameters()` looks at every depth, unless it is told `recurse=False`.",
    ),
    "beginning": (
        "A child has the parameters of another one whose name begins like its own.",
        'Compare the whole name: `name.split(".")[0] == child_name`, not `name.startswith(child_name)`.',
    ),
}


def _row(name: str) -> Mistake:
    text, hint = _COUNTED[name]
    return Mistake(name, lambda facts: name in facts.made, text, hint)


_COUNTS = [
    *map(_row, _COUNTED),
    Mistake(
        "other-counts",
        lambda f: f.unexplained,
        "{1}",
        "Add up `parameter.numel()` over `child.parameters()`, which looks into every layer inside.",
    ),
]
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
    mistakes = [*_FORM, *_NAMES, *_COUNTS, *_EFFECTS]

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
        if wrong := first_mistake(facts, _FORM):
            return self.verdict(0, [wrong.finding(facts)])
        points = (facts.names_right and facts.anything) + facts.plain + facts.tied + facts.own
        names = first_mistake(facts, _NAMES)
        findings = [names.finding(facts)] if names else []
        findings += [row.finding(facts) for row in _COUNTS if row.shows(facts)]
        if effect := first_mistake(facts, _EFFECTS):
            points = max(0, points - PRICE)
            findings.insert(0, effect.finding(facts))
        right = "Every child has its number, shared weights stand once, and the sum is the total."
        return self.verdict(points, findings or [Finding(text=right)])
