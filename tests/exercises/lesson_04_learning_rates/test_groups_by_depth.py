"""Wrong and right parameter groups, on the public challenge and on secret ones."""

import copy
import functools
import math

import numpy as np
import pytest
import torch

from grader.exercises.machine.registry import find_exercise

ID = "rates.groups_by_depth"


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


def powers_from_the_head(stages):
    return [len(stages) - place for place in range(len(stages))]


def groups(
    model,
    stages,
    head_name,
    head_rate,
    decay,
    *,
    powers=powers_from_the_head,
    rest_power=lambda stages: len(stages) + 1,
    head_power=lambda stages: 0,
    find=lambda name, part: name.startswith(f"{part}."),
    frozen=False,
    rest=True,
    parts_first=lambda head, stages: [head, *stages],
):
    """Groups by the names of the parameters, with a mistake in any part."""
    powers = {head_name: head_power(stages)} | dict(zip(stages, powers(stages), strict=True))
    held = {part: [] for part in [*powers, ""]}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad or frozen:
            part = next((p for p in parts_first(head_name, stages) if find(name, p)), "")
            held[part].append(parameter)
    if not rest:
        del held[""]
    powers[""] = rest_power(stages)
    return [{"params": own, "lr": head_rate * decay ** powers[part]} for part, own in held.items()]


def groups_by_module(model, stages, head_name, head_rate, decay):
    """From the modules; a rate that is multiplied on the way down; empty groups left out."""
    made, rate, seen = [], head_rate, set()
    for part in [head_name, *stages[::-1]]:
        every = model.get_submodule(part).parameters()
        own = [p for p in every if p.requires_grad and id(p) not in seen]
        made.append({"params": own, "lr": rate, "name": part})
        seen |= {id(p) for p in own}
        rate *= decay
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in seen]
    made.append({"params": others, "lr": rate})
    return [group for group in made if group["params"]]


def one_group_a_parameter(model, stages, head_name, head_rate, decay):
    made = []
    for name, parameter in model.named_parameters():
        power = len(stages) + 1
        for place, stage in enumerate(stages):
            if f"{name}.".startswith(f"{stage}."):
                power = len(stages) - place
        power = 0 if name.startswith(f"{head_name}.") else power
        if parameter.requires_grad:
            made.append({"params": parameter, "lr": head_rate * decay**power})
    return tuple(made)


def groups_by_rate(model, stages, head_name, head_rate, decay):
    """One group a rate; a generator of dicts with generators inside; rates of NumPy."""
    depths = {name: depth for depth, name in enumerate([head_name, *reversed(stages)])}

    def depth_of(name):
        return next(
            (depth for part, depth in depths.items() if f"{name}.".startswith(f"{part}.")), len(depths)
        )

    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    for depth in range(len(depths) + 1):
        yield {
            "params": iter([p for name, p in named if depth_of(name) == depth]),
            "lr": np.float64(head_rate * decay**depth),
        }


def groups_with_names(*given):
    """PyTorch takes pairs of names and parameters, too; and what an optimizer may have beside."""
    return [
        {**group, "params": [(str(i), p) for i, p in enumerate(group["params"])], "weight_decay": 0.01}
        for group in groups(*given)
    ]


def rates_as_tensors(*given):
    return [{**group, "lr": torch.tensor(group["lr"], dtype=torch.float64)} for group in groups(*given)]


RIGHT = [groups, groups_by_module, one_group_a_parameter, groups_by_rate, groups_with_names, rates_as_tensors]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_groups_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def by_beginning(name, part):
    return name.startswith(part)


def one_twice(*given):
    made = groups(*given)
    made[-1]["params"] = [*made[-1]["params"], made[0]["params"][0]]
    return made


def all_and_head(model, stages, head_name, head_rate, decay):
    made = groups(model, stages, head_name, head_rate, decay)
    return [*made, {"params": list(model.parameters()), "lr": made[-1]["lr"]}]


def skipping_frozen(model, stages, *rest, and_rest=True):
    live = [
        stage for stage in stages if any(p.requires_grad for p in model.get_submodule(stage).parameters())
    ]
    if and_rest:
        return groups(model, live, *rest)
    return groups(
        model, stages, *rest, powers=lambda all_stages: [live_power(stage, live) for stage in all_stages]
    )


def live_power(stage, live):
    return len(live) - live.index(stage) if stage in live else 1


def without_rate(*given):
    return [{"params": group["params"]} for group in groups(*given)]


def of_a_copy(model, *rest):
    return groups(copy.deepcopy(model), *rest)


def a_stage_forgotten(model, stages, *rest):
    made = groups(model, stages, *rest)
    return [made[0], *made[2:]]


def one_group(model, stages, head_name, head_rate, decay):
    return [{"params": [p for p in model.parameters() if p.requires_grad], "lr": head_rate}]


