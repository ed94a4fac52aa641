"""Wrong and right answers to the exercises of lesson 5: every mistake is refused by its name."""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.exercises import try_answer
from grader.exercises.lesson_05_staged_unfreezing.exercises import (
    is_inside,
    staged_batches,
    staged_cnn,
    staged_cnn_spec,
)


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def named(verdict, words):
    return any(words in finding.text for finding in verdict.findings)


# ---------------------------------------------------------------- the networks


@pytest.mark.parametrize("seed", range(8))
def test_a_network_has_the_stages_that_its_spec_names_and_names_that_look_alike(seed):
    spec = staged_cnn_spec(np.random.default_rng(seed))
    model = staged_cnn(spec)
    images, labels = staged_batches(spec, seed, 1)[0]
    assert model(images).shape == (len(labels), spec["num_classes"])
    names = [name for name, _ in model.named_parameters()]
    last, first = spec["stages"][-1], spec["stages"][0]
    assert first.startswith(last)
    assert not is_inside(f"{first}.0.weight", [last])
    inside = [[name for name in names if is_inside(name, [stage])] for stage in spec["stages"]]
    assert all(len(stage) == 3 for stage in inside)
    order = [names.index(stage[0]) for stage in inside]
    assert order == sorted(order)


def test_a_network_leaves_the_global_random_numbers_alone():
    spec = staged_cnn_spec(np.random.default_rng(0))
    torch.manual_seed(1)
    wanted = torch.rand(1)
    torch.manual_seed(1)
    staged_cnn(spec)
    assert torch.equal(torch.rand(1), wanted)


# ---------------------------------------------------------------- unfreeze the last n stages


def chosen(stages, n):
    return stages[len(stages) - n :]


def unfreeze(
    model,
    stages,
    head_name,
    n,
    stage_rate,
    head_rate,
    *,
    choose=chosen,
    freeze_first=True,
    head=True,
    make=torch.optim.SGD,
):
    if freeze_first:
        for parameter in model.parameters():
            parameter.requires_grad = False
    groups = [
        {"params": list(model.get_submodule(name).parameters()), "lr": stage_rate}
        for name in choose(stages, n)
    ]
    if head:
        groups.append({"params": list(model.get_submodule(head_name).parameters()), "lr": head_rate})
    for parameter in itertools.chain.from_iterable(group["params"] for group in groups):
        parameter.requires_grad = True
    return make(groups)


def unfreeze_by_name(model, stages, head_name, n, stage_rate, head_rate):
    prefixes = tuple(f"{name}." for name in stages[::-1][:n])
    late, head = [], []
    for name, parameter in model.named_parameters():
        in_head = name.startswith(head_name + ".")
        parameter.requires_grad_(in_head or name.startswith(prefixes))
        if in_head:
            head.append(parameter)
        elif name.startswith(prefixes):
            late.append(parameter)
    return torch.optim.AdamW([{"params": head, "lr": head_rate}, {"params": late}], lr=stage_rate)


def unfreeze_added_group(model, stages, head_name, n, stage_rate, head_rate):
    model.requires_grad_(False)
    head = model.get_submodule(head_name).requires_grad_(True)
    optimizer = torch.optim.SGD(head.parameters(), lr=head_rate, momentum=0.9)
    for name in reversed(stages):
        if n > 0:
            stage = model.get_submodule(name).requires_grad_(True)
            optimizer.add_param_group({"params": stage.parameters(), "lr": stage_rate})
        n -= 1
    return optimizer


RIGHT_UNFREEZING = [unfreeze, unfreeze_by_name, unfreeze_added_group]


@pytest.mark.parametrize("answer", RIGHT_UNFREEZING)
def test_right_unfreezing_passes(answer):
    verdict = try_answer("staged.unfreeze_last", answer)
    assert verdict.passed, verdict


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


def optimizer_before_flags(model, stages, head_name, n, stage_rate, head_rate):
    def trainable(name):
        return [p for p in model.get_submodule(name).parameters() if p.requires_grad]

    groups = [{"params": trainable(name), "lr": stage_rate} for name in chosen(stages, n)]
    optimizer = torch.optim.SGD([*groups, {"params": trainable(head_name), "lr": head_rate}])
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return optimizer


def filtered_before_flags(model, stages, head_name, n, stage_rate, head_rate):
    optimizer = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=head_rate)
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return optimizer


def one_rate(model, stages, head_name, n, stage_rate, head_rate):
    return unfreeze(model, stages, head_name, n, head_rate, head_rate)


def swapped_rates(model, stages, head_name, n, stage_rate, head_rate):
    return unfreeze(model, stages, head_name, n, head_rate, stage_rate)


def tenfold_rate(model, stages, head_name, n, stage_rate, head_rate):
    return unfreeze(model, stages, head_name, n, head_rate / 10, head_rate)


