"""Ways to unfreeze the last stages, right and wrong: each mistake is named, and costs the same everywhere."""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise, judge_evidence

pytestmark = pytest.mark.slow  # makes network after network

ID = "staged.unfreeze_last"


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


def variant(**changes):
    """``unfreeze`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(unfreeze, **changes)


def choosing(choose):
    return variant(choose=choose)


def ids(verdict):
    return [finding.id for finding in verdict.findings]


# ---------------------------------------------------------------- right


def by_name(model, stages, head_name, n, stage_rate, head_rate, dot="."):
    prefixes = tuple(f"{name}{dot}" for name in stages[::-1][:n])
    late, head = [], []
    for name, parameter in model.named_parameters():
        in_head = name.startswith(head_name + dot)
        parameter.requires_grad_(in_head or name.startswith(prefixes))
        if in_head:
            head.append(parameter)
        elif name.startswith(prefixes):
            late.append(parameter)
    return torch.optim.AdamW([{"params": head, "lr": head_rate}, {"params": late}], lr=stage_rate)


def added_groups(model, stages, head_name, n, stage_rate, head_rate):
    model.requires_grad_(False)
    head = model.get_submodule(head_name).requires_grad_(True)
    optimizer = torch.optim.SGD(head.parameters(), lr=head_rate, momentum=0.9)
    for name in reversed(stages):
        if n > 0:
            stage = model.get_submodule(name).requires_grad_(True)
            optimizer.add_param_group({"params": stage.parameters(), "lr": stage_rate})
        n -= 1
    return optimizer


def a_group_a_parameter(model, stages, head_name, n, stage_rate, head_rate):
    late = {id(p) for name in stages[::-1][:n] for p in model.get_submodule(name).parameters()}
    head = {id(p) for p in model.get_submodule(head_name).parameters()}
    groups = []
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) in late | head
        if parameter.requires_grad:
            groups.append({"params": [parameter], "lr": head_rate if id(parameter) in head else stage_rate})
    return torch.optim.Adam(groups)


def filtered(model, *rest):
    """Flags first, and then all that is trainable, in two groups."""
    unfreeze(model, *rest)
    _, head_name, _, stage_rate, head_rate = rest
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    groups = [
        {"params": [p for name, p in trainable.items() if name.startswith(f"{head_name}.")], "lr": head_rate},
        {
            "params": [p for name, p in trainable.items() if not name.startswith(f"{head_name}.")],
            "lr": torch.tensor(stage_rate),
        },
    ]
    return torch.optim.RMSprop(groups, lr=1.0)


RIGHT = {
    "plain": unfreeze,
    "by name": by_name,
    "added groups": added_groups,
    "a group a parameter": a_group_a_parameter,
    "filtered": filtered,
    "reversed copy": lambda model, stages, *rest: unfreeze(model, list(reversed(stages))[::-1], *rest),
    "adagrad": variant(make=torch.optim.Adagrad),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_unfreezing_passes(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- wrong


def optimizer_before_flags(model, stages, head_name, n, stage_rate, head_rate):
    def trainable(name):
        return [p for p in model.get_submodule(name).parameters() if p.requires_grad]

    groups = [{"params": trainable(name), "lr": stage_rate} for name in chosen(stages, n)]
    optimizer = torch.optim.SGD([*groups, {"params": trainable(head_name), "lr": head_rate}])
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return optimizer


def filtered_before_flags(model, stages, head_name, n, stage_rate, head_rate):
    parameters = dict(model.named_parameters())
    head = [p for n, p in parameters.items() if p.requires_grad and n.startswith(f"{head_name}.")]
    rest = [p for n, p in parameters.items() if p.requires_grad and not n.startswith(f"{head_name}.")]
    optimizer = torch.optim.SGD([{"params": head, "lr": head_rate}, {"params": rest}], lr=stage_rate)
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return optimizer


def with_rates(change):
    """The right function with other rates: ``change`` of that for stages and that for the head."""
    return lambda *given: unfreeze(*given[:4], *change(*given[4:]))


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


def stem_too(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    next(model.children()).requires_grad_(True)
    head = list(model.get_submodule(head_name).parameters())
    rest = [p for p in model.parameters() if p.requires_grad and all(p is not own for own in head)]
    return torch.optim.SGD([{"params": rest, "lr": stage_rate}, {"params": head, "lr": head_rate}])


def all_that_is_open(model, *rest):
    """Flags without the first freeze, and an optimizer of all that is trainable then."""
    unfreeze(model, *rest, freeze_first=False)
    head = list(model.get_submodule(rest[1]).parameters())
    others = [p for p in model.parameters() if p.requires_grad and all(p is not own for own in head)]
    return torch.optim.SGD([{"params": others, "lr": rest[3]}, {"params": head, "lr": rest[4]}])


def head_not_in_optimizer(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    groups = [
        {"params": model.get_submodule(name).parameters(), "lr": stage_rate} for name in chosen(stages, n)
    ]
    return torch.optim.SGD([{"params": [], "lr": head_rate}, *groups])


def stages_not_in_optimizer(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return torch.optim.SGD(model.get_submodule(head_name).parameters(), lr=head_rate)


def eaten_generator(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    groups = [{"params": model.get_submodule(head_name).parameters(), "lr": head_rate}]
    for name in chosen(stages, n):
        parameters = model.get_submodule(name).parameters()
        next(parameters)
        groups.append({"params": parameters, "lr": stage_rate})
    return torch.optim.SGD(groups)


def optimizer_of_a_copy(model, stages, head_name, n, stage_rate, head_rate):
    unfreeze(model, stages, head_name, n, stage_rate, head_rate)
    return unfreeze(copy.deepcopy(model), stages, head_name, n, stage_rate, head_rate)


def all_on_a_copy(model, *rest):
    return unfreeze(copy.deepcopy(model), *rest)


def then(change):
    """The right function, and then a change of the model and the names that it was given."""

    def answer(model, stages, head_name, *rest):
        optimizer = unfreeze(model, stages, head_name, *rest)
        change(model, stages, head_name)
        return optimizer

    return answer


def does_nothing(model, stages, head_name, n, stage_rate, head_rate):
    return torch.optim.SGD(model.parameters(), lr=head_rate)


def nothing_frozen(model, *rest):
    model.requires_grad_(True)
    unfreeze(model, *rest, freeze_first=False)
    head = list(model.get_submodule(rest[1]).parameters())
    others = [p for p in model.parameters() if all(p is not own for own in head)]
    return torch.optim.SGD([{"params": others, "lr": rest[3]}, {"params": head, "lr": rest[4]}])


def namesakes(model, stages, head_name, *rest):
    optimizer = unfreeze(model, stages, head_name, *rest)
    for name, module in model.named_modules():
        if name.split(".")[-1] == head_name.split(".")[-1]:
            module.requires_grad_(True)
    return optimizer


def begins_like_a_stage(model, stages, head_name, n, *rates):
    optimizer = unfreeze(model, stages, head_name, n, *rates)
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(chosen(stages, n))) and n:
            parameter.requires_grad = True
    return optimizer


def begins_like_the_head(model, stages, head_name, *rest):
    optimizer = unfreeze(model, stages, head_name, *rest)
    for name, parameter in model.named_parameters():
        if name.startswith(head_name):
            parameter.requires_grad = True
    return optimizer


def weights_alone(model, stages, head_name, *rest):
    optimizer = unfreeze(model, stages, head_name, *rest)
    for name, parameter in model.named_parameters():
        if not name.endswith("weight"):
            parameter.requires_grad = False
    return optimizer


def a_layer_missing(model, stages, head_name, n, *rates):
    optimizer = unfreeze(model, stages, head_name, n, *rates)
    for name in chosen(stages, n):
        model.get_submodule(name)[0].requires_grad_(False)
    return optimizer


def half_the_head(model, stages, head_name, *rest):
    optimizer = unfreeze(model, stages, head_name, *rest)
    next(model.get_submodule(head_name).parameters()).requires_grad_(False)
    return optimizer


def another_stage_too(model, stages, head_name, n, *rates):
    optimizer = unfreeze(model, stages, head_name, n, *rates)
    model.get_submodule(stages[0]).requires_grad_(True)
    return optimizer


def twice(model, stages, head_name, *rest):
    optimizer = unfreeze(model, stages, head_name, *rest)
    optimizer.param_groups[-1]["params"] *= 2
    return optimizer


def detached_forward(model, *rest):
    optimizer = unfreeze(model, *rest)
    if not hasattr(model, "real_forward"):
        model.real_forward = model.forward
    model.forward = lambda images: model.real_forward(images).detach()
    return optimizer


def rate_of(*given, rate):
    optimizer = unfreeze(*given)
    for group in optimizer.param_groups:
        group["lr"] = rate
    return optimizer


WRONG = {
    "minus zero": (choosing(lambda stages, n: stages[-n:]), 4, "minus-zero"),
    "first n": (choosing(lambda stages, n: stages[:n]), 3, "first-stages"),
    "one stage too many": (choosing(lambda stages, n: stages[-n - 1 :]), 3, "one-stage-too-many"),
    "one stage too few": (choosing(lambda s, n: s[len(s) - n + 1 :] if n else []), 3, "one-stage-too-few"),
    "only the last": (choosing(lambda stages, n: stages[-1:] if n else []), 3, "last-stage-alone"),
    "only the nth from the end": (
        choosing(lambda stages, n: [stages[-n]] if n else []),
        3,
        "one-stage-alone",
    ),
    "all stages": (choosing(lambda stages, n: stages), 3, "all-stages"),
    "no stage": (choosing(lambda stages, n: []), 3, "stages-left-frozen"),
    "old flags left": (variant(freeze_first=False), 3, "old-flags-left"),
    "old flags left and held": (all_that_is_open, 3, "old-flags-left"),
    "nothing frozen": (nothing_frozen, 2, "nothing-frozen"),
    "does nothing": (does_nothing, 0, "as-before"),
    "returns nothing": (lambda *given: None, 0, "as-before"),
    "returns NaN": (lambda *given: float("nan"), 0, "as-before"),
    "flags on modules": (flags_on_modules, 2, "flag-on-a-module"),
    "all on a copy": (all_on_a_copy, 1, "worked-on-a-copy"),
    "everything frozen": (then(lambda model, *_: model.requires_grad_(False)), 2, "all-frozen"),
    "head frozen": (
        then(lambda model, stages, head: model.get_submodule(head).requires_grad_(False)),
        3,
        "head-left-frozen",
    ),
    "half the head": (half_the_head, 3, "head-frozen"),
    "by beginning of names": (functools.partial(by_name, dot=""), 3, "by-beginning"),
    "begins like a stage": (begins_like_a_stage, 3, "by-beginning-of-the-stages"),
    "begins like the head": (begins_like_the_head, 3, "by-beginning-of-the-head"),
    "namesakes": (namesakes, 3, "heads-namesake"),
    "weights alone": (weights_alone, 3, "weights-alone"),
    "a layer missing": (a_layer_missing, 3, "stage-frozen"),
    "stem": (stem_too, 3, "outside-the-stages"),
    "another stage": (another_stage_too, 3, "other-stage"),
    "head not set": (
        variant(head=False, choose=lambda stages, n: chosen(stages, max(n, 1))),
        3,
        "head-frozen",
    ),
    "optimizer before flags": (optimizer_before_flags, 4, "made-before-the-flags"),
    "filtered before flags": (filtered_before_flags, 4, "made-before-the-flags"),
    "frozen handed over": (all_parameters, 4, "others-held"),
    "head not in the optimizer": (head_not_in_optimizer, 4, "head-not-held"),
    "stages not in the optimizer": (stages_not_in_optimizer, 4, "stage-not-held"),
    "generator eaten": (eaten_generator, 4, "stage-not-held"),
    "optimizer of a copy": (optimizer_of_a_copy, 4, "foreign-parameters"),
    "forgets to return": (lambda *given: unfreeze(*given) and None, 3, "not-an-optimizer"),
    "returns groups": (lambda *given: unfreeze(*given).param_groups, 3, "not-an-optimizer"),
    "held twice": (twice, 4, "held-twice"),
    "one rate": (with_rates(lambda stage, head: (head, head)), 4, "one-rate"),
    "the lower rate": (with_rates(lambda stage, head: (stage, stage)), 4, "one-rate"),
    "swapped rates": (with_rates(lambda stage, head: (head, stage)), 4, "rates-swapped"),
    "a tenth": (with_rates(lambda stage, head: (head / 10, head)), 4, "other-rate"),
    "tenfold head": (with_rates(lambda stage, head: (stage, 10 * head)), 4, "other-rate"),
    "not a rate": (functools.partial(rate_of, rate=float("nan")), 4, "other-rate"),
    "rounded": (with_rates(lambda stage, head: (round(stage, 3), head)), 4, "other-rate"),
}


PAID_TWICE = {"does nothing", "returns nothing", "returns NaN"}


@pytest.mark.parametrize("seed", [None, 101])  # the public challenge, and a secret one
@pytest.mark.parametrize("name", WRONG)
def test_wrong_unfreezing_is_named_and_paid_once(name, seed, graded):
    answer, points, mistake = WRONG[name]
    verdict = graded(ID, answer, seed)
    assert mistake in ids(verdict), verdict
    assert verdict.points == points
    assert len(verdict.findings) == 1 or name in PAID_TWICE, verdict


# One of each kind, on more secret challenges.
@pytest.mark.parametrize("name", ["minus zero", "old flags left", "by beginning of names", "namesakes"])
def test_a_mistake_costs_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def trains(model, *_):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    size, gradients = 7, [parameter.grad for parameter in model.parameters()]
    optimizer.zero_grad()
    F.cross_entropy(model(torch.randn(4, 3, size, size)), torch.zeros(4).long()).backward()
    optimizer.step()
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient


def leaves_gradients(model, *_):
    sum(parameter.sum() for parameter in model.parameters() if parameter.requires_grad).backward()


def reset_statistics(module):
    if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
        module.reset_running_stats()


BESIDE = {
    "trains": (then(trains), 4, "weights-changed"),
    "gradients": (then(leaves_gradients), 4, "gradients-left"),
    "a hook on a parameter": (
        then(
            lambda m, *_: [
                p.register_hook(lambda gradient: gradient) for p in m.parameters() if p.requires_grad
            ]
        ),
        4,
        "hook-left",
    ),
    "statistics reset": (then(lambda m, *_: m.apply(reset_statistics)), 4, "weights-changed"),
    "gradients cleared": (then(lambda m, *_: m.zero_grad()), 4, "gradients-cleared"),
    "a note on the model": (then(lambda m, *_: setattr(m, "open", "the last")), 4, "attributes-changed"),
    "channels last": (
        then(lambda m, *_: m.to(memory_format=torch.channels_last)),
        4,
        "layout-changed",
    ),
    "hook": (then(lambda model, *_: model.register_forward_hook(lambda *_: None)), 4, "hook-left"),
    "mode": (then(lambda model, *_: model.train(not model.training)), 4, "mode-changed"),
    "eval mode": (then(lambda model, *_: model.eval()), 4, "mode-changed"),
    "meta": (then(lambda model, *_: model.to("meta")), 0, "device-changed"),
    "half": (then(lambda model, *_: model.half()), 0, "dtype-changed"),
    "double": (then(lambda model, *_: model.double()), 0, "dtype-changed"),
    "a layer more": (
        then(lambda m, *_: m.add_module("more", torch.nn.BatchNorm1d(2))),
        0,
        "tensors-replaced",
    ),
    "head reset": (
        then(lambda m, _, head: [torch.nn.init.ones_(p) for p in m.get_submodule(head).parameters()]),
        4,
        "weights-changed",
    ),
    "gradients off": (then(lambda *_: torch.set_grad_enabled(False)), 4, "settings-changed"),
    "list reversed": (then(lambda model, stages, _: stages.reverse()), 4, "arguments-changed"),
    "forward detached": (detached_forward, 4, "head-stands-still"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_unfreezing_does_beside_is_named(name, graded):
    answer, points, mistake = BESIDE[name]
    verdict = graded(ID, answer, 101)
    assert mistake in ids(verdict), verdict
    assert verdict.points == points


def test_every_known_mistake_is_reached(graded):
    banks = [*WRONG.values(), *BESIDE.values()]
    reached = {name for answer, _, _ in banks for name in ids(graded(ID, answer, 101))}
    assert [row.id for row in find_exercise(ID).mistakes if row.id not in reached] == []


def test_evidence_without_calls_earns_nothing():
    exercise = find_exercise(ID)
    challenge = exercise.challenge(np.random.default_rng(0))
    bundle = collect_evidence(exercise, unfreeze, challenge).bundle
    bundle["evidence"]["networks"][0]["calls"] = []
    verdict = judge_evidence(bundle, expected_for(ROOT, exercise.lesson, ID, challenge), ID)
    assert verdict.points == 0
