"""Expected values of lesson 05_staged_unfreezing. Stays with the instructor."""

import copy

import torch
from torch.nn import functional as F

from grader.exercises.lesson_05_staged_unfreezing.exercises import (
    UnfreezeLast,
    is_inside,
    staged_cnn,
)
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug import FindTheBug
from grader.exercises.lesson_05_staged_unfreezing.two_phases import TwoPhases


def _step(model, images, labels, optimizer):
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def _unfreeze_last(model, stages, head_name, n, stage_rate, head_rate):
    model.requires_grad_(False)
    groups = [{"params": list(model.get_submodule(head_name).parameters()), "lr": head_rate}]
    for name in stages[len(stages) - n :]:
        groups.append({"params": list(model.get_submodule(name).parameters()), "lr": stage_rate})
    for group in groups:
        for parameter in group["params"]:
            parameter.requires_grad = True
    return torch.optim.SGD(groups)


def unfreeze_last(challenge: dict) -> dict:
    """The model's condition before the calls, and for each call the parameters to be trainable."""
    asked = UnfreezeLast().collect(_unfreeze_last, challenge)["networks"]
    networks = []
    for network, evidence in zip(challenge["networks"], asked, strict=True):
        spec = network["spec"]
        names = [name for name, _ in staged_cnn(spec).named_parameters()]
        calls = []
        for n in network["calls"]:
            unfrozen = [*spec["stages"][len(spec["stages"]) - n :], spec["head"]]
            calls.append({"n": n, "trainable": [name for name in names if is_inside(name, unfrozen)]})
        networks.append(
            {
                "before": evidence["before"],
                "calls": calls,
                "head": spec["head"],
                "stages": spec["stages"],
                "head_rate": network["head_rate"],
                "stage_rate": network["stage_rate"],
            }
        )
    return {"networks": networks}


def _two_phases(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    head, last = model.get_submodule(head_name), model.get_submodule(stages[-1])
    model.eval().requires_grad_(False)
    for batches, parts in (
        (head_batches, [(head, head_rate)]),
        (tune_batches, [(head, head_rate), (last, stage_rate)]),
    ):
        groups = [
            {"params": list(part.requires_grad_(True).parameters()), "lr": rate} for part, rate in parts
        ]
        optimizer = torch.optim.SGD(groups)
        last.train(len(parts) == 2)
        for images, labels in batches:
            _step(model, images, labels, optimizer)
    return model


def two_phases(challenge: dict) -> dict:
    """Steps of a right run, and its states at the start, between the phases and at the end."""
    right = TwoPhases().collect(_two_phases, challenge)
    return {
        "start": right["before"]["state"],
        "between": right["tune_began"],
        "end": right["after"]["state"],
        "steps": right["steps"],
        "head": challenge["spec"]["head"],
        "stages": challenge["spec"]["stages"],
    }


def _tune_until_best(model, stages, head_name, train_batches, validation, test, measure):
    model.eval().requires_grad_(False)
    head = model.get_submodule(head_name).requires_grad_(True)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.05)
    best, best_score = None, -1.0
    for number in range(4):
        if number == 2:
            stage = model.get_submodule(stages[-1]).requires_grad_(True)
            optimizer.add_param_group({"params": stage.parameters()})
        for images, labels in train_batches:
            _step(model, images, labels, optimizer)
        score = measure(model, validation)
        if score > best_score:
            best, best_score = copy.deepcopy(model.state_dict()), score
    model.load_state_dict(best)
    return model, measure(model, test)


def _released(model, stages, head_name, train_batches, validation, test, measure):
    """The function that the lesson releases, with its three mistakes."""
    model.eval().requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    best, best_score = model.state_dict(), -1.0
    for number in range(4):
        if number == 2:
            model.get_submodule(stages[-1]).requires_grad_(True)
        for images, labels in train_batches:
            _step(model, images, labels, optimizer)
        if (score := measure(model, test)) > best_score:
            best, best_score = model.state_dict(), score
    model.load_state_dict(best)
    return model, best_score


def find_the_bug(challenge: dict) -> dict:
    """Weights after each round and steps of a right run and of the released one; the scores of every round."""
    asked = {**challenge, "scores": challenge["scores"][:1]}
    runs = {
        name: FindTheBug().collect(answer, asked)
        for name, answer in {"wanted": _tune_until_best, "released": _released}.items()
    }
    return {
        "start": runs["wanted"]["runs"][0]["before"]["state"],
        "scores": challenge["scores"],
        "head": challenge["spec"]["head"],
        "last": challenge["spec"]["stages"][-1],
        **{
            name: {"rounds": [end["changed"] for end in run["runs"][0]["ends"]], "steps": run["steps"]}
            for name, run in runs.items()
        },
    }


EXPECT = {
    "staged.unfreeze_last": unfreeze_last,
    "staged.two_phases": two_phases,
    "staged.find_the_bug": find_the_bug,
}
