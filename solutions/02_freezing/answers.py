"""Expected values of lesson 02_freezing. Stays with the instructor."""

import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.networks import network
from grader.exercises.kit.tensors import snapshot
from grader.exercises.lesson_02_freezing.find_the_bug import FindTheBug, prepared
from grader.exercises.lesson_02_freezing.freeze_backbone import FreezeBackbone
from grader.exercises.lesson_02_freezing.freeze_backbone import prepared as prepared_to_freeze
from grader.exercises.lesson_02_freezing.make_optimizer import MakeOptimizer


def _freeze_backbone(model, head_name):
    head = set(map(id, model.get_submodule(head_name).parameters()))
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) in head


def freeze_backbone(challenge: dict) -> dict:
    """Each network's names, and what one step moves if the head alone trains."""
    collected = FreezeBackbone().collect(_freeze_backbone, challenge)["networks"]
    networks = []
    for asked, found in zip(challenge["networks"], collected, strict=True):
        model = prepared_to_freeze(asked)
        named = list(model.named_parameters(remove_duplicate=False))
        networks.append(
            {
                "parameters": [name for name, _ in named],
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


def _train(model, batches, optimizer):
    for images, labels in batches:
        model.zero_grad()
        F.nll_loss(model(images).log_softmax(dim=1), labels).backward()
        optimizer.step()


def _sgd(model, learning_rate):
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)


def _freeze_midway(model, stage_name, first_batches, more_batches, learning_rate):
    """A right answer that makes a new optimizer for the second part."""
    _train(model.train(), first_batches, _sgd(model, learning_rate))
    model.get_submodule(stage_name).eval().requires_grad_(False)
    _train(model, more_batches, _sgd(model, learning_rate))
    return model


def _freeze_midway_with_one_optimizer(model, stage_name, first_batches, more_batches, learning_rate):
    """A right answer that keeps its optimizer, and with it the momentum of the rest."""
    optimizer = _sgd(model, learning_rate)
    _train(model.train(), first_batches, optimizer)
    model.get_submodule(stage_name).eval().requires_grad_(False)
    _train(model, more_batches, optimizer)
    return model


def _released(model, stage_name, first_batches, more_batches, learning_rate):
    """What the program of lesson.py does (its RELEASE block), with its three mistakes."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad = False
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return model


def _end(program, challenge: dict) -> dict:
    model, first, more = prepared(challenge)
    return snapshot(program(model, challenge["stage"], first, more, challenge["learning_rate"]))


def find_the_bug(challenge: dict) -> dict:
    """The steps of a right answer, the state between its parts, both right endings, and the released program's."""
    found = FindTheBug().collect(_freeze_midway, challenge)
    modules = network(challenge["spec"]).named_modules()
    return {
        "steps": found["steps"],
        "between": found["between"],
        "endings": [found["after"]["state"], _end(_freeze_midway_with_one_optimizer, challenge)],
        "released": _end(_released, challenge),
        "stage": challenge["stage"],
        "norms": [name for name, part in modules if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d)],
    }


EXPECT = {
    "freezing.freeze_backbone": freeze_backbone,
    "freezing.set_modes": set_modes,
    "freezing.make_optimizer": make_optimizer,
    "freezing.find_the_bug": find_the_bug,
}
