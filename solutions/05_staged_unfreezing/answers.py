"""Expected values of lesson 05_staged_unfreezing. Stays with the instructor."""

import copy

import torch
from torch.nn import functional as F

from grader.exercises.lesson_05_staged_unfreezing.exercises import (
    TwoPhases,
    UnfreezeLast,
    is_inside,
    staged_cnn,
)
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug import FindTheBug


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


# What phase 1 may do with the head, right or wrong; the first is right.
_PHASE_1 = {
    "right": {},
    "statistics": {"training": True},
    "everything": {"training": True, "all": True},
    "everything in eval mode": {"all": True},
    "stage_rate_for_head": {"rate": "stage_rate"},
    "momentum": {"make": lambda groups: torch.optim.SGD(groups, momentum=0.9)},
    "adam": {"make": torch.optim.Adam},
    "adamw": {"make": torch.optim.AdamW},
    "summed": {"reduction": "sum"},
}
# Rates of head and stage in phase 2.
_PHASE_2 = {
    "right": ("head_rate", "stage_rate"),
    "head_rate_for_both": ("head_rate", "head_rate"),
    "stage_rate_for_both": ("stage_rate", "stage_rate"),
    "swapped": ("stage_rate", "head_rate"),
}

_SENTENCES = {
    "stage_rate_for_head": (
        "In phase 1 the head trained at `stage_rate`.",
        "The head learns at `head_rate` in both phases.",
    ),
    "momentum": (
        "In phase 1 the head moved as SGD with a momentum of 0.9 moves it; plain SGD is asked for.",
        "`torch.optim.SGD(…, lr=head_rate)` has no momentum unless it is told so.",
    ),
    "adam": (
        "In phase 1 the head moved as Adam moves it; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
    "adamw": (
        "In phase 1 the head moved as AdamW moves it; plain SGD is asked for.",
        "Use `torch.optim.SGD`.",
    ),
    "summed": (
        "In phase 1 the loss was summed over the batch: the updates are as many times larger as there are images.",
        "Use `training_step`, which takes the mean.",
    ),
    "head_rate_for_both": (
        "In phase 2 the head and the stage trained at one rate, `head_rate`.",
        "Two groups: the head at `head_rate`, the stage at the lower `stage_rate`.",
    ),
    "stage_rate_for_both": (
        "In phase 2 the head and the stage trained at one rate, `stage_rate`.",
        "Two groups: the head at `head_rate`, the stage at the lower `stage_rate`.",
    ),
    "swapped": (
        "In phase 2 the rates are swapped: the stage trained at `head_rate`, the head at `stage_rate`.",
        "The new head learns fast, the pretrained stage slowly.",
    ),
}


def _two_phases(first: dict, second: tuple[str, str]):
    """``two_phases`` with its mistakes: in the first phase as ``_PHASE_1`` says, in the second in its rates."""

    def step(model, images, labels, optimizer):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels, reduction=first.get("reduction", "mean")).backward()
        optimizer.step()

    def answer(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
        rates = {"head_rate": head_rate, "stage_rate": stage_rate}
        head, last = model.get_submodule(head_name), model.get_submodule(stages[-1])
        make = first.get("make", torch.optim.SGD)
        trained = model if first.get("all") else head
        model.requires_grad_(False)
        trained.requires_grad_(True)
        model.train(first.get("training", False))
        rate = rates[first.get("rate", "head_rate")]
        optimizer = make([{"params": list(trained.parameters()), "lr": rate}])
        for images, labels in head_batches:
            step(model, images, labels, optimizer)
        model.requires_grad_(False)
        head.requires_grad_(True)
        last.requires_grad_(True)
        model.eval()
        last.train()
        parts = zip((head, last), second, strict=True)
        optimizer = make([{"params": list(part.parameters()), "lr": rates[rate]} for part, rate in parts])
        for images, labels in tune_batches:
            step(model, images, labels, optimizer)
        return model

    return answer


def two_phases(challenge: dict) -> dict:
    """States at the turns of a right run, and the head after each known mistake."""
    exercise = TwoPhases()
    spec = challenge["spec"]

    def head_of(state: dict) -> dict:
        return {name: value for name, value in state.items() if is_inside(name, [spec["head"]])}

    def ending_of(state: dict) -> dict:
        """The head, and of the last stage what is small: enough to tell the rates of both."""
        small = {
            name: value
            for name, value in state.items()
            if is_inside(name, spec["stages"][-1:]) and name.endswith(("weight", "bias")) and value.ndim == 1
        }
        return head_of(state) | small

    right = exercise.collect(_two_phases({}, _PHASE_2["right"]), challenge)
    variants = {}
    for name, first in _PHASE_1.items():
        runs = {
            ending: exercise.collect(_two_phases(first, second), challenge)
            for ending, second in _PHASE_2.items()
        }
        variants[name] = {
            "head_between": head_of(runs["right"]["between"]),
            "finals": {ending: ending_of(run["after"]["state"]) for ending, run in runs.items()},
        }
    return {
        "seen": right["seen"],
        "before": right["before"],
        "last_head": head_of(right["last_head"]),
        "between": right["between"],
        "after": right["after"]["state"],
        "head": spec["head"],
        "stages": spec["stages"],
        "variants": variants,
        "sentences": {name: {"text": text, "hint": hint} for name, (text, hint) in _SENTENCES.items()},
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
