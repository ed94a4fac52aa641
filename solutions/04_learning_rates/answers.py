"""Expected values of lesson 04_learning_rates. Stays with the instructor."""

import copy
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from grader.exercises.kit.condition import expected_condition
from grader.exercises.kit.networks import head_norm
from grader.exercises.kit.tensors import inside
from grader.exercises.lesson_04_learning_rates.decay_towards import pulled_network
from grader.exercises.lesson_04_learning_rates.find_the_bug import FindTheBug
from grader.exercises.lesson_04_learning_rates.find_the_bug_challenge import hunted_network
from grader.exercises.lesson_04_learning_rates.groups_by_depth import grouped_network
from grader.exercises.lesson_04_learning_rates.range_test import RangeTest
from grader.exercises.lesson_04_learning_rates.range_test_challenge import range_batches, range_network
from grader.quiz.sealing import seal

# ---------------------------------------------------------------- a range test


def _range_test(model, batches, lowest, highest):
    """A right answer, on a copy; the optimizer holds what is to train and nothing else."""
    trial = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD([p for p in trial.parameters() if p.requires_grad], lr=lowest)
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss = F.cross_entropy(trial(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return rates, losses


def _known_rates(lowest: float, highest: float, count: int) -> dict[str, list[float]]:
    """What known mistakes make of the rates."""
    steps, powers = np.linspace(0, 1, count), np.geomspace(lowest, highest, count)
    with np.errstate(over="ignore"):
        known = {
            "linear": np.linspace(lowest, highest, count),
            "without-highest": np.geomspace(lowest, highest, count + 1)[:-1],
            "without-lowest": np.geomspace(lowest, highest, count + 1)[1:],
            "falling": powers[::-1],
            "powers": np.logspace(lowest, highest, count),
            "logarithms": np.log10(powers),
            "natural-logarithms": np.log(powers),
            "squared": lowest + (highest - lowest) * steps**2,
            "constant": np.full(count, lowest),
            "all-highest": np.full(count, highest),
        }
    return {name: [float(rate) for rate in rates] for name, rates in known.items()}


def _untouched(model, batches, training: bool) -> list[float]:
    """What the batches lose in a model that is never trained."""
    twin = copy.deepcopy(model).train(training)
    with torch.no_grad():
        return [F.cross_entropy(twin(images), labels).item() for images, labels in batches]


def range_test(challenge: dict) -> dict:
    """For each network: rates, losses and steps of a right test, rates of known mistakes, the model before."""
    right = RangeTest().collect(_range_test, challenge)["runs"]
    return {"runs": [_range_run(run, got) for run, got in zip(challenge["runs"], right, strict=True)]}


def _range_run(run: dict, right: dict[str, Any]) -> dict:
    model, batches = range_network(run), range_batches(run)
    return {
        "batches": run["batches"],
        "rates": right["rates"],
        "losses": right["losses"],
        "steps": right["steps"],
        "known_rates": _known_rates(run["lowest"], run["highest"], run["batches"]),
        "untouched": {mode: _untouched(model, batches, mode == "training") for mode in ("training", "eval")},
        "before": expected_condition(model),
    }


# ---------------------------------------------------------------- a rate for each depth


def groups_by_depth(challenge: dict) -> dict:
    """For each network: the part of each trainable parameter, what the rates are made of, the model before."""
    return {"networks": [_grouped(asked) for asked in challenge["networks"]]}


def _grouped(asked: dict) -> dict:
    model, head, stages = grouped_network(asked), asked["spec"]["head"], asked["spec"]["stages"]
    owner = {
        id(parameter): part
        for part in (head, *stages)
        for parameter in model.get_submodule(part).parameters()
    }
    parts_of: dict[int, list[str]] = {}
    for part in (head, *stages):
        for parameter in model.get_submodule(part).parameters():
            parts_of.setdefault(id(parameter), []).append(part)
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    return {
        "head": head,
        "stages": stages,
        "head_rate": asked["head_rate"],
        "decay": asked["decay"],
        "parts": {name: owner.get(id(parameter), "") for name, parameter in named},
        "shared": [name for name, parameter in named if len(parts_of.get(id(parameter), [])) > 1],
        "before": expected_condition(model),
    }


# ---------------------------------------------------------------- decay towards the start


def decay_towards(challenge: dict) -> dict:
    """For each network: which parameters are pulled and which not, how far each stands from its start."""
    return {"networks": [_pulled(asked) for asked in challenge["networks"]]}


def _pulled(asked: dict) -> dict:
    model, start = pulled_network(asked)
    head = asked["spec"]["head"]
    named = dict(model.named_parameters())
    of_head = inside(named, head)
    backbone = [name for name in named if name not in of_head]
    every = [id(parameter) for _, parameter in model.named_parameters(remove_duplicate=False)]
    buffers = dict(model.named_buffers())
    return {
        "head": head,
        "strength": asked["strength"],
        "members": [name for name in backbone if named[name].requires_grad],
        "head_parameters": of_head,
        "frozen": [name for name in backbone if not named[name].requires_grad],
        "shared": [name for name in backbone if every.count(id(named[name])) > 1],
        "buffers": list(buffers),
        "distances": {
            name: (tensor - start[name]).detach().float().numpy()
            for name, tensor in (named | buffers).items()
        },
        "before": expected_condition(model),
    }


# ---------------------------------------------------------------- four curves


def diagnose(challenge: dict) -> dict:
    """The recorded runs of the lesson: rate 0.03, rate 0, rate 0.001, rate 0.00001."""
    return {"sealed": seal({"A": "too high", "B": "nothing trains", "C": "about right", "D": "too low"})}


# ---------------------------------------------------------------- find the bug


def _fine_tune(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """A right repair: a schedule's own factor on two groups."""
    own = {id(parameter) for parameter in model.get_submodule(head_name).parameters()}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    parts = [[p for p in trainable if (id(p) in own) == is_head] for is_head in (False, True)]
    optimizer = torch.optim.SGD(
        [{"params": part, "lr": rate} for part, rate in zip(parts, (backbone_rate, head_rate), strict=True)]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: min(1, (done + 1) / warm_up))
    model.train()
    for images, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        schedule.step()
    return model


def find_the_bug(challenge: dict) -> dict:
    """Where a right repair ends, and by which steps."""
    right = FindTheBug().collect(_fine_tune, challenge)
    rates = (challenge["backbone_rate"], challenge["head_rate"], challenge["warm_up"])
    head = challenge["spec"]["head"]
    return {
        "head": head,
        "norm": head_norm(challenge["spec"]),
        "backbone_rate": rates[0],
        "head_rate": rates[1],
        "warm_up": rates[2],
        "before": expected_condition(hunted_network(challenge)),
        "steps": right["steps"],
        "final": right["after"]["state"],
    }


EXPECT = {
    "rates.range_test": range_test,
    "rates.groups_by_depth": groups_by_depth,
    "rates.decay_towards": decay_towards,
    "rates.diagnose": diagnose,
    "rates.find_the_bug": find_the_bug,
}