def all_parameters(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    head = list(model.get_submodule(head_name).parameters())
    rest = [p for p in model.parameters() if all(p is not own for own in head)]
    return torch.optim.SGD([{"params": rest, "lr": stage_rate}, {"params": head, "lr": head_rate}])


def flags_on_modules(model, stages, head_name, n, stage_rate, head_rate):
    late = [model.get_submodule(name) for name in chosen(stages, n)]
    head = model.get_submodule(head_name)
    for module in model.children():
        module.requires_grad = False
    for module in [*late, head]:
        module.requires_grad = True
    groups = [{"params": list(stage.parameters()), "lr": stage_rate} for stage in late]
    return torch.optim.SGD([*groups, {"params": list(head.parameters()), "lr": head_rate}])


def by_beginning(model, stages, head_name, n, stage_rate, head_rate):
    late, head = [], []
    for name, parameter in model.named_parameters():
        in_head, in_late = name.startswith(head_name), name.startswith(tuple(chosen(stages, n)))
        parameter.requires_grad = in_head or in_late
        if in_head or in_late:
            (head if in_head else late).append(parameter)
    return torch.optim.SGD([{"params": late, "lr": stage_rate}, {"params": head, "lr": head_rate}])


def stem_too(model, stages, head_name, n, stage_rate, head_rate):
    model.requires_grad_(True)
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    next(model.children()).requires_grad_(True)
    head = list(model.get_submodule(head_name).parameters())
    rest = [p for p in model.parameters() if p.requires_grad and all(p is not own for own in head)]
    return torch.optim.SGD([{"params": rest, "lr": stage_rate}, {"params": head, "lr": head_rate}])


def head_not_in_optimizer(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    groups = [
        {"params": model.get_submodule(name).parameters(), "lr": stage_rate} for name in chosen(stages, n)
    ]
    return torch.optim.SGD([{"params": [], "lr": head_rate}, *groups])


def stages_not_in_optimizer(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return torch.optim.SGD(model.get_submodule(head_name).parameters(), lr=head_rate)


def on_a_copy(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return unfreeze(copy.deepcopy(model), stages, head_name, n, stage_rate, head_rate)


def froze_everything(model, stages, head_name, n, stage_rate, head_rate):
    optimizer = unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    model.requires_grad_(False)
    return optimizer


def does_nothing(model, stages, head_name, n, stage_rate, head_rate):
    return torch.optim.SGD(model.parameters(), lr=head_rate)


def not_a_rate(model, stages, head_name, n, stage_rate, head_rate):
    optimizer = unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    for group in optimizer.param_groups:
        group["lr"] = float("nan")
    return optimizer


WRONG_UNFREEZING = {
    "minus zero": (variant(unfreeze, choose=lambda stages, n: stages[-n:]), 4, "`stages[-0:]`"),
    "first n": (variant(unfreeze, choose=lambda stages, n: stages[:n]), 0, "instead of the last"),
    "old flags left": (variant(unfreeze, freeze_first=False), 0, "old flags were left"),
    "optimizer before flags": (optimizer_before_flags, 3, "made before the flags were set"),
    "filtered before flags": (filtered_before_flags, 3, "made before the flags were set"),
    "one rate": (one_rate, 4, "one rate"),
    "swapped rates": (swapped_rates, 4, "swapped"),
    "another rate": (tenfold_rate, 4, "has the rate"),
    "not a rate": (not_a_rate, 4, "rate nan"),
    "frozen handed over": (all_parameters, 4, "also holds frozen parameters"),
    "flags on modules": (flags_on_modules, 0, "which is a module"),
    "by beginning of names": (by_beginning, 0, "its name begins like"),
    "stem": (stem_too, 0, "neither the head nor the last"),
    "head forgotten": (
        variant(unfreeze, head=False, choose=lambda stages, n: chosen(stages, max(n, 1))),
        0,
        "the head is frozen",
    ),
    "everything frozen": (froze_everything, 0, "the head is frozen"),
    "head not in the optimizer": (head_not_in_optimizer, 3, "the optimizer does not hold it"),
    "stages not in the optimizer": (
        stages_not_in_optimizer,
        3,
        "is trainable, but the optimizer does not hold it",
    ),
    "one stage too many": (
        variant(unfreeze, choose=lambda stages, n: stages[-n - 1 :]),
        0,
        "neither the head nor the last",
    ),
    "one stage too few": (
        variant(unfreeze, choose=lambda stages, n: stages[len(stages) - n + 1 :] if n else []),
        0,
        "still frozen",
    ),
    "on a copy": (on_a_copy, 3, "not one of the model's"),
    "does nothing": (does_nothing, 0, "is trainable because it was so before"),
    "returns nothing": (lambda *given: None, 0, "returned NoneType"),
    "returns NaN": (lambda *given: float("nan"), 0, "returned float"),
}


@pytest.mark.parametrize("name", WRONG_UNFREEZING)
def test_wrong_unfreezing_is_named(name):
    answer, points, words = WRONG_UNFREEZING[name]
    verdict = try_answer("staged.unfreeze_last", answer)
    assert verdict.points == points, verdict
    assert named(verdict, words), verdict


def trains(model, *_):
    training_step(
        model, torch.randn(4, 3, 12, 12), torch.zeros(4).long(), torch.optim.SGD(model.parameters(), lr=0.1)
    )


def leaves_gradients(model, *_):
    sum(parameter.sum() for parameter in model.parameters()).backward()


BAD_BEHAVIOR = {
    "trains": (trains, "changed the model"),
    "gradients": (leaves_gradients, "left gradients behind"),
    "hook": (lambda model: model.register_forward_hook(lambda *_: None), "left a hook"),
    "mode": (lambda model: model.train(not model.training), "in the other mode"),
    "meta": (lambda model: model.to("meta"), "lies on meta"),
    "half": (lambda model: model.half(), "float16"),
    "double": (lambda model: model.double(), "float64"),
}


@pytest.mark.parametrize("name", BAD_BEHAVIOR)
def test_what_unfreezing_does_beside_is_named(name):
    behave, words = BAD_BEHAVIOR[name]

    def answer(model, *rest):
        optimizer = unfreeze(model, *rest)
        behave(model)
        return optimizer

    verdict = try_answer("staged.unfreeze_last", answer)
    assert verdict.points <= 3
    assert named(verdict, words), verdict
