"""Wrong and right answers to the exercises of lesson 5: every mistake is refused by its name."""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
from torch import nn
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


# ---------------------------------------------------------------- two phases


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
):
    """Two phases with a mistake in any part. ``rates``: of phase 1, then of head and stage in phase 2."""
    rate = {"head": head_rate, "stage": stage_rate}
    parts = [model.get_submodule(name) for name in stages]
    model.requires_grad_(False)
    tuned = first(model, model.get_submodule(head_name), parts).requires_grad_(True)
    optimizer = make(tuned.parameters(), lr=rate[rates[0]])
    model.train(1 in training)
    for images, labels in head_batches:
        training_step(model, images, labels, optimizer)
    between(model, head_name)
    head = model.get_submodule(head_name)
    tuned = second(model, head, parts)
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
        part.train(stage_mode)
    for images, labels in tune_batches:
        training_step(model, images, labels, optimizer)
    return model


def phases_added_group(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
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


def phases_by_hand(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    for batches, late in ((head_batches, []), (tune_batches, stages[-1:])):
        model.train()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.eval()
        optimizer = unfreeze_by_name(model, stages, head_name, len(late), stage_rate, head_rate)
        for name in late:
            model.get_submodule(name).train()
        optimizer = torch.optim.SGD(
            [
                {"params": group["params"], "lr": group["lr"]}
                for group in optimizer.param_groups
                if group["params"]
            ]
        )
        for images, labels in batches:
            training_step(model, images, labels, optimizer)
    model.eval()
    return model


def phases_on_a_copy(model, *rest):
    return phases(copy.deepcopy(model), *rest)


@pytest.mark.parametrize("answer", [phases, phases_added_group, phases_by_hand, phases_on_a_copy])
def test_right_phases_pass(answer):
    verdict = try_answer("staged.two_phases", answer)
    assert verdict.passed, verdict


def at_once(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=stage_rate)
    for images, labels in [*head_batches, *tune_batches]:
        training_step(model, images, labels, optimizer)
    return model


def new_head(model, head_name):
    linear = next(m for m in model.get_submodule(head_name).modules() if isinstance(m, nn.Linear))
    linear.reset_parameters()


def other_head(model, head_name):
    last = [m for m in model.modules() if isinstance(m, nn.Linear)]
    model.set_submodule(head_name, nn.Linear(last[0].in_features, last[-1].out_features))


def swapped_phases(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    return phases(model, stages, head_name, tune_batches, head_batches, head_rate, stage_rate)


def mixed_phases(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    mixed = list(itertools.chain(*zip(head_batches, tune_batches, strict=False)))
    return phases(model, stages, head_name, mixed, tune_batches, head_rate, stage_rate)


def no_first_phase(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    return phases(model, stages, head_name, [], tune_batches, head_rate, stage_rate)


def no_second_phase(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    return phases(model, stages, head_name, head_batches, [], head_rate, stage_rate)


def two_epochs(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate):
    return phases(model, stages, head_name, head_batches, tune_batches * 2, head_rate, stage_rate)


def returns_nothing(*given):
    phases(*given)


def head_before_training(model, stages, head_name, *rest):
    other_head(model, head_name)
    return phases(model, stages, head_name, *rest)


def doubled_images(model, stages, head_name, head_batches, *rest):
    return phases(model, stages, head_name, [(images * 2, labels) for images, labels in head_batches], *rest)


def only_last(model, head, stages):
    return [stages[-1]]


def only_first(model, head, stages):
    return [head, stages[0]]


def all_stages(model, head, stages):
    return [head, *[child for child in model.children() if child is not head]]


def last_two(model, head, stages):
    return [head, *stages[-2:]]


def head_alone(model, head, stages):
    return [head]


WRONG_PHASES = {
    "everything at once": (at_once, 0, "everything trained at once"),
    "statistics move": (variant(phases, training={1}), 4, "do not stop BatchNorm's statistics"),
    "whole model in phase 1": (
        variant(phases, first=lambda model, *_: model),
        3,
        "everything trained at once",
    ),
    "stage in phase 1": (
        variant(phases, first=lambda model, head, stages: stages[-1]),
        2,
        "everything trained at once",
    ),
    "old optimizer": (variant(phases, keep_optimizer=True), 2, "never moved in phase 2"),
    "stage never in the optimizer": (variant(phases, second=head_alone), 2, "never moved in phase 2"),
    "head reset between": (variant(phases, between=new_head), 3, "between the phases"),
    "new head between": (variant(phases, between=other_head), 3, "between the phases"),
    "new head first": (head_before_training, 2, "changed before the training began"),
    "phases swapped": (swapped_phases, 0, "phases are swapped"),
    "phases mixed": (mixed_phases, 0, "came mixed"),
    "head frozen in phase 2": (variant(phases, second=only_last), 2, "froze the head"),
    "head rate for both": (variant(phases, rates=("head", "head", "head")), 4, "one rate, `head_rate`"),
    "stage rate for both": (variant(phases, rates=("head", "stage", "stage")), 4, "one rate, `stage_rate`"),
    "rates swapped": (variant(phases, rates=("head", "stage", "head")), 4, "rates are swapped"),
    "head too slow first": (variant(phases, rates=("stage", "head", "stage")), 4, "trained at `stage_rate`"),
    "whole backbone": (variant(phases, second=all_stages), 2, "whole backbone trained"),
    "two stages": (variant(phases, second=last_two), 2, "neither to the last stage nor to the head"),
    "first stage": (variant(phases, second=only_first), 2, "not the last one"),
    "all in training mode": (variant(phases, training={2}), 3, "of a frozen part moved"),
    "stage in eval mode": (variant(phases, stage_mode=False), 3, "trained in eval mode"),
    "momentum": (
        variant(phases, make=functools.partial(torch.optim.SGD, momentum=0.9)),
        4,
        "momentum of 0.9",
    ),
    "adam": (variant(phases, make=torch.optim.Adam), 4, "as Adam moves it"),
    "adamw": (variant(phases, make=torch.optim.AdamW), 4, "as AdamW moves it"),
    "weight decay": (
        variant(phases, make=functools.partial(torch.optim.SGD, weight_decay=0.5)),
        3,
        "plain SGD at `head_rate`",
    ),
    "no first phase": (no_first_phase, 0, "Phase 1 never ran"),
    "no second phase": (no_second_phase, 2, "Phase 2 never ran"),
    "two epochs": (two_epochs, 3, "where each of 3 and 4"),
    "other images": (doubled_images, 0, "stand in none of the batches"),
    "returns nothing": (returns_nothing, 4, "not the model"),
    "does nothing": (lambda *given: None, 0, "never trained"),
    "gives the model back": (lambda model, *given: model, 0, "never trained"),
}


@pytest.mark.parametrize("name", WRONG_PHASES)
def test_wrong_phases_are_named(name):
    answer, points, words = WRONG_PHASES[name]
    verdict = try_answer("staged.two_phases", answer)
    assert verdict.points == points, verdict
    assert named(verdict, words), verdict


# With the long seeds two known mistakes end so close to one another that the first was taken for the second.
@pytest.mark.parametrize("seed", [*range(3), 5099508099374925431, 10185084761339388440])
def test_a_mistake_costs_everybody_the_same(seed, graded):
    answer, points, _ = WRONG_PHASES["whole model in phase 1"]
    verdict = graded("staged.two_phases", answer, seed)
    assert verdict.points == points, verdict


def spoils_with_nan(model):
    with torch.no_grad():
        list(model.parameters())[-1].fill_(float("nan"))


BAD_ENDINGS = {
    "hook": (lambda model: next(model.children()).register_forward_hook(lambda *_: None), 2, "left a hook"),
    "meta": (lambda model: model.to("meta"), 2, "lies on meta"),
    "half": (lambda model: model.half(), 2, "float16"),
    "double": (lambda model: model.double(), 2, "float64"),
    "NaN": (spoils_with_nan, 4, "not to where plain SGD"),
}


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_phases_do_beside_is_named(name):
    behave, points, words = BAD_ENDINGS[name]

    def answer(*given):
        model = phases(*given)
        behave(model)
        return model

    verdict = try_answer("staged.two_phases", answer)
    assert verdict.points == points, verdict
    assert named(verdict, words), verdict
