"""Expected values of lesson 05_staged_unfreezing. Stays with the instructor."""

import copy

import torch
from torch.nn import functional as F

from grader.exercises.kit.networks import network
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug import FindTheBug
from grader.exercises.lesson_05_staged_unfreezing.two_phases import TwoPhases


def _step(model, images, labels, optimizer):
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def unfreeze_last(challenge: dict) -> dict:
    """Names of all parameters, head and stages, and the rates; which are to be trainable follows from them."""
    return {
        "networks": [
            {
                "names": [name for name, _ in network(asked["spec"]).named_parameters()],
                "calls": asked["calls"],
                "head": asked["spec"]["head"],
                "stages": asked["spec"]["stages"],
                "head_rate": asked["head_rate"],
                "stage_rate": asked["stage_rate"],
            }
            for asked in challenge["networks"]
        ]
    }


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
