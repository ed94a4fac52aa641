"""Trainings in two phases, right and wrong: each slip is named, and paid once."""

import copy
import functools
import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises import find_exercise

ID = "staged.two_phases"


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def phases(
    model,
    stages,
    head_name,
    head_batches,
    tune_batches,
    head_rate,
    stage_rate,
    *,
    training=(),
    first=lambda model, head, stages: head,
    second=lambda model, head, stages: [head, stages[-1]],
    rates=("head", "head", "stage"),
    between=lambda model, head_name: None,
    make=torch.optim.SGD,
    keep_optimizer=False,
    stage_mode=True,
    head_mode=0,
    step=training_step,
    order=lambda batches: batches,
):
    """Two phases with a mistake in any part. ``rates``: of phase 1, then of head and stage in phase 2."""
    rate = {"head": head_rate, "stage": stage_rate}
    parts = [model.get_submodule(name) for name in stages]
    model.requires_grad_(False)
    tuned = first(model, model.get_submodule(head_name), parts).requires_grad_(True)
    optimizer = make(list(tuned.parameters()), lr=rate[rates[0]])
    model.train(1 in training)
    model.get_submodule(head_name).train(1 in training or head_mode == 1)
    for images, labels in order(head_batches):
        step(model, images, labels, optimizer)
    between(model, head_name)
    head = model.get_submodule(head_name)
    tuned = second(model, head, parts)
    model.requires_grad_(False)
    for module in [head, *tuned]:
        module.requires_grad_(True)
    if not keep_optimizer:
        groups = [
            {"params": list(part.parameters()), "lr": rate[rates[1] if part is head else rates[2]]}
            for part in tuned
        ]
        optimizer = make(groups, lr=stage_rate)
    model.train(2 in training)
    for part in tuned:
        part.train(stage_mode if part is not head else 2 in training or head_mode == 2)
    for images, labels in order(tune_batches):
        step(model, images, labels, optimizer)
    return model


def variant(**changes):
    return functools.partial(phases, **changes)


def ids(verdict):
    return [finding.id for finding in verdict.findings]


# ---------------------------------------------------------------- right


def added_group(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    """One optimizer; no flags at all, since the optimizer alone decides what moves."""
    optimizer = torch.optim.SGD(model.get_submodule(head_name).parameters(), lr=head_rate)
    model.eval()
    for index in range(len(head_batches)):
        training_step(model, *head_batches[index], optimizer)
    last = model.get_submodule(stages[-1])
    optimizer.add_param_group({"params": last.parameters(), "lr": stage_rate})
    last.train()
    for images, labels in list(tune_batches):
        training_step(model, images, labels, optimizer)
    return model


def norms_one_by_one(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    """The rest in training mode, which only norms and dropout would notice."""
    model.train().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.Dropout):
            module.eval()
    head, last = model.get_submodule(head_name), model.get_submodule(stages[-1])
    head.requires_grad_(True)
    for batches in (head_batches, tune_batches):
        groups = [{"params": list(head.parameters()), "lr": head_rate}]
        if batches is tune_batches:
            last.train().requires_grad_(True)
            groups += [{"params": list(last.parameters()), "lr": stage_rate}]
        for images, labels in batches:
            training_step(model, images, labels, torch.optim.SGD(groups, lr=1.0))
    return model.eval()


def cached_first(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    """Phase 1 on the features in front of the head, computed once."""
    model.eval().requires_grad_(False)
    head, last = model.get_submodule(head_name).requires_grad_(True), model.get_submodule(stages[-1])
    features = []
    handle = head.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0].detach().clone()))
    with torch.no_grad():
        for images, _ in head_batches:
            model(images)
    handle.remove()
    optimizer = torch.optim.SGD(head.parameters(), lr=head_rate)
    for inputs, (_, labels) in zip(features, head_batches, strict=True):
        training_step(head, inputs, labels, optimizer)
    last.train().requires_grad_(True)
    optimizer.add_param_group({"params": last.parameters(), "lr": stage_rate})
    for images, labels in tune_batches:
        training_step(model, images, labels, optimizer)
    return model


