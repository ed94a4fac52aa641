"""Freeze everything but the head, in any model and whatever was frozen before."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.condition import Condition, condition, is_sound
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.lesson_02_freezing.freeze_backbone_facts import Freezing
from grader.exercises.lesson_02_freezing.freeze_backbone_mistakes import FLAGS, SIDE_EFFECTS, STEP
from grader.exercises.lesson_02_freezing.frozen_parameters import (
    NewAttribute,
    attributes_of,
    freeze_every_second,
    new_attributes,
)
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence import EvidenceContradicts
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_RIGHT = "In both networks the head trains and everything else is frozen: one step moved the head alone."


class NetworkAfterFreezing(StrictEvidence):
    """One network after the call.

    Attributes:
        attributes: new attributes of modules and parameters that hold True or False.
        replaced: names of parameters that are other objects than before.
        changed_settings: of PyTorch, in words.
        returned_another: whether the function returned a model that is not the one that it was given.
        moved: names of the parameters that one step of training moves then.
    """

    before: Condition
    after: Condition
    attributes: list[NewAttribute]
    replaced: list[str]
    changed_settings: list[str]
    returned_another: bool
    moved: list[str]


class Frozen(StrictEvidence):
    """Both networks after the call."""

    networks: list[NetworkAfterFreezing]


class FreezeBackbone(Exercise):
    """Freeze everything but the head, in any model and whatever was frozen before."""

    id = "freezing.freeze_backbone"
    title = "Freeze a backbone"
    signature = "freeze_backbone(model, head_name) -> None"
    points = 4
    minutes = 6
    difficulty = 1
    section = "Exercise 1: freeze a backbone"
    evidence = Frozen
    mistakes = [*FLAGS, *STEP, *SIDE_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two networks: one half frozen, its head too; one with a deep head inside another module, all trainable.

        On the second lie old gradients.
        """
        flat = network_spec(rng, nested=False)
        nested = network_spec(rng, nested=True, deep_head=True)
        return {
            "networks": [
                {"spec": flat, "half_frozen": True},
                {"spec": nested, "half_frozen": False},
            ],
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Each network's condition before and after the call, and what one step of training moves then."""
        seed = challenge["data_seed"]
        # All is made before the answer runs: it may change the default dtype.
        networks = [
            (prepared(asked), asked["spec"]["head"], random_batches(asked["spec"], seed, 1)[0])
            for asked in challenge["networks"]
        ]
        return {"networks": [_after(answer, *one) for one in networks]}

    def judge(self, evidence: Frozen, expected: dict) -> Verdict:
        """By the flags of both networks, then by what one step moves, then by what else was changed."""
        if len(evidence.networks) != len(expected["networks"]):
            raise EvidenceContradicts
        facts = Freezing(evidence.networks, expected["networks"])
        return self.verdict(*judge_by_tables(self.points, facts, [FLAGS, STEP, SIDE_EFFECTS], _RIGHT))


def prepared(asked: dict) -> Any:
    """The network of a challenge: in training mode if it is half frozen, else in eval mode."""
    import torch

    model, head = network(asked["spec"]).train(asked["half_frozen"]), asked["spec"]["head"]
    if asked["half_frozen"]:
        return freeze_every_second(model, frozen=[head])
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.05)
    return model


def _after(answer: Any, model: Any, head: str, batch: tuple) -> dict:
    import torch

    before, attributes, parameters = condition(model), attributes_of(model), dict(model.named_parameters())
    returned = ask(answer, model, head)
    changed_settings = reset_settings()
    after = condition(model)
    sound = is_sound(Condition.model_validate(before), Condition.model_validate(after))
    return {
        "before": before,
        "after": after,
        "attributes": new_attributes(attributes, model),
        "replaced": [n for n, p in model.named_parameters() if n in parameters and p is not parameters[n]],
        "changed_settings": changed_settings,
        "returned_another": isinstance(returned, torch.nn.Module) and returned not in set(model.modules()),
        "moved": _one_step(model, *batch) if sound else [],
    }


def _one_step(model: Any, images: Any, labels: Any) -> list[str]:
    """Names of the parameters that one step of an optimizer for all of them moves."""
    import torch

    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    logits = ask(model, images)
    if not isinstance(logits, torch.Tensor) or not logits.requires_grad:
        return []
    loss = torch.nn.functional.cross_entropy(logits, labels)
    ask(loss.backward)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return [name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])]