def rest_skips_frozen(model, stages, *rest):
    live = [s for s in stages if any(p.requires_grad for p in model.get_submodule(s).parameters())]
    return groups(model, stages, *rest, rest_power=lambda _: len(live) + 1)


def one_of_a_copy(model, *given):
    made = groups(model, *given)
    made[0]["params"] = [*made[0]["params"], next(copy.deepcopy(model).parameters())]
    return made


def reversed_in_place(model, stages, head_name, head_rate, decay):
    stages.reverse()
    return groups(model, stages[::-1], head_name, head_rate, decay)


def popped(model, stages, *rest):
    made = groups(model, list(stages), *rest)
    while stages:
        stages.pop()
    return made


def shared_weights_twice(model, stages, head_name, head_rate, decay):
    made = groups(model, stages, head_name, head_rate, decay)
    made[-1]["params"] = [
        p
        for name, p in model.named_parameters(remove_duplicate=False)
        if p.requires_grad and not any(name.startswith(f"{part}.") for part in [head_name, *stages])
    ]
    return made


def only_modules(model, stages, head_name, head_rate, decay):
    """What belongs to the model itself is in no module."""
    made = groups(model, stages, head_name, head_rate, decay)
    own = [id(p) for p in model.parameters(recurse=False)]
    made[-1]["params"] = [p for p in made[-1]["params"] if id(p) not in own]
    return made


def no_biases(*given):
    return [{**group, "params": [p for p in group["params"] if p.ndim > 1]} for group in groups(*given)]


def last_name(name, part):
    return f".{part.rpartition('.')[2]}." in f".{name}"


def top_level_only(model, stages, head_name, head_rate, decay):
    """The children's names are compared: nested stages and heads are found by none."""
    powers = {head_name: 0} | {stage: len(stages) - i for i, stage in enumerate(stages)}
    made, own = [], set()
    for name, child in model.named_children():
        held = [p for p in child.parameters() if p.requires_grad and id(p) not in own]
        own |= {id(p) for p in held}
        made.append({"params": held, "lr": head_rate * decay ** powers.get(name, len(stages) + 1)})
    return made


def by_getattr(model, stages, head_name, head_rate, decay):
    return [
        {"params": list(getattr(model, part).parameters()), "lr": head_rate} for part in [head_name, *stages]
    ]


def beside(behave):
    def answer(model, *rest):
        made = groups(model, *rest)
        behave(model)
        return made

    return answer


def multiplied(model, stages, head_name, head_rate, decay):
    """`decay * depth` for `decay ** depth`."""
    made = groups(model, stages, head_name, head_rate, decay)
    for depth, group in enumerate([made[0], *made[-2:0:-1], made[-1]]):
        group["lr"] = head_rate * (decay * depth if depth else 1)
    return made


def subtracted(model, stages, head_name, head_rate, decay):
    made = groups(model, stages, head_name, head_rate, decay)
    for depth, group in enumerate([made[0], *made[-2:0:-1], made[-1]]):
        group["lr"] = head_rate - decay * depth
    return made


def changed_rate(change):
    return lambda *given: [{**group, "lr": change(group["lr"])} for group in groups(*given)]


def frozen_made_trainable(model, *rest):
    model.requires_grad_(True)
    return groups(model, *rest)


def none_in_a_group(*given):
    return [{**group, "params": [*group["params"], None]} for group in groups(*given)]


def powers(of):
    """Of each stage the power by the number of stages and its place."""
    return variant(groups, powers=lambda stages: [of(len(stages), place) for place in range(len(stages))])


def rest(of):
    return variant(groups, rest_power=lambda stages: of(len(stages)))


def head(of):
    return variant(groups, head_power=lambda stages: of(len(stages)))


def other_momentum(model):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.5


def each_part_anew(model, stages, head_name, head_rate, decay):
    """Goes through each part's own parameters, one that two stages share in both."""
    made, own = [], set()
    for depth, part in enumerate([head_name, *reversed(stages)]):
        held = [p for p in model.get_submodule(part).parameters() if p.requires_grad]
        own |= {id(p) for p in held}
        made.append({"params": held, "lr": head_rate * decay**depth})
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in own]
    return [*made, {"params": rest, "lr": head_rate * decay ** (len(stages) + 1)}]


def test_a_shared_parameter_may_stand_with_either_stage(everywhere):
    for verdict in everywhere(ID, the_higher_stage_first):
        assert verdict.passed, verdict


def the_higher_stage_first(model, stages, head_name, head_rate, decay):
    """A shared parameter goes to the first part that has it, from the head down."""
    made, own = [], set()
    for depth, part in enumerate([head_name, *reversed(stages), ""]):
        held = [p for p in model.get_submodule(part).parameters() if p.requires_grad and id(p) not in own]
        own |= {id(p) for p in held}
        made.append({"params": held, "lr": head_rate * decay**depth})
    return made


