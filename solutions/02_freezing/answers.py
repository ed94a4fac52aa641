"""Expected values of lesson 02_freezing. Stays with the instructor."""

import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.networks import network
from grader.exercises.lesson_02_freezing.exercises import (
    FindTheBug,
)
from grader.exercises.lesson_02_freezing.freeze_backbone import FreezeBackbone
from grader.exercises.lesson_02_freezing.make_optimizer import MakeOptimizer


def _freeze_backbone(model, head_name):
    for name, module in model.named_modules():
        in_head = f"{name}.".startswith(f"{head_name}.")
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = in_head


def freeze_backbone(challenge: dict) -> dict:
    """Each network's names, and what one step moves if the head alone trains."""
    collected = FreezeBackbone().collect(_freeze_backbone, challenge)["networks"]
    networks = []
    for asked, found in zip(challenge["networks"], collected, strict=True):
        model = network(asked["spec"])
        networks.append(
            {
                "parameters": [name for name, _ in model.named_parameters(remove_duplicate=False)],
                "head": asked["spec"]["head"],
                "norms": [
                    name
                    for name, module in model.named_modules()
                    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm)
                ],
                "moved": found["moved"],
            }
        )
    return {"networks": networks}


def set_modes(challenge: dict) -> dict:
    """Of each network: what is frozen of each BatchNorm, of which class these are, and all modules."""
    networks = []
    for asked in challenge["networks"]:
        modules = dict(network(asked["spec"]).named_modules())
        networks.append(
            {
                "norms": asked["norms"],
                "derived": [
                    name
                    for name in asked["norms"]
                    if type(modules[name]) not in (nn.BatchNorm1d, nn.BatchNorm2d)
                ],
                "one_dimensional": [
                    name for name in asked["norms"] if isinstance(modules[name], nn.BatchNorm1d)
                ],
                "dropout_name": asked["spec"]["dropout_name"],
                "modules": list(modules),
            }
        )
    return {"networks": networks}


def _make_optimizer(model, learning_rate):
    return torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), learning_rate, 0.9)


def make_optimizer(challenge: dict) -> dict:
    """What is trainable in each network, and its weights after two steps."""
    collected = MakeOptimizer().collect(_make_optimizer, challenge)["networks"]
    return {
        "networks": [
            {
                "state": found["state"],
                "trainable": found["held"],
                "parameters": [name for name, _ in network(asked["spec"]).named_parameters()],
                "head": asked["spec"]["head"],
                "learning_rate": asked["learning_rate"],
            }
            for asked, found in zip(challenge["networks"], collected, strict=True)
        ]
    }


def _freeze_midway(new_optimizer: bool):
    """A right answer: it keeps its optimizer, and with it the rest's momentum, or it makes a new one."""

    def answer(model, stage_name, first_batches, more_batches, learning_rate):
        def make():
            return torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)

        optimizer = make()
        model.train()
        for number, (images, labels) in enumerate([*first_batches, *more_batches]):
            if number == len(first_batches):
                model.get_submodule(stage_name).requires_grad_(False).eval()
                optimizer = make() if new_optimizer else optimizer
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
        return model

    return answer


def find_the_bug(challenge: dict) -> dict:
    """The order of batches, and the weights before, between the parts, and after them."""
    exercise = FindTheBug()
    kept, new = (exercise.collect(_freeze_midway(new), challenge) for new in (False, True))
    return {
        "seen": kept["seen"],
        "before": kept["before"],
        "between": kept["turns"]["between"],
        "endings": [kept["after"]["state"], new["after"]["state"]],
        "stage": challenge["stage"],
    }


EXPECT = {
    "freezing.freeze_backbone": freeze_backbone,
    "freezing.set_modes": set_modes,
    "freezing.make_optimizer": make_optimizer,
    "freezing.find_the_bug": find_the_bug,
}
