"""Make the head and the last n stages trainable, and an optimizer for just these."""

from typing import Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.condition import Condition, condition, is_sound
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.numbers import described
from grader.exercises.lesson_05_staged_unfreezing.unfreeze_last_facts import Unfreezing
from grader.exercises.lesson_05_staged_unfreezing.unfreeze_last_mistakes import RIGHT, TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

STAGES, CALLS = 4, 4  # of each network


class Group(StrictEvidence):
    """One group of an optimizer: names of its parameters ("" for one that is not the model's), and their rate."""

    names: list[str]
    rate: Number


class Asked(StrictEvidence):
    """After one call. ``instead``: what came back, in words, if it is no optimizer; ``moved``: by one step of it."""

    instead: str
    after: Condition
    sound: bool
    groups: list[Group]
    flagged_modules: list[str]
    moved: list[str]


class OneNetwork(StrictEvidence):
    """A network before the first call, and after each."""

    before: Condition
    calls: list[Asked] = Field(min_length=CALLS, max_length=CALLS)


class Unfrozen(StrictEvidence):
    """Both networks, and what was changed beside."""

    networks: list[OneNetwork] = Field(min_length=2, max_length=2)
    changed_arguments: list[str]
    changed_settings: list[str]


class UnfreezeLast(Exercise):
    """Make the head and the last n stages trainable, and an optimizer for just these."""

    id = "staged.unfreeze_last"
    title = "Unfreeze the last n stages"
    signature = "unfreeze_last(model, stages, head_name, n, stage_rate, head_rate) -> optimizer"
    points = 5
    minutes = 10
    difficulty = 2
    section = "Exercise 1: unfreeze the last n stages"
    evidence = Unfrozen
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two networks, each asked several times: trainable at first, with n growing; frozen in part, with n shrinking."""
        return {
            "networks": [
                {
                    "spec": network_spec(rng, nested=nested, deep_head=nested, stages=STAGES),
                    "calls": calls,
                    "frozen_in_part": nested,
                    "stage_rate": float(rng.uniform(0.002, 0.01)),
                    "head_rate": float(rng.uniform(0.05, 0.2)),
                }
                for nested, calls in ((False, [0, 1, 2, STAGES]), (True, [2, 1, 0, STAGES]))
            ],
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Flags, optimizer groups and one step's movement after each call."""
        changed: list[str] = []
        settings: list[str] = []
        networks = [
            _ask_network(answer, network, challenge["data_seed"], changed, settings)
            for network in challenge["networks"]
        ]
        return {"networks": networks, "changed_arguments": changed, "changed_settings": settings}

    def judge(self, evidence: Unfrozen, expected: dict) -> Verdict:
        """Three points for the flags, one for what the optimizer holds, one for the rates."""
        facts = Unfreezing(evidence, expected)
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, RIGHT))


def given_network(asked: dict) -> Any:
    """A network as the first call gets it: trainable and in training mode, or frozen in part, in eval mode, with old gradients."""
    import torch

    model = network(asked["spec"]).train(not asked["frozen_in_part"])
    if asked["frozen_in_part"]:
        for number, parameter in enumerate(model.parameters()):
            parameter.requires_grad_(number % 2 == 0)  # every stage, and all that is in none, in part
        model.get_submodule(asked["spec"]["head"]).requires_grad_(False)
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    return model


def _ask_network(answer: Any, asked: dict, seed: int, changed: list[str], settings: list[str]) -> dict:
    import torch

    spec, model = asked["spec"], given_network(asked)
    before = condition(model)
    start = Condition.model_validate(before)
    batch = random_batches(spec, seed, 1)[0]
    calls = []
    for n in asked["calls"]:
        stages = list(spec["stages"])
        given = Arguments(stages=stages)
        optimizer = ask(answer, model, stages, spec["head"], n, asked["stage_rate"], asked["head_rate"])
        changed += given.changed()
        settings += reset_settings()
        is_optimizer = isinstance(optimizer, torch.optim.Optimizer)
        after = condition(model)
        sound = is_sound(start, Condition.model_validate(after))
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        groups = [
            {
                "names": [names.get(id(parameter), "") for parameter in group["params"]],
                "rate": _rate(group.get("lr")),
            }
            for group in (optimizer.param_groups if is_optimizer else [])
        ]
        calls.append(
            {
                "instead": "" if is_optimizer else described(optimizer),
                "after": after,
                "sound": sound,
                "groups": groups,
                "flagged_modules": [
                    n for n, module in model.named_modules() if "requires_grad" in vars(module)
                ],
                "moved": _one_step(model, optimizer, *batch) if is_optimizer and sound else [],
            }
        )
    return {"before": before, "calls": calls}


def _rate(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return float("nan")


def _one_step(model: Any, optimizer: Any, images: Any, labels: Any) -> list[str]:
    """Names of the parameters that one step of ``optimizer`` moves; the model is as before afterwards."""
    import torch

    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    model.zero_grad()
    logits = ask(model, images)
    if isinstance(logits, torch.Tensor) and logits.requires_grad:
        ask(lambda: torch.nn.functional.cross_entropy(logits, labels).backward())
    ask(optimizer.step)
    moved = [n for n, parameter in model.named_parameters() if not torch.equal(parameter, kept[n])]
    model.load_state_dict(kept)
    for name, parameter in model.named_parameters():
        parameter.grad = gradients[name]
    return moved