def by_hand(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate, factor=1, both=True):
    model.eval()
    head, last = model.get_submodule(head_name), model.get_submodule(stages[-1])
    for batches in (head_batches, tune_batches):
        parts = [(head, head_rate)] + ([(last, stage_rate)] if both and batches is tune_batches else [])
        last.train(len(parts) == 2)
        for images, labels in batches:
            model.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            with torch.no_grad():
                for part, rate in parts:
                    for parameter in part.parameters():
                        parameter -= factor * rate * parameter.grad
    return model


def two_optimizers(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    head, last = model.get_submodule(head_name), model.get_submodule(stages[-1])
    optimizers = [torch.optim.SGD(head.parameters(), lr=head_rate)]
    model.eval()
    for batches in (head_batches, tune_batches):
        if batches is tune_batches:
            last.train()
            optimizers.append(torch.optim.SGD(last.parameters(), lr=stage_rate))
        for images, labels in batches:
            model.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            for optimizer in optimizers:
                optimizer.step()
    return model


RIGHT = {
    "plain": phases,
    "added group": added_group,
    "norms one by one": norms_one_by_one,
    "cached": cached_first,
    "by hand": by_hand,
    "two optimizers": two_optimizers,
    "on a copy": lambda model, *rest: phases(copy.deepcopy(model), *rest),
    "compiled": lambda model, *rest: phases(torch.compile(model, backend="eager"), *rest),
    "left in training mode": lambda *given: phases(*given).train(),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_phases_pass(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- wrong


def at_once(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=stage_rate)
    for images, labels in [*head_batches, *tune_batches]:
        training_step(model, images, labels, optimizer)
    return model


def new_head(model, head_name):
    for linear in model.get_submodule(head_name).modules():
        if isinstance(linear, nn.Linear):
            linear.reset_parameters()


def other_head(model, head_name):
    model.set_submodule(head_name, copy.deepcopy(model.get_submodule(head_name)))
    new_head(model, head_name)


def head_before_training(model, stages, head_name, *rest):
    other_head(model, head_name)
    return phases(model, stages, head_name, *rest)


def statistics_reset(model, head_name):
    for name, module in model.named_modules():
        if hasattr(module, "reset_running_stats") and not name.startswith(head_name):
            module.reset_running_stats()


def with_batches(change):
    """Right phases on other batches: ``change`` of those for the head and those for tuning."""

    def answer(model, stages, head_name, head_batches, tune_batches, *rates):
        return phases(model, stages, head_name, *change(head_batches, tune_batches), *rates)

    return answer


def mixed(head, tune):
    return list(itertools.chain(*zip(head, tune, strict=False))), tune


def step_of(loss=F.cross_entropy, clear="before", back=True, steps=1, clip=None):
    """A training step with a mistake in it; ``loss`` is of logits and labels."""

    def step(model, images, labels, optimizer):
        if clear == "before":
            optimizer.zero_grad()
        value = loss(model(images), labels)
        if back:
            value.backward()
        if clear in ("after", "zeros"):
            optimizer.zero_grad(set_to_none=clear == "after")
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        for _ in range(steps):
            optimizer.step()
        if clear == "end":
            optimizer.zero_grad()

    return step


def setting(**settings):
    return variant(make=functools.partial(torch.optim.SGD, **settings))


def rate_times(factor):
    def answer(*given):
        return phases(*given[:-2], given[-2] * factor, given[-1] * factor)

    return answer


def without_biases(parameters, lr):
    if isinstance(parameters[0], dict):
        parameters = [{**group, "params": [p for p in group["params"] if p.ndim > 1]} for group in parameters]
    return torch.optim.SGD([p for p in parameters if isinstance(p, dict) or p.ndim > 1], lr=lr)


def of_copies(parameters, lr):
    return torch.optim.SGD(copy.deepcopy(parameters), lr=lr)


def fresh_head_each_batch(model, images, labels, optimizer):
    training_step(model, images, labels, optimizer)
    for linear in [module for module in model.modules() if isinstance(module, nn.Linear)][:1]:
        linear.reset_parameters()


def cached_with_adam(*given):
    """``cached_first`` with another optimizer in its phase 1."""
    real = torch.optim.SGD
    try:
        torch.optim.SGD = lambda parameters, lr: torch.optim.Adam([{"params": list(parameters), "lr": lr}])
        return cached_first(*given)
    finally:
        torch.optim.SGD = real


def everything(model, head, stages):
    return model


def only_others(model, head, stages):
    return [head, *(child for child in model.children() if head not in set(child.modules()))]


def stops_where_the_loss_rises(model, stages, head_name, head_batches, tune_batches, *rates):
    losses, tuning = [], [id(images) for images, _ in tune_batches]

    def step(model, images, labels, optimizer):
        if id(images) in tuning and len(losses) > 1 and losses[-1] > losses[-2]:
            return
        loss = training_step(model, images, labels, optimizer)
        losses.extend([loss] if id(images) in tuning else [])

    return phases(model, stages, head_name, head_batches, tune_batches, *rates, step=step)


def norms_alone_train(model, stages, head_name, head_batches, tune_batches, *rates):
    norms = [m for m in model.get_submodule(stages[-1]).modules() if hasattr(m, "running_mean")]

    def step(model, images, labels, optimizer):
        if any(norm.training for norm in norms):
            model.eval()
            for norm in norms:
                norm.train()
        training_step(model, images, labels, optimizer)

    return phases(model, stages, head_name, head_batches, tune_batches, *rates, step=step)


WRONG = {
    "does nothing": (lambda *given: None, 0, "never-trained"),
    "gives the model back": (lambda model, *given: model, 0, "never-trained"),
    "everything at once": (at_once, 0, "everything-at-once"),
    "phases swapped": (with_batches(lambda head, tune: (tune, head)), 0, "phases-swapped"),
    "phases mixed": (with_batches(mixed), 0, "phases-mixed"),
    "no first phase": (with_batches(lambda head, tune: ([], tune)), 0, "no-first-phase"),
    "no second phase": (with_batches(lambda head, tune: (head, [])), 2, "no-second-phase"),
    "no step": (variant(step=step_of(steps=0)), 2, "never-stepped"),
    "no backward": (variant(step=step_of(back=False)), 2, "no-gradient"),
    "detached": (
        variant(step=step_of(lambda x, y: F.cross_entropy(x.detach().requires_grad_(), y))),
        2,
        "no-gradient",
    ),
    "zero_grad after backward": (variant(step=step_of(clear="after")), 2, "no-gradient"),
    "set to zero": (variant(step=step_of(clear="zeros")), 2, "zero-gradient"),
    "neither backward nor zero_grad": (variant(step=step_of(back=False, clear="")), 2, "gradients-of-before"),
    "other images": (
        with_batches(lambda head, tune: ([(2 * images, labels) for images, labels in head], tune)),
        3,
        "other-images",
    ),
    "new head first": (head_before_training, 3, "changed-before-the-training"),
    "whole model in phase 1": (variant(first=everything), 3, "backbone-in-phase-1"),
    "stage in phase 1": (variant(first=lambda model, head, stages: stages[-1]), 3, "backbone-in-phase-1"),
    "head reset between": (variant(between=new_head), 3, "head-replaced-between"),
    "new head between": (variant(between=other_head), 3, "head-replaced-between"),
    "optimizer of copies": (variant(make=of_copies), 3, "foreign-parameters"),
    "old optimizer": (variant(keep_optimizer=True), 3, "stage-never-trained"),
    "stage never in the optimizer": (
        variant(second=lambda model, head, stages: [head]),
        3,
        "stage-never-trained",
    ),
    "stage never in it, by hand": (functools.partial(by_hand, both=False), 3, "stage-never-trained"),
    "head frozen in phase 2": (
        variant(second=lambda model, head, stages: stages[-1:]),
        3,
        "head-frozen-in-phase-2",
    ),
    "first stage": (variant(second=lambda model, head, stages: [head, stages[0]]), 3, "other-stage"),
    "two stages": (variant(second=lambda model, head, stages: [head, *stages[-2:]]), 3, "others-in-phase-2"),
    "whole backbone": (variant(second=only_others), 3, "others-in-phase-2"),
    "head rate for both": (variant(rates=("head", "head", "head")), 4, "one-rate"),
    "stage rate for both": (variant(rates=("head", "stage", "stage")), 4, "one-rate"),
    "rates swapped": (variant(rates=("head", "stage", "head")), 4, "rates-swapped"),
    "head too slow first": (variant(rates=("stage", "head", "stage")), 4, "other-rate"),
    "tenfold rates": (rate_times(10), 4, "other-rate"),
    "a tenth of the rates": (rate_times(0.1), 4, "other-rate"),
    "momentum": (setting(momentum=0.9), 4, "other-momentum"),
    "nesterov": (setting(momentum=0.9, nesterov=True), 4, "other-momentum"),
    "weight decay": (setting(weight_decay=1e-3), 4, "other-setting"),
    "maximize": (setting(maximize=True), 4, "other-setting"),
    "adam": (variant(make=torch.optim.Adam), 4, "other-optimizer"),
    "adamw": (variant(make=torch.optim.AdamW), 4, "other-optimizer"),
    "adam on cached features": (cached_with_adam, 4, "other-optimizer"),
    "no zero_grad": (variant(step=step_of(clear="")), 4, "gradients-pile-up"),
    "zero_grad at the end": (variant(step=step_of(clear="end")), 4, "gradients-pile-up"),
    "ascent": (variant(step=step_of(lambda *given: -F.cross_entropy(*given))), 4, "gradient-ascent"),
    "summed": (
        variant(step=step_of(lambda x, y: F.cross_entropy(x, y, reduction="sum"))),
        4,
        "gradient-enlarged",
    ),
    "clipped": (variant(step=step_of(clip=1.0)), 4, "gradient-shrunk"),
    "softmax": (variant(step=step_of(lambda x, y: F.cross_entropy(x.softmax(1), y))), 4, "softmax-twice"),
    "labels zero": (variant(step=step_of(lambda x, y: F.cross_entropy(x, 0 * y))), 4, "labels-zero"),
    "smoothed labels": (
        variant(step=step_of(functools.partial(F.cross_entropy, label_smoothing=0.2))),
        4,
        "gradient-of-something-else",
    ),
    "two steps": (variant(step=step_of(steps=2)), 4, "stepped-again"),
    "two epochs": (with_batches(lambda head, tune: (head, tune * 2)), 4, "batches-out-of-order"),
    "first batch left out": (variant(order=lambda batches: batches[1:]), 4, "batches-out-of-order"),
    "last batch left out": (variant(order=lambda batches: batches[:-1]), 4, "batches-out-of-order"),
    "phase 2 stops where the loss rises": (stops_where_the_loss_rises, 4, "batches-out-of-order"),
    "reversed": (variant(order=lambda batches: batches[::-1]), 4, "batches-out-of-order"),
    "phase 2 on both lists": (
        with_batches(lambda head, tune: (head, [*head, *tune])),
        3,
        "head-batches-again",
    ),
    "statistics reset": (variant(between=statistics_reset), 4, "statistics-reset"),
    "statistics in phase 1": (variant(training={1}), 4, "statistics-in-phase-1"),
    "statistics throughout": (variant(training={1, 2}), 4, "statistics-in-phase-1"),
    "all in training mode": (variant(training={2}), 4, "statistics-in-phase-2"),
    "stage in eval mode": (variant(stage_mode=False), 4, "stage-in-eval-mode"),
    "head in training mode in phase 1": (variant(head_mode=1), 4, "head-in-training-mode"),
    "head in training mode in phase 2": (variant(head_mode=2), 4, "head-in-training-mode"),
    "dropout of the stage in eval mode": (norms_alone_train, 4, "other-mode"),
    "biases left out": (variant(make=without_biases), 4, "not-in-the-optimizer"),
    "by hand at another rate": (functools.partial(by_hand, factor=2), 4, "ends-elsewhere"),
    "returns nothing": (lambda *given: phases(*given) and None, 4, "not-the-model"),
    "returns the optimizer": (lambda *given: phases(*given) and given[1], 4, "not-the-model"),
    "trains a copy": (lambda m, *rest: phases(copy.deepcopy(m), *rest) and m, 4, "untouched-weights"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_phases_are_named_and_paid_once(name, graded):
    answer, points, mistake = WRONG[name]
    verdict = graded(ID, answer, 101)
    assert ids(verdict) == [mistake], verdict
    assert verdict.points == points


# ---------------------------------------------------------------- what is done beside


def after(change):
    def answer(*given):
        model = phases(*given)
        change(model)
        return model

    return answer


def reverses_the_list(model, stages, *rest):
    stages.reverse()
    return phases(model, stages[::-1], *rest)


def empties_the_list(model, stages, head_name, head_batches, *rest):
    phases(model, stages, head_name, head_batches, *rest)
    head_batches.clear()
    return model


def rounds_the_head(*given):
    model = phases(*given)
    for parameter in model.get_submodule(given[2]).parameters():
        parameter.data.mul_(100).round_().div_(100)
    return model


def other_momentum(model):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = module.momentum / 2


BESIDE = {
    "a hook on a parameter": (
        after(
            lambda m: [p.register_hook(lambda gradient: gradient) for p in m.parameters() if p.requires_grad]
        ),
        4,
        "hook-left",
    ),
    "momentum of a norm": (after(other_momentum), 4, "attributes-changed"),
    "channels last": (after(lambda m: m.to(memory_format=torch.channels_last)), 4, "layout-changed"),
    "hook": (after(lambda m: next(m.children()).register_forward_hook(lambda *_: None)), 4, "hook-left"),
    "meta": (after(lambda model: model.to("meta")), 0, "device-changed"),
    "half": (after(lambda model: model.half()), 0, "dtype-changed"),
    "double": (after(lambda model: model.double()), 0, "dtype-changed"),
    "gradients off": (after(lambda _: torch.set_grad_enabled(False)), 4, "settings-changed"),
    "list reversed": (reverses_the_list, 4, "arguments-changed"),
    "list emptied": (empties_the_list, 4, "arguments-changed"),
    "NaN": (after(lambda m: [p.data.fill_(float("nan")) for p in m.parameters()]), 3, "others-in-phase-2"),
    "another layer": (after(lambda model: model.add_module("more", nn.Linear(2, 2))), 4, "other-tensors"),
    "returns the head": (lambda *given: phases(*given).get_submodule(given[2]), 4, "other-tensors"),
    "weights rounded": (
        after(lambda m: [p.data.mul_(100).round_().div_(100) for p in m.parameters()]),
        3,
        "others-in-phase-2",
    ),
    "the head rounded": (rounds_the_head, 4, "ends-elsewhere"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_done_beside_is_named(name, graded):
    answer, points, mistake = BESIDE[name]
    verdict = graded(ID, answer, 101)
    assert mistake in ids(verdict), verdict
    assert verdict.points == points


def nothing_in_phase_2(model, *rest):
    state = {}
    out = phases(model, *rest, between=lambda model, _: state.update(copy.deepcopy(model.state_dict())))
    out.load_state_dict({name: value for name, value in state.items() if "running" not in name}, strict=False)
    return out


def put_back_in_phase_1(model, stages, head_name, *rest):
    start = copy.deepcopy(model.get_submodule(head_name).state_dict())
    calls = itertools.count()

    def step(model, images, labels, optimizer):
        training_step(model, images, labels, optimizer)
        if next(calls) < 3:
            model.get_submodule(head_name).load_state_dict(start)

    return phases(model, stages, head_name, *rest, step=step)


def rewritten_in_phase_2(model, images, labels, optimizer):
    training_step(model, images, labels, optimizer)
    with torch.no_grad():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.clamp_(-0.05, 0.05)


FURTHER = {
    "put back after phase 2": (nothing_in_phase_2, 3, "nothing-in-phase-2"),
    "put back in phase 1": (put_back_in_phase_1, 3, "head-still-in-phase-1"),
    "weights clamped": (variant(step=rewritten_in_phase_2), 4, "weights-rewritten"),
}


@pytest.mark.parametrize("name", FURTHER)
def test_rare_mistakes_are_named(name, graded):
    answer, points, mistake = FURTHER[name]
    verdict = graded(ID, answer, 101)
    assert mistake in ids(verdict), verdict
    assert verdict.points == points


# One of each kind, on the public challenge and on several secret ones.
@pytest.mark.parametrize(
    "name",
    [
        "phase 2 stops where the loss rises",
        "head in training mode in phase 1",
        "head in training mode in phase 2",
        "dropout of the stage in eval mode",
        "adam",
        "clipped",
        "no zero_grad",
        "statistics in phase 1",
        "old optimizer",
    ],
)
def test_a_mistake_costs_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_every_known_mistake_is_reached(graded):
    banks = [*WRONG.values(), *BESIDE.values(), *FURTHER.values()]
    reached = {name for answer, _, _ in banks for name in ids(graded(ID, answer, 101))}
    assert [row.id for row in find_exercise(ID).mistakes if row.id not in reached] == []
