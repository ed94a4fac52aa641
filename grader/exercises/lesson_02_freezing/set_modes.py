"""Training mode for all of a model but its frozen BatchNorm layers."""

import copy
from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.condition import Condition, condition, is_sound
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import Spec, batch_norms, network, network_spec
from grader.exercises.kit.tensors import inside, moved, snapshot
from grader.exercises.lesson_02_freezing.frozen_parameters import freeze_every_second
from grader.exercises.lesson_02_freezing.set_modes_facts import Modes
from grader.exercises.lesson_02_freezing.set_modes_mistakes import NORMS, REST, SIDE_EFFECTS
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_RIGHT = "In three forward passes the frozen layers' statistics stood still, the others' moved, and dropout was on."
_PASSES = 3
_F, _T, _W, _B = "frozen", "trainable", "only weight", "only bias"
# What is frozen of each BatchNorm, in the order of ``batch_norms``: the stem's, three of each of three stages, and
# the last BatchNorm1d. In each network every class and every place of a stage is frozen once and trainable once.
_KINDS = [
    [_F, *(_F, _F, _F), *(_T, _W, _T), *(_B, _F, _F), _F],
    [_T, *(_F, _T, _W), *(_B, _F, _F), *(_F, _F, _T), _F],
    [_F, *(_T, _F, _F), *(_F, _W, _T), *(_F, _T, _B), _T],
]
_MODES = ["training", "eval", "mixed"]  # in which the networks come


class NormBehaviour(StrictEvidence):
    """What one BatchNorm does: which buffers three passes moved, and whether it normalises by the batch at hand."""

    moved: list[str]
    by_batch: bool


class NetworkWithModes(StrictEvidence):
    """One network after the call.

    Attributes:
        norms: by name, what each BatchNorm does; empty if the network could not be asked.
        dropout_on: whether dropout sets anything to zero.
        settings: layers' settings that are not what they were, such as "entry.1.momentum".
        changed_settings: of PyTorch, in words.
        returned_another: whether the function returned a model that is not the one that it was given.
    """

    before: Condition
    after: Condition
    norms: dict[str, NormBehaviour]
    dropout_on: bool
    settings: list[str]
    changed_settings: list[str]
    returned_another: bool


class ModesSet(StrictEvidence):
    """All networks after the call."""

    networks: list[NetworkWithModes]


class SetModes(Exercise):
    """Training mode for all but the frozen BatchNorm layers."""

    id = "freezing.set_modes"
    title = "Stop the statistics"
    signature = "set_modes(model) -> None"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 2: stop the statistics"
    evidence = ModesSet
    mistakes = [*NORMS, *REST, *SIDE_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Networks in training mode, in eval mode, and in both (with old gradients); the second has modules in modules."""
        networks = []
        for kinds, mode in zip(_KINDS, _MODES, strict=True):
            spec = network_spec(rng, nested=mode == "eval", dropout=0.4)
            networks.append(
                {"spec": spec, "norms": dict(zip(batch_norms(spec), kinds, strict=True)), "mode": mode}
            )
        return {"networks": networks, "data_seed": int(rng.integers(2**31))}

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What each network does in three forward passes after the call."""
        seed = challenge["data_seed"]
        prepared = [
            (_prepared(asked), asked, random_batches(asked["spec"], seed, _PASSES))
            for asked in challenge["networks"]
        ]
        return {"networks": [_after(answer, *one) for one in prepared]}

    def judge(self, evidence: ModesSet, expected: dict) -> Verdict:
        """By what BatchNorm does, then by what dropout does and in which mode the rest is."""
        facts = Modes(evidence.networks, expected["networks"])
        return self.verdict(*judge_by_tables(self.points, facts, [NORMS, REST, SIDE_EFFECTS], _RIGHT))


def _prepared(asked: dict) -> Any:
    """A network of the challenge: its BatchNorm frozen as the challenge says, its mode set."""
    import torch

    spec: Spec = asked["spec"]
    model = network(spec)
    # A stage that is frozen throughout, but for norms; a frozen norm that is no BatchNorm.
    freeze_every_second(model, trainable=[spec["head"]], frozen=[spec["stages"][0], f"{spec['ties']}.1"])
    for name, kind in asked["norms"].items():
        norm = model.get_submodule(name)
        norm.weight.requires_grad_(kind not in (_F, _W))
        norm.bias.requires_grad_(kind not in (_F, _B))
        # It has been trained before: statistics that an answer resets are not what they were.
        norm.running_mean.fill_(0.1)
        norm.num_batches_tracked.fill_(9)
    model.train(asked["mode"] != "eval")
    if asked["mode"] == "mixed":
        for name in (spec["stages"][1], spec["dropout_name"]):
            model.get_submodule(name).eval()
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 0.1)
    return model


def _after(answer: Any, model: Any, asked: dict, batches: list) -> dict:
    import torch

    before, settings = condition(model), _settings(model)
    returned = ask(answer, model)
    changed_settings = reset_settings()
    after, now = condition(model), _settings(model)
    found: dict[str, Any] = {
        "before": before,
        "after": after,
        "norms": {},
        "dropout_on": False,
        "settings": [name for name, value in settings.items() if now.get(name, value) != value],
        "changed_settings": changed_settings,
        "returned_another": isinstance(returned, torch.nn.Module) and returned not in set(model.modules()),
    }
    if is_sound(Condition.model_validate(before), Condition.model_validate(after)):
        with torch.no_grad():
            for images, _ in batches:
                ask(model, images)
            state = snapshot(model)
            for name in asked["norms"]:
                found["norms"][name] = {
                    "moved": moved(after["state"], state, inside(state, name)),
                    "by_batch": _normalises_by_batch(model.get_submodule(name)),
                }
            dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
            found["dropout_on"] = any(bool((ask(part, torch.ones(500)) == 0).any()) for part in dropouts)
    return found


def _settings(model: Any) -> dict[str, Any]:
    """Every layer's plain settings by name, but for its mode."""
    return {
        f"{name}.{setting}": value
        for name, module in model.named_modules()
        for setting, value in vars(module).items()
        if isinstance(value, bool | int | float) and setting != "training"
    }


def _normalises_by_batch(norm: Any) -> bool:
    """Whether what ``norm`` gives for an image depends on the other images beside it."""
    import torch

    norm = ask(copy.deepcopy, norm)
    norm.weight.fill_(1)  # whatever an answer wrote into the parameters
    norm.bias.fill_(0)
    sides = (4, 4) if isinstance(norm, torch.nn.BatchNorm2d) else ()
    images = torch.randn(6, norm.num_features, *sides)
    others = torch.cat([images[:1], 3 * images[1:] + 2])
    return not torch.allclose(ask(norm, images)[0], ask(norm, others)[0], atol=1e-4)
