"""A penalty that pulls the backbone towards the weights it started from."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.condition import Attributes, Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.tensors import inside, plain
from grader.exercises.lesson_04_learning_rates.decay_towards_facts import Pulls
from grader.exercises.lesson_04_learning_rates.decay_towards_mistakes import TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, State, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.random_numbers import random_numbers_from
from grader.exercises.machine.verdict import Verdict


class Pulled(StrictEvidence):
    """What came back for one network.

    Attributes:
        problem, detail: why it is no penalty, and where that helps what it is in words; else "".
        value: of the penalty; NaN where there is none.
        one_element: whether it is a tensor of one element that is not 0-d.
        gradients: of the penalty with respect to each parameter that it depends on.
        into_start: names of the start values that it has a gradient for.
        settings_before: ``attributes`` of the model's condition before the call.
    """

    problem: str
    detail: str
    value: Number
    one_element: bool
    gradients: State
    into_start: list[str]
    settings_before: Attributes
    after: Condition
    changed_arguments: list[str]
    changed_settings: list[str]


class AllPulled(StrictEvidence):
    """What came back, network by network."""

    networks: list[Pulled] = Field(min_length=2, max_length=2)


class DecayTowards(Exercise):
    """A penalty that pulls the backbone towards the weights it started from."""

    id = "rates.decay_towards"
    title = "Decay towards the start"
    signature = "decay_towards(model, start, head_name, strength) -> 0-d tensor"
    points = 3
    minutes = 8
    difficulty = 2
    section = "Exercise 3: decay towards the start"
    evidence = AllPulled
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A nested network with a deep head, and a flat one; of both a stage and the stem's convolution are frozen."""
        nested = network_spec(rng, nested=True, deep_head=True)
        flat = network_spec(rng, nested=False)
        return {
            "networks": [
                {"spec": spec, "training": training, "strength": float(rng.uniform(0.15, 0.4))}
                for spec, training in ((nested, False), (flat, True))
            ]
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The penalty, its gradients, and the model afterwards."""
        return {"networks": [_ask(answer, asked) for asked in challenge["networks"]]}

    def judge(self, evidence: AllPulled, expected: dict) -> Verdict:
        """A point each for what is pulled, for the formula, for where the gradient flows."""
        facts = Pulls(evidence.networks, expected["networks"])
        right = "The trainable backbone is pulled to its start, and nothing else is."
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, right))


def pulled_network(asked: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The model of one network of a challenge, and the values that it started from.

    These have the names of its ``state_dict``: buffers, the head and both names of a shared weight are among them,
    all at a distance from the model's, and those of parameters ask for gradients.
    """
    import torch

    spec = asked["spec"]
    model = network(spec).train(asked["training"])
    names = [name for name, _ in model.named_parameters()]
    for name in [*inside(names, spec["stages"][0]), f"{spec['stem']}.0.weight"]:
        model.get_parameter(name).requires_grad_(False)
    start: dict[str, Any] = {}
    with random_numbers_from(spec["seed"] // 2), torch.device("cpu"):
        for parameter in model.parameters():  # a bias of 0 would be pulled towards zero by nothing
            parameter.data += 0.1 * torch.randn(parameter.shape)
        for name, tensor in model.state_dict().items():
            noise = 0.3 * torch.randn(tensor.shape)
            away = (tensor + noise).abs() if tensor.is_floating_point() else tensor + 3
            start[name] = away.detach().requires_grad_(name in names)
        for name, parameter in model.named_parameters(remove_duplicate=False):
            first = next(n for n, p in model.named_parameters() if p is parameter)
            start[name] = start[first]
    return model, start


def _ask(answer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    model, start = pulled_network(asked)
    given = Arguments(start=start)
    own = dict(start)  # the answer may take some out of the dict
    before = _edges(model.named_parameters()), _edges(own.items())  # a move to a device makes others
    settings_before = condition(model)["attributes"]

    def pull(*arguments: Any) -> tuple[Any, list[dict[str, Any]] | None]:
        """The penalty and, while everything lies where it was computed, its gradients."""
        penalty = answer(*arguments)
        return penalty, None if _read(penalty)[0] else _gradients_or_none(penalty, model, *before)

    penalty, gradients = ask(pull, model, start, asked["spec"]["head"], asked["strength"])
    settings, after, changed = reset_settings(), condition(model), given.changed()
    problem, detail, value = _read(penalty)
    if not problem and gradients is None:  # once more, now that the model is back on the CPU
        gradients = ask(_gradients_or_none, penalty, model, *before)
        problem = "" if gradients else "used up"
    pulled, into_start = gradients or ({}, {})
    return {
        "problem": problem,
        "detail": detail,
        "value": value,
        "one_element": not problem and penalty.ndim > 0,
        "gradients": {name: plain(gradient) for name, gradient in pulled.items()},
        "into_start": list(into_start),
        "changed_settings": settings,
        "settings_before": settings_before,
        "after": after,
        "changed_arguments": changed,
    }


def _read(result: Any) -> tuple[str, str, float]:
    """Problem, its detail, and the penalty's value."""
    import torch

    one = isinstance(result, torch.Tensor) and result.numel() == 1
    value = as_number(result.detach().reshape(())) if one else as_number(result)
    if value is None:
        return "no number", described(result), np.nan
    if not isinstance(result, torch.Tensor):
        return "plain number", described(result), value
    return ("" if result.requires_grad else "no gradient"), "", value


def _edges(named: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Where the gradients of those tensors arrive that ask for one, by name."""
    import torch

    edge_of = torch.autograd.graph.get_gradient_edge
    return {name: edge_of(tensor) for name, tensor in named if tensor.requires_grad}


def _gradients_or_none(
    penalty: Any, model: Any, parameters: dict[str, Any], start: dict[str, Any]
) -> list[dict[str, Any]] | None:
    """Of the parameters and of the start values those that the penalty depends on, with its gradients.

    ``None`` if none can be computed, as after a ``backward()`` of the answer's own.
    """
    import torch

    groups = [parameters, _edges(model.named_parameters()), start]
    edges = [edge for group in groups for edge in group.values()]
    try:
        found = iter(torch.autograd.grad(penalty.reshape(()), edges, allow_unused=True))
    except RuntimeError:
        return None
    gradients = [{name: one for name in group if (one := next(found)) is not None} for group in groups]
    return [gradients[0] | gradients[1], gradients[2]]