WRONG = {
    # stages
    "wrong direction": (powers(lambda n, place: place + 1), 3, "stages-wrong-way"),
    "stages as given": (lambda m, stages, *r: groups(m, stages[::-1], *r), 3, "stages-wrong-way"),
    "one too late": (powers(lambda n, place: n - 1 - place), 3, "stages-late"),
    "one too early": (powers(lambda n, place: n + 1 - place), 3, "stages-early"),
    "rising": (powers(lambda n, place: place - n), 3, "stages-rising"),
    "one rate for all stages": (powers(lambda n, place: 1), 3, "stages-all-alike"),
    "stages at head rate": (powers(lambda n, place: 0), 3, "stages-at-head-rate"),
    "stages as the rest": (powers(lambda n, place: n + 1), 3, "stages-as-the-rest"),
    "stages from the input": (powers(lambda n, place: place), 3, "stages-from-the-input"),
    "compounded": (powers(lambda n, place: 2 ** (n - place) - 1), 3, "stages-compounded"),
    "half powers": (powers(lambda n, place: (n - place) / 2), 3, "stages-otherwise"),
    "multiplied": (multiplied, 2, ["stages-otherwise", "rest-otherwise"]),
    "subtracted": (subtracted, 2, ["stages-otherwise", "rest-otherwise"]),
    # the rest
    "stem forgotten": (variant(groups, rest=False), 3, "rest-missing"),
    "only modules": (only_modules, 3, "rest-missing"),
    "stem at head rate": (rest(lambda n: 0), 3, "rest-at-head-rate"),
    "stem as the first stage": (rest(lambda n: n), 3, "rest-as-first-stage"),
    "stem as the last stage": (rest(lambda n: 1), 3, "rest-as-last-stage"),
    "stem too low": (rest(lambda n: n + 2), 3, "rest-too-low"),
    "stem at zero": (rest(lambda n: math.inf), 3, "rest-at-zero"),
    "stem at a tenth": (rest(lambda n: 2 * n + 1), 3, "rest-otherwise"),
    # the head
    "head decayed": (head(lambda n: 1), 3, "head-decayed"),
    "head slowest": (head(lambda n: n + 1), 3, "head-slowest"),
    "head at the first stage's": (head(lambda n: n), 3, "head-as-first-stage"),
    "head at half a power": (head(lambda n: 0.5), 3, "head-otherwise"),
    "head divided": (head(lambda n: -1), 3, "head-otherwise"),
    "swapped": (
        variant(groups, head_power=len, powers=lambda stages: [*range(len(stages))]),
        2,
        ["head-as-first-stage", "stages-from-the-input"],
    ),
    # which parameters
    "beginning of names": (
        variant(groups, find=by_beginning, parts_first=lambda head, stages: [head, *stages[::-1]]),
        2,
        ["stages-by-their-names", "rest-by-their-names"],
    ),
    "head's beginning": (
        variant(groups, find=by_beginning, parts_first=lambda head, stages: [*stages, head]),
        3,
        "rest-by-their-names",
    ),
    "contained in the name": (
        variant(groups, find=lambda name, part: part in name, parts_first=lambda h, s: [h, *s[::-1]]),
        2,
        ["stages-by-their-names", "rest-by-their-names"],
    ),
    "last part of the name": (variant(groups, find=last_name), 3, "rest-by-their-names"),
    "frozen too": (variant(groups, frozen=True), 3, "frozen-held"),
    "one twice": (one_twice, 3, "held-twice"),
    "all of them again": (all_and_head, 3, "frozen-held"),
    "a shared weight twice": (shared_weights_twice, 3, "held-twice"),
    "frozen stage not counted": (skipping_frozen, 3, "stages-skip-frozen"),
    "frozen stage not counted, rest right": (
        variant(skipping_frozen, and_rest=False),
        3,
        "stages-skip-frozen",
    ),
    "frozen stage not counted for the rest": (rest_skips_frozen, 3, "rest-skips-frozen"),
    "of a copy": (of_a_copy, 0, "foreign-parameters"),
    "one of a copy": (one_of_a_copy, 3, "a-foreign-parameter"),
    "a stage forgotten": (a_stage_forgotten, 3, "missing"),
    "the head forgotten": (lambda *given: groups(*given)[1:], 3, "head-missing"),
    "no biases": (no_biases, 3, "missing"),
    "children only": (top_level_only, 1, ["rest-missing", "head-otherwise", "stages-otherwise"]),
    "one group": (one_group, 2, "one-rate"),
    "no decay": (variant(groups, powers=lambda s: [0] * len(s), rest_power=lambda s: 0), 2, "one-rate"),
    "no groups": (lambda *given: [], 0, "nothing-held"),
    "only frozen ones": (
        lambda model, *r: [{"params": [p for p in model.parameters() if not p.requires_grad], "lr": 0.1}],
        0,
        "nothing-held",
    ),
    "rounded": (changed_rate(lambda rate: round(rate, 3)), 3, "rates-rounded"),
    "a tenth": (changed_rate(lambda rate: rate / 10), 3, "rates-scaled"),
    "NaN": (changed_rate(lambda rate: float("nan")), 1, "rates-not-finite"),
    # what is no list of groups
    "no rates": (without_rate, 0, "no-rate"),
    "an optimizer": (lambda *given: torch.optim.SGD(groups(*given)), 0, "an-optimizer"),
    "only parameters": (lambda model, *rest: list(model.parameters()), 0, "no-dict"),
    "a dict": (lambda *given: groups(*given)[0], 0, "no-list"),
    "nothing": (lambda *given: None, 0, "no-list"),
    "a number": (lambda *given: float("nan"), 0, "no-list"),
    "a word": (lambda *given: "fast", 0, "no-list"),
    "dicts without parameters": (lambda *given: [{"lr": 0.1}], 0, "no-params"),
    "names": (lambda model, stages, head, rate, decay: [{"params": [head], "lr": rate}], 0, "no-parameters"),
    "None in a group": (none_in_a_group, 0, "no-parameters"),
    "a number as parameters": (lambda *given: [{"params": 3, "lr": 0.1}], 0, "no-parameters"),
    "rate in words": (changed_rate(lambda rate: "low"), 0, "rate-is-no-number"),
    # beside
    "stages reversed": (reversed_in_place, 3, "arguments-changed"),
    "stages emptied": (popped, 3, "arguments-changed"),
    "made trainable": (frozen_made_trainable, 2, ["frozen-held", "flags-changed"]),
    "flags": (beside(lambda model: model.requires_grad_(True)), 3, "flags-changed"),
    "mode": (beside(lambda model: model.train(not model.training)), 3, "mode-changed"),
    "gradients": (
        beside(lambda model: sum(p.sum() for p in model.parameters() if p.requires_grad).backward()),
        3,
        "gradients-left",
    ),
    "weights": (
        beside(lambda model: torch.nn.init.zeros_(list(model.parameters())[1].data)),
        3,
        "weights-changed",
    ),
    "hook": (
        beside(lambda model: next(model.children()).register_forward_hook(lambda *_: None)),
        3,
        "hook-left",
    ),
    "gradients cleared": (beside(lambda model: model.zero_grad()), 3, "gradients-cleared"),
    "momentum of a norm": (beside(other_momentum), 3, "attributes-changed"),
    "a note on a parameter": (
        beside(lambda model: setattr(next(model.parameters()), "depth", 4)),
        3,
        "attributes-changed",
    ),
    "channels last": (
        beside(lambda model: model.to(memory_format=torch.channels_last)),
        3,
        "layout-changed",
    ),
    "a hook on a parameter": (
        beside(
            lambda model: [
                p.register_hook(lambda gradient: gradient) for p in model.parameters() if p.requires_grad
            ]
        ),
        3,
        "hook-left",
    ),
    "sets": (
        lambda *given: [{**group, "params": set(group["params"])} for group in groups(*given)],
        0,
        "a-set",
    ),
    "a shared parameter with each of its stages": (each_part_anew, 3, "held-twice"),
    "meta": (beside(lambda model: model.to("meta")), 0, "device-changed"),
    "half": (beside(lambda model: model.half()), 0, "dtype-changed"),
    "double": (beside(lambda model: model.double()), 0, "dtype-changed"),
    "a new layer": (
        beside(lambda model: model.add_module("more", torch.nn.Linear(2, 2))),
        0,
        "tensors-replaced",
    ),
    "gradients off": (beside(lambda model: torch.set_grad_enabled(False)), 3, "settings-changed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_groups_are_named_and_cost_the_same(name, graded):
    answer, points, told = WRONG[name]
    for verdict in (graded(ID, answer, 101), graded(ID, answer, 102)):
        assert verdict.points == points, verdict
        wanted = {told} if isinstance(told, str) else set(told)
        assert wanted <= {finding.id for finding in verdict.findings}, verdict


def test_nested_names_are_no_attributes(graded):
    [finding] = graded(ID, by_getattr, 101).findings
    assert "get_submodule" in finding.hint


def test_every_known_mistake_is_reached(graded):
    told = {f.id for answer, _, _ in WRONG.values() for f in graded(ID, answer, 101).findings}
    assert [mistake.id for mistake in find_exercise(ID).mistakes if mistake.id not in told] == []
