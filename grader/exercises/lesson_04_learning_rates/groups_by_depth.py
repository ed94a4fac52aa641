"""Parameter groups whose rate falls from the head to the stem."""

from typing import Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.condition import Attributes, Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import head_norm, network, network_spec
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.tensors import inside
from grader.exercises.lesson_04_learning_rates.groups_by_depth_facts import Grouped
from grader.exercises.lesson_04_learning_rates.groups_by_depth_mistakes import TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_MOST = 500  # groups, and parameters of a group, that are looked at


class ParameterGroup(StrictEvidence):
    """One group: its rate, and its parameters by their names in the model ("" for one of no model seen)."""

    rate: Number
    names: list[str]


class Answered(StrictEvidence):
    """What came back for one network.

    Attributes:
        settings_before: ``attributes`` of the model's condition before the call.
        problem, detail: which kind of thing it is that no optimizer takes, and what it is in words; else "".
    """

    problem: str
    detail: str
    groups: list[ParameterGroup]
    settings_before: Attributes
    after: Condition
    changed_arguments: list[str]
    changed_settings: list[str]


class AllAnswered(StrictEvidence):
    """What came back, network by network."""

    networks: list[Answered] = Field(min_length=3, max_length=3)


class GroupsByDepth(Exercise):
    """Parameter groups whose rate falls from the head to the stem."""

    id = "rates.groups_by_depth"
    title = "A rate for each depth"
    signature = "groups_by_depth(model, stages, head_name, head_rate, decay) -> list of parameter groups"
    points = 4
    minutes = 10
    difficulty = 2
    section = "Exercise 2: a rate for each depth"
    evidence = AllAnswered
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A nested network of four stages, a flat one of two, and a nested one that is frozen in part."""
        whole = network_spec(rng, nested=True, deep_head=True, stages=4)
        short = network_spec(rng, nested=False, stages=2)
        short["widths"][1] = short["widths"][2]  # so that two stages can share a parameter
        partly = network_spec(rng, nested=True, stages=3)
        names = [name for name, _ in network(partly).named_parameters()]
        frozen = [
            *inside(names, partly["stages"][-1]),  # wholly: it keeps its place in the count
            *inside(names, f"{partly['stages'][0]}.0"),
            *inside(names, head_norm(partly)),
        ]
        return {
            "networks": [
                {
                    "spec": spec,
                    "frozen": held,
                    "training": not held,
                    "head_rate": float(rng.uniform(0.05, 0.2)),
                    "decay": float(rng.uniform(0.3, 0.45)),
                }
                for spec, held in ((whole, []), (short, []), (partly, frozen))
            ]
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The groups as names and rates, and the model afterwards."""
        return {"networks": [_ask(answer, asked) for asked in challenge["networks"]]}

    def judge(self, evidence: AllAnswered, expected: dict) -> Verdict:
        """A point each for what the groups hold, and for the rates of the head, the stages and the rest."""
        facts = Grouped(evidence.networks, expected["networks"])
        right = "Every trainable parameter is in one group, at the rate of its depth."
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, right))


def grouped_network(asked: dict[str, Any]) -> Any:
    """The model of one network of a challenge, in its mode, with its frozen parameters.

    In the one of two stages these share the weight of a norm, and old gradients lie on it.
    """
    import torch

    model = network(asked["spec"]).train(asked["training"])
    if len(asked["spec"]["stages"]) == 2:
        first, second = (model.get_submodule(f"{stage}.1") for stage in asked["spec"]["stages"])
        second.weight = first.weight
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    for name in asked["frozen"]:
        model.get_parameter(name).requires_grad_(False)
    return model


def _ask(answer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    model, stages = grouped_network(asked), list(asked["spec"]["stages"])
    given = Arguments(stages=stages)
    named = list(model.named_parameters())  # kept: an id is a parameter's own only as long as it lives
    names = {id(parameter): name for name, parameter in named}
    settings_before = condition(model)["attributes"]
    result = ask(answer, model, stages, asked["spec"]["head"], asked["head_rate"], asked["decay"])
    problem, detail, groups = _read(result, names)
    return {
        "problem": problem,
        "detail": detail,
        "groups": groups,
        "changed_settings": reset_settings(),
        "settings_before": settings_before,
        "after": condition(model),
        "changed_arguments": given.changed(),
    }


def _read(result: Any, names: dict[int, str]) -> tuple[str, str, list[dict[str, Any]]]:
    """Problem, its detail, and the groups, as an optimizer would take them."""
    import torch

    if isinstance(result, torch.optim.Optimizer):
        return "an optimizer", "", []
    if isinstance(result, dict | str | torch.Tensor | torch.nn.Module) or not hasattr(
        type(result), "__iter__"
    ):
        return "no list", described(result), []
    groups = []
    for number, group in enumerate(ask(list, result)[:_MOST], start=1):
        if not isinstance(group, dict):
            return "no dict", f"Group {number} is {described(group)}", []
        if "params" not in group:
            return "no params", f"Group {number}", []
        if "lr" not in group:
            return "no rate", f"Group {number}", []
        rate = as_number(group["lr"])
        if rate is None:
            return "no number", f"The `lr` of group {number} is {described(group['lr'])}", []
        held = group["params"]
        if isinstance(held, set):
            return "a set", f"Group {number}", []
        if not isinstance(held, torch.Tensor) and not hasattr(type(held), "__iter__"):
            return "no parameters", f"Group {number} holds {described(held)}", []
        held = [held] if isinstance(held, torch.Tensor) else ask(list, held)[:_MOST]
        held = [item[1] if isinstance(item, tuple) and len(item) == 2 else item for item in held]
        strange = next((item for item in held if not isinstance(item, torch.Tensor)), None)
        if any(not isinstance(item, torch.Tensor) for item in held):
            return "no parameters", f"Group {number} holds {described(strange)}", []
        groups.append({"rate": rate, "names": [names.get(id(parameter), "") for parameter in held]})
    return "", "", groups
