"""Wrong and right answers to the exercises of lesson 3 that count: every mistake has its name."""

import copy
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises.lesson_03_counting_parameters.counted_networks import (
    counted_network,
    counted_network_spec,
)

COUNT, TABLE, BYTES = "counting.count_parameters", "counting.count_by_child", "counting.training_bytes"


def named_everywhere(verdicts, points, mistakes):
    for verdict in verdicts:
        assert verdict.points == points, verdict
        assert [finding.id for finding in verdict.findings if finding.id] == mistakes, verdict


# ---------------------------------------------------------------- the networks


def test_each_trait_makes_a_network_on_which_ways_of_counting_part():
    def network(*traits, **options):
        return counted_network(counted_network_spec(np.random.default_rng(3), *traits, **options))

    def names(model, **options):
        return [name for name, _ in model.named_parameters(**options)]

    plain, tied, own, mixed = network(), network("tied"), network("own"), network("mixed")
    assert names(plain) == names(plain, remove_duplicate=False)
    assert len(names(tied)) < len(names(tied, remove_duplicate=False))
    assert [name for name in names(own) if "." not in name] == ["scale", "shift"]
    assert "scratch_pad" in dict(own.named_buffers())
    assert "scratch_pad" not in own.state_dict()
    assert {p.dtype for p in plain.parameters()} == {torch.float32}
    assert {p.dtype for p in mixed.parameters()} == {torch.float16, torch.float32, torch.float64}
    assert 0 in [len(list(child.parameters())) for child in plain.children()]
    first, *_, last, _ = [name for name, _ in plain.named_children()]
    assert first.startswith(last)
    assert not any(p.requires_grad for p in network(frozen="all").parameters())
    assert all(p.requires_grad for p in network(frozen="none").parameters())
    assert len({p.requires_grad for p in plain.parameters()}) == 2
    assert plain.eval()(torch.zeros(2, 3, 10, 10)).shape == (2, plain[-1].out_features)


def test_a_network_leaves_the_global_random_numbers_alone():
    spec = counted_network_spec(np.random.default_rng(0), "tied", "own")
    torch.manual_seed(1)
    wanted = torch.rand(1)
    torch.manual_seed(1)
    counted_network(spec)
    assert torch.equal(torch.rand(1), wanted)


# ---------------------------------------------------------------- count


def elements(tensors):
    return sum(tensor.numel() for tensor in tensors)


def open_ones(tensors):
    return [tensor for tensor in tensors if tensor.requires_grad]


def count(model, **changes):
    numbers = {
        "total": elements(model.parameters()),
        "trainable": elements(open_ones(model.parameters())),
        "buffers": elements(model.buffers()),
    }
    return numbers | {key: change(model) for key, change in changes.items()}


def count_in_one_loop(model):
    total = trainable = 0
    for _, parameter in model.named_parameters():
        size = int(np.prod(parameter.shape))
        total += size
        trainable += size * parameter.requires_grad
    buffers = torch.tensor([buffer.numel() for buffer in model.buffers()]).sum()
    return {"buffers": buffers, "total": np.int64(total), "trainable": trainable}


def count_layer_by_layer(model):
    seen, result = set(), Counter(total=0, trainable=0, buffers=0)
    for module in model.modules():
        for kind, tensors in (("total", module._parameters), ("buffers", module._buffers)):
            for tensor in tensors.values():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    result[kind] += tensor.nelement()
                    result["trainable"] += tensor.nelement() if tensor.requires_grad else 0
    return result


def count_in_numpy(model):
    return {key: np.float64(number) for key, number in count(model).items()}


@pytest.mark.parametrize("answer", [count, count_in_one_loop, count_layer_by_layer, count_in_numpy])
def test_right_counts_pass(answer, everywhere):
    for verdict in everywhere(COUNT, answer):
        assert verdict.passed, verdict


def twice(model):
    return [p for _, p in model.named_parameters(remove_duplicate=False)]


def of_layers(model):
    return [p for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear) for p in m.parameters()]


def weights(model):
    return [p for name, p in model.named_parameters() if name.endswith("weight")]


def of_children(model):
    return [p for child in model.children() for p in child.parameters()]


def by_module_attribute(model):
    modules = [m for m in model.modules() if getattr(m, "requires_grad", False)]
    return elements(p for m in modules for p in m.parameters(recurse=False))


def by_weight(model):
    return sum(
        elements(m.parameters(recurse=False))
        for m in model.modules()
        if getattr(m, "weight", None) is not None and m.weight.requires_grad
    )


def by_first(model):
    parameters = [list(m.parameters(recurse=False)) for m in model.modules()]
    return sum(elements(own) for own in parameters if own and own[0].requires_grad)


def layers_all_trainable(model):
    own = [list(m.parameters(recurse=False)) for m in model.modules()]
    return elements({p for layer in own if all(p.requires_grad for p in layer) for p in layer})


def layers_that_train(model):
    own = [list(m.parameters(recurse=False)) for m in model.modules()]
    return elements({p for layer in own if any(p.requires_grad for p in layer) for p in layer})


WRONG_COUNTS = {
    "tensors": ({"total": lambda m: len(list(m.parameters()))}, ["tensors"]),
    "flags": (
        {"trainable": lambda m: sum(p.requires_grad for p in m.parameters())},
        ["tensors"],
    ),
    "flags of state_dict": (
        {"trainable": lambda m: sum(p.requires_grad for p in m.state_dict().values())},
        ["detached"],
    ),
    "buffers in": (
        {"total": lambda m: elements(m.parameters()) + elements(m.buffers())},
        ["buffers"],
    ),
    "state_dict": (
        {"total": lambda m: elements(m.state_dict().values())},
        ["state-dict"],
    ),
    "twice": (
        {"total": lambda m: elements(twice(m)), "trainable": lambda m: elements(open_ones(twice(m)))},
        ["twice"],
    ),
    "layer by layer": (
        {"total": lambda m: sum(elements(layer.parameters(recurse=False)) for layer in m.modules())},
        ["twice-by-layers"],
    ),
    "nested": (
        {"total": lambda m: sum(elements(layer.parameters()) for layer in m.modules())},
        ["nested"],
    ),
    "children": (
        {"total": lambda m: elements(of_children(m))},
        ["twice-by-children", "own-lost"],
    ),
    "weights": ({"total": lambda m: elements(weights(m))}, ["weights"]),
    "matrices": (
        {"total": lambda m: elements(p for p in m.parameters() if p.ndim > 1)},
        ["matrices"],
    ),
    "layers": ({"total": lambda m: elements(of_layers(m))}, ["layers"]),
    "trainable layers": (
        {"trainable": lambda m: elements(open_ones(of_layers(m)))},
        ["layers"],
    ),
    "only trainable": ({"total": lambda m: elements(open_ones(m.parameters()))}, ["only-trainable"]),
    "frozen too": ({"trainable": lambda m: elements(m.parameters())}, ["frozen-too"]),
    "frozen": (
        {"trainable": lambda m: elements(p for p in m.parameters() if not p.requires_grad)},
        ["only-frozen"],
    ),
    "module attribute": ({"trainable": by_module_attribute}, ["detached"]),
    "any in the layer": ({"trainable": layers_that_train}, ["any-in-the-layer"]),
    "bytes": ({"total": lambda m: sum(p.nbytes for p in m.parameters())}, ["bytes"]),
    "rows": ({"total": lambda m: sum(len(p) for p in m.parameters())}, ["first-side"]),
    "twice and tensors": (
        {"total": lambda m: len(twice(m))},
        ["twice", "tensors"],
    ),
    "used up": ({"trainable": lambda m: elements(open_ones(iter(())))}, ["detached"]),
    "no buffers": ({"buffers": lambda m: 0}, ["no-buffers"]),
    "buffer tensors": ({"buffers": lambda m: len(list(m.buffers()))}, ["tensors"]),
    "frozen as buffers": (
        {"buffers": lambda m: elements(p for p in m.parameters() if not p.requires_grad)},
        ["frozen-as-buffers"],
    ),
    "no counters": (
        {"buffers": lambda m: elements(b for b in m.buffers() if b.is_floating_point())},
        ["no-counters"],
    ),
    "difference": (
        {"buffers": lambda m: elements(m.state_dict().values()) - elements(m.parameters())},
        ["difference"],
    ),
    "buffers of state_dict": (
        {
            "buffers": lambda m: elements(
                t
                for name, t in m.state_dict().items()
                if name not in dict(m.named_parameters(remove_duplicate=False))
            )
        },
        ["kept-ones"],
    ),
    "means": (
        {"buffers": lambda m: elements(b for name, b in m.named_buffers() if "running" in name)},
        ["means-alone"],
    ),
    "another way": (
        {"total": lambda m: elements(m.parameters()) + 5 * bool(list(m.parameters(recurse=False)))},
        ["other-number"],
    ),
    "a constant": ({"total": lambda m: 4_652_008}, ["other-number"]),
    "not a number": ({"total": lambda m: float("nan")}, ["other-number"]),
    "a list": ({"trainable": lambda m: open_ones(m.parameters())}, ["not-a-number"]),
    "True": ({"buffers": lambda m: True}, ["not-a-number"]),
    "meta": ({"total": lambda m: torch.zeros(1, device="meta")}, ["not-a-number"]),
    "layers all trainable": ({"trainable": layers_all_trainable}, ["all-in-the-layer"]),
    "layers by their weight": ({"trainable": by_weight}, ["other-number"]),
    "layers by their first": ({"trainable": by_first}, ["twice-by-layers", "first-in-the-layer"]),
    "buffers twice": (
        {"buffers": lambda m: elements(b for _, b in m.named_buffers(remove_duplicate=False))},
        ["buffers-twice"],
    ),
    "all of state_dict as buffers": (
        {"buffers": lambda m: elements(m.state_dict().values())},
        ["state-dict-as-buffers"],
    ),
    "parameters as buffers": ({"buffers": lambda m: elements(m.parameters())}, ["parameters-as-buffers"]),
    "buffers of children": (
        {"buffers": lambda m: elements(b for name, b in m.named_buffers() if "." in name)},
        ["own-lost"],
    ),
    "rounded": ({"total": lambda m: round(elements(m.parameters()), -3)}, ["other-number"]),
    "millions": ({"total": lambda m: elements(m.parameters()) / 1e6}, ["other-number"]),
    "too large": ({"total": lambda m: 2**70}, ["other-number"]),
}


def wrong_count(name):
    changes, _ = WRONG_COUNTS[name]
    return lambda model: count(model, **changes)


WRONG_COUNT_ANSWERS = {name: wrong_count(name) for name in WRONG_COUNTS}


@pytest.mark.parametrize("name", WRONG_COUNTS)
def test_wrong_counts_are_named(name, everywhere):
    changes, mistakes = WRONG_COUNTS[name]
    named_everywhere(everywhere(COUNT, WRONG_COUNT_ANSWERS[name]), 3 - len(changes), mistakes)


def test_no_cause_is_told_as_a_fact_where_nothing_is_counted(graded):
    """A used-up generator gives 0 as well as the flags of a state_dict do."""
    finding = next(f for f in graded(COUNT, WRONG_COUNT_ANSWERS["used up"], 5).findings if f.id)
    assert "state_dict" not in finding.text
    assert "generator" in finding.hint


def test_a_number_that_is_wrong_on_some_networks_only_is_told_so(graded):
    [finding, _] = graded(COUNT, WRONG_COUNT_ANSWERS["another way"], 5).findings
    assert "only wrong on a network with parameters or buffers of its own" in finding.text


ODD_ANSWERS = {
    "an int": (lambda model: elements(model.parameters()), 0, ["not-a-dict"]),
    "nothing": (lambda model: None, 0, ["not-a-dict"]),
    "a tuple": (lambda model: (1, 2, 3), 0, ["not-a-dict"]),
    "empty": (lambda model: {}, 0, ["key-missing"]),
    "other keys": (
        lambda model: {"all": 1, "trainable": elements(open_ones(model.parameters()))},
        1,
        ["key-missing"],
    ),
    "raises": (lambda model: model.number_of_parameters(), 0, ["raised"]),
    "no model": (lambda: {}, 0, ["raised"]),
    "no method": (lambda model: model.weight.numel(), 0, ["raised"]),
    "unwritten": (lambda model: (_ for _ in ()).throw(NotImplementedError()), 0, ["unwritten"]),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_get_a_finding(name, everywhere):
    answer, points, mistakes = ODD_ANSWERS[name]
    named_everywhere(everywhere(COUNT, answer), points, mistakes)


EFFECTS = {
    "weights-changed": lambda model: [p.data.add_(1) for p in model.parameters()],
    "gradients-left": lambda model: sum(p.sum() for p in open_ones(model.parameters())).backward(),
    "flags-changed": lambda model: model.requires_grad_(False),
    "hook-left": lambda model: model.register_forward_hook(lambda *_: None),
    "gradients-cleared": lambda model: model.zero_grad(),
    "attributes-changed": lambda model: [setattr(p, "counted", True) for p in model.parameters()],
    "layout-changed": lambda model: model.to(memory_format=torch.channels_last),
    "mode-changed": lambda model: model.train(not model.training),
}
UNUSABLE = {
    "device-changed": lambda model: model.to("meta"),
    "dtype-changed": lambda model: model.half(),
    "tensors-replaced": lambda model: model.add_module("more", nn.Linear(1, 1)),
}


def behaving(answer, behave):
    def behaves(model):
        result = answer(model)
        behave(model)
        return result

    return behaves


def open_first(behave):
    """Some networks are frozen throughout: what trains is made sure of."""

    def behaves(model):
        if not open_ones(model.parameters()):
            return
        behave(model)

    return behaves


BEHAVING = {
    (exercise, effect): behaving(answer, behave if effect != "gradients-left" else open_first(behave))
    for exercise, answer in (
        (COUNT, lambda m: count(m)),
        (TABLE, lambda m: by_child(m)),
        (BYTES, lambda m: predict(m)),
    )
    for effect, behave in {**EFFECTS, **UNUSABLE}.items()
}


@pytest.mark.parametrize(("exercise", "effect"), BEHAVING)
def test_what_a_count_does_beside_costs_a_point(exercise, effect, everywhere):
    """The numbers are there before: a model that is spoilt afterwards costs no more than any other effect."""
    for verdict in everywhere(exercise, BEHAVING[exercise, effect]):
        found = [finding.id for finding in verdict.findings if finding.id]
        assert len(found) == 1, verdict
        assert found[0] in (effect, "flags-changed", "mode-changed"), verdict
        assert verdict.points == verdict.max_points - 1, verdict


# ---------------------------------------------------------------- count by part


def by_child(model):
    counts = {name: 0 for name, _ in model.named_children()}
    for name, parameter in model.named_parameters():
        child = name.split(".")[0] if "." in name else ""
        counts[child] = counts.get(child, 0) + parameter.numel()
    return counts


def by_child_with_memory(model):
    seen, counts = set(), OrderedDict()
    counts[""] = elements(model.parameters(recurse=False))
    for name, child in model.named_children():
        new = [p for p in child.parameters() if id(p) not in seen]
        seen.update(map(id, new))
        counts[name] = elements(new)
    return counts


def by_child_with_sets(model):
    left, counts = set(model.parameters()), {}
    for name, child in model.named_children():
        mine = left & set(child.parameters())
        counts[name], left = elements(mine), left - mine
    if left:
        counts[""] = elements(left)
    return counts


@pytest.mark.parametrize("answer", [by_child, by_child_with_memory, by_child_with_sets])
def test_right_tables_pass(answer, everywhere):
    for verdict in everywhere(TABLE, answer):
        assert verdict.passed, verdict


def table(model, number=lambda child: elements(child.parameters()), own=True):
    counts = {name: number(child) for name, child in model.named_children()}
    if own:
        counts[""] = elements(model.parameters(recurse=False))
    return counts


def last_first(model):
    seen, counts = set(), {}
    for name, child in reversed(list(model.named_children())):
        new = [p for p in child.parameters() if id(p) not in seen]
        seen.update(map(id, new))
        counts[name] = elements(new)
    counts = dict(reversed(counts.items()))
    return counts | {"": elements(model.parameters(recurse=False))}


def rest_as_own(model):
    counts = table(model, own=False)
    return counts | {"": elements(model.parameters()) - sum(counts.values())}


def halved_where_tied(model):
    """Right on networks without shared weights."""
    tied = len(twice(model)) > len(list(model.parameters()))
    counts = by_child(model)
    return {name: number // 2 if tied and name else number for name, number in counts.items()}


def by_first_beginning(model):
    """A parameter belongs to the first child whose name its own begins with."""
    counts = {name: 0 for name, _ in model.named_children()}
    own = 0
    for name, parameter in model.named_parameters():
        child = next((child for child in counts if "." in name and name.startswith(child)), None)
        if child is None:
            own += parameter.numel()
        else:
            counts[child] += parameter.numel()
    return counts | ({"": own} if own else {})


def by_names_without_digits(model):
    counts = {name: 0 for name, _ in model.named_children()}
    own = sum(p.numel() for p in model.parameters(recurse=False))
    for name, parameter in model.named_parameters():
        child = name.split(".")[0].strip("0123456789")
        if child in counts:
            counts[child] += parameter.numel()
    return counts | ({"": own} if own else {})


def by_beginning(model):
    counts = {
        child: elements(p for name, p in model.named_parameters() if name.startswith(child))
        for child, _ in model.named_children()
    }
    return counts | {"": elements(model.parameters(recurse=False))}


def by_names_inside(model):
    counts = {
        child: elements(p for name, p in model.named_parameters() if child in name.split("."))
        for child, _ in model.named_children()
    }
    return counts | {"": elements(model.parameters(recurse=False))}


def changed(answer, change):
    return lambda model: change(model, answer(model))


WRONG_TABLES = {
    "sums of children": (
        lambda model: table(model, own=False),
        2,
        ["shared-twice", "own-lost"],
    ),
    "shared twice": (table, 3, ["shared-twice"]),
    "shared in last": (last_first, 3, ["shared-in-last"]),
    "own lost": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if n}),
        3,
        ["own-lost"],
    ),
    "whole as own": (
        changed(by_child, lambda model, counts: counts | {"": elements(model.parameters())}),
        3,
        ["whole-as-own"],
    ),
    "rest as own": (rest_as_own, 2, ["shared-twice", "rest-as-own"]),
    "wrong own": (
        changed(by_child, lambda model, counts: counts | {"": 3}),
        3,
        ["own-wrong"],
    ),
    "tensors": (
        lambda model: table(model, lambda c: len(list(c.parameters()))),
        2,
        ["shared-twice", "tensors"],
    ),
    "flags": (
        lambda model: table(model, lambda c: elements(open_ones(c.parameters()))),
        2,
        ["shared-twice", "only-trainable"],
    ),
    "buffers": (
        lambda model: table(model, lambda c: elements(c.parameters()) + elements(c.buffers())),
        2,
        ["shared-twice", "buffers"],
    ),
    "state_dict": (
        lambda model: table(model, lambda c: elements(c.state_dict().values())),
        2,
        ["state-dict"],
    ),
    "weights": (
        lambda model: table(model, lambda c: elements(weights(c))),
        2,
        ["shared-twice", "weights"],
    ),
    "layers": (
        lambda model: table(model, lambda c: elements(of_layers(c))),
        2,
        ["layers"],
    ),
    "direct": (
        lambda model: table(model, lambda c: elements(c.parameters(recurse=False))),
        2,
        ["direct"],
    ),
    "by beginning": (by_beginning, 2, ["beginning"]),
    "names inside": (by_names_inside, 2, ["names-inside"]),
    "first beginning that fits": (by_first_beginning, 2, ["other-counts"]),
    "digits stripped": (by_names_without_digits, 2, ["other-counts"]),
    "every module": (
        lambda model: {name: elements(m.parameters(recurse=False)) for name, m in model.named_modules()},
        1,
        ["deeper", "direct"],
    ),
    "every parameter": (
        lambda model: {name: p.numel() for name, p in model.named_parameters()},
        0,
        ["deeper", "other-counts"],
    ),
    "no empty child": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if c}),
        3,
        ["empty-child-missing"],
    ),
    "head lost": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if n != [*counts][-1]}),
        0,
        ["child-missing", "other-counts"],
    ),
    "a total": (
        changed(by_child, lambda model, counts: counts | {"total": sum(counts.values())}),
        3,
        ["no-such-child"],
    ),
    "sorted": (
        changed(by_child, lambda model, counts: dict(sorted(counts.items(), key=lambda pair: -pair[1]))),
        3,
        ["other-order"],
    ),
    "zeros": (changed(by_child, lambda model, counts: dict.fromkeys(counts, 0)), 0, ["other-counts"]),
    "empty": (lambda model: {}, 0, ["no-child", "other-counts"]),
    "a list": (lambda model: list(by_child(model).items()), 0, ["not-a-table"]),
    "lists": (lambda model: {n: list(c.parameters()) for n, c in model.named_children()}, 0, ["not-a-table"]),
    "numbered": (
        lambda model: dict(enumerate(by_child(model).values())),
        0,
        ["child-missing", "other-counts"],
    ),
    "raises": (lambda model: {n: c.numel() for n, c in model.named_children()}, 0, ["raised"]),
    "names twice": (
        lambda model: table(model, lambda c: elements(twice(c))),
        3,
        ["names-twice"],
    ),
    "layer by layer": (
        lambda model: table(
            model, lambda c: sum(elements(layer.parameters(recurse=False)) for layer in c.modules())
        ),
        3,
        ["names-twice"],
    ),
    "nested": (
        lambda model: table(model, lambda c: sum(elements(layer.parameters()) for layer in c.modules())),
        2,
        ["nested"],
    ),
    "bytes": (
        lambda model: table(model, lambda c: sum(p.nbytes for p in c.parameters())),
        2,
        ["shared-twice", "bytes"],
    ),
    "tied halved": (halved_where_tied, 3, ["tied"]),
    "rounded": (lambda model: {n: round(c, -2) for n, c in by_child(model).items()}, 1, ["other-counts"]),
}


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_wrong_tables_are_named(name, everywhere):
    answer, points, mistakes = WRONG_TABLES[name]
    named_everywhere(everywhere(TABLE, answer), points, mistakes)


# ---------------------------------------------------------------- what training costs


def size(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def predict(model, **changes):
    numbers = {
        "weights": size(model.parameters()),
        "gradients": size(open_ones(model.parameters())),
        "adam": 2 * size(open_ones(model.parameters())),
    }
    return numbers | {key: change(model) for key, change in changes.items()}


def predict_by_dtype(model):
    totals, trainable = Counter(), Counter()
    for parameter in model.parameters():
        totals[parameter.dtype] += parameter.numel()
        if parameter.requires_grad:
            trainable[parameter.dtype] += parameter.numel()
    gradients = sum(number * dtype.itemsize for dtype, number in trainable.items())
    weights = sum(torch.finfo(dtype).bits / 8 * number for dtype, number in totals.items())
    return {"weights": weights, "gradients": gradients, "adam": gradients * 2}


def measure_on_a_copy(model):
    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters())
    trained = [p for p in model.parameters() if p.requires_grad]
    for parameter in trained:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moments = [t for state in optimizer.state.values() for name, t in state.items() if name != "step"]
    return {
        "weights": sum(p.nbytes for p in model.parameters()),
        "gradients": sum(p.grad.nbytes for p in trained),
        "adam": sum(moment.nbytes for moment in moments),
    }


@pytest.mark.parametrize("answer", [predict, predict_by_dtype, measure_on_a_copy])
def test_right_predictions_pass(answer, everywhere):
    for verdict in everywhere(BYTES, answer):
        assert verdict.passed, verdict


def trainable(model):
    return open_ones(model.parameters())


def of_whole_layers(model, decides):
    layers = [list(m.parameters(recurse=False)) for m in model.modules()]
    return {p for own in layers if own and decides(p.requires_grad for p in own) for p in own}


WRONG_PREDICTIONS = {
    "four bytes": (
        lambda m: {
            "weights": 4 * elements(m.parameters()),
            "gradients": 4 * elements(trainable(m)),
            "adam": 8 * elements(trainable(m)),
        },
        0,
        ["four-bytes"],
    ),
    "first one's dtype": (
        lambda m: predict(
            m, weights=lambda m: elements(m.parameters()) * next(m.parameters()).element_size()
        ),
        3,
        ["bytes-of-the-first"],
    ),
    "last one's dtype": (
        lambda m: predict(
            m, weights=lambda m: elements(m.parameters()) * [*m.parameters()][-1].element_size()
        ),
        3,
        ["bytes-of-the-last"],
    ),
    "gradients for frozen": (
        lambda m: predict(m, gradients=lambda m: size(m.parameters())),
        3,
        ["frozen-too"],
    ),
    "Adam for all": (
        lambda m: predict(m, adam=lambda m: 2 * size(m.parameters())),
        2,
        ["frozen-too"],
    ),
    "one moment": (lambda m: predict(m, adam=lambda m: size(trainable(m))), 3, ["one-moment"]),
    "gradients in Adam": (
        lambda m: predict(m, adam=lambda m: 3 * size(trainable(m))),
        2,
        ["three-moments"],
    ),
    "one moment for all": (
        lambda m: predict(m, adam=lambda m: size(m.parameters())),
        2,
        ["frozen-too", "one-moment"],
    ),
    "step counters": (
        lambda m: predict(m, adam=lambda m: 2 * size(trainable(m)) + 4 * len(trainable(m))),
        2,
        ["counters"],
    ),
    "MB": (
        lambda m: {key: number / 1e6 for key, number in predict(m).items()},
        0,
        ["MB"],
    ),
    "MiB": (
        lambda m: {key: number / 1024 / 1024 for key, number in predict(m).items()},
        0,
        ["MiB"],
    ),
    "kB": (lambda m: predict(m, weights=lambda m: size(m.parameters()) / 1000), 3, ["kB"]),
    "KiB": (lambda m: predict(m, weights=lambda m: size(m.parameters()) / 1024), 3, ["KiB"]),
    "bits": (lambda m: predict(m, weights=lambda m: 8 * size(m.parameters())), 3, ["bits"]),
    "elements": (
        lambda m: predict(m, weights=lambda m: elements(m.parameters())),
        3,
        ["elements"],
    ),
    "bytes of one": (
        lambda m: predict(m, weights=lambda m: sum(p.element_size() for p in m.parameters())),
        3,
        ["size-without-numel"],
    ),
    "buffers": (
        lambda m: predict(m, weights=lambda m: size(m.parameters()) + size(m.buffers())),
        3,
        ["buffers"],
    ),
    "state_dict": (
        lambda m: predict(m, weights=lambda m: size(m.state_dict().values())),
        3,
        ["state-dict"],
    ),
    "twice": (lambda m: predict(m, weights=lambda m: size(twice(m))), 3, ["twice"]),
    "only trainable": (
        lambda m: predict(m, weights=lambda m: size(trainable(m))),
        3,
        ["only-trainable"],
    ),
    "gradients that are there": (
        lambda m: predict(
            m, gradients=lambda m: sum(p.grad.nbytes for p in m.parameters() if p.grad is not None)
        ),
        3,
        ["other-number"],
    ),
    "flags of the state": (
        lambda m: predict(
            m, gradients=lambda m: sum(t.nbytes for t in m.state_dict().values() if t.requires_grad)
        ),
        3,
        ["detached"],
    ),
    "a string": (
        lambda m: predict(m, weights=lambda m: f"{size(m.parameters())} bytes"),
        3,
        ["not-a-number"],
    ),
    "a total": (lambda m: sum(predict(m).values()), 0, ["not-a-dict"]),
    "raises": (lambda m: predict(m, adam=lambda m: m.optimizer.nbytes), 0, ["raised"]),
    "eight bytes": (lambda m: predict(m, weights=lambda m: 8 * elements(m.parameters())), 3, ["eight-bytes"]),
    "sixteen bytes": (
        lambda m: predict(m, adam=lambda m: 4 * size(trainable(m))),
        2,
        ["four-moments"],
    ),
    "a list": (lambda m: list(predict(m).values()), 0, ["not-a-dict"]),
    "no adam": (lambda m: {k: n for k, n in predict(m).items() if k != "adam"}, 2, ["key-missing"]),
    "plus one": (lambda m: predict(m, weights=lambda m: size(m.parameters()) + 1), 3, ["other-number"]),
    "twice-by-layers": (
        lambda m: predict(
            m, weights=lambda m: sum(size(layer.parameters(recurse=False)) for layer in m.modules())
        ),
        3,
        ["twice-by-layers"],
    ),
    "twice-by-children own-lost": (
        lambda m: predict(m, weights=lambda m: size(of_children(m))),
        3,
        ["twice-by-children", "own-lost"],
    ),
    "own-lost": (
        lambda m: predict(m, weights=lambda m: size(p for n, p in m.named_parameters() if "." in n)),
        3,
        ["own-lost"],
    ),
    "nested": (
        lambda m: predict(m, weights=lambda m: sum(size(layer.parameters()) for layer in m.modules())),
        3,
        ["nested"],
    ),
    "weights": (lambda m: predict(m, weights=lambda m: size(weights(m))), 3, ["weights"]),
    "matrices": (
        lambda m: predict(m, weights=lambda m: size(p for p in m.parameters() if p.ndim > 1)),
        3,
        ["matrices"],
    ),
    "layers": (lambda m: predict(m, weights=lambda m: size(of_layers(m))), 3, ["layers"]),
    "only-frozen": (
        lambda m: predict(m, gradients=lambda m: size(p for p in m.parameters() if not p.requires_grad)),
        3,
        ["only-frozen"],
    ),
    "any-in-the-layer": (
        lambda m: predict(m, gradients=lambda m: size(of_whole_layers(m, any))),
        3,
        ["any-in-the-layer"],
    ),
    "all-in-the-layer": (
        lambda m: predict(m, gradients=lambda m: size(of_whole_layers(m, all))),
        3,
        ["all-in-the-layer"],
    ),
    "first-in-the-layer": (
        lambda m: predict(m, gradients=lambda m: size(of_whole_layers(m, next))),
        3,
        ["first-in-the-layer"],
    ),
}


@pytest.mark.parametrize("name", WRONG_PREDICTIONS)
def test_wrong_predictions_are_named(name, everywhere):
    answer, points, mistakes = WRONG_PREDICTIONS[name]
    named_everywhere(everywhere(BYTES, answer), points, mistakes)


def test_measuring_on_the_model_itself_leaves_traces(everywhere):
    named_everywhere(everywhere(BYTES, measure_on_the_model), 3, ["gradients-left"])


def measure_on_the_model(model):
    result = measure_on_a_copy(model)
    for parameter in trainable(model):
        parameter.grad = torch.zeros_like(parameter)
    return result


@pytest.mark.parametrize("exercise", [COUNT, TABLE, BYTES])
def test_every_known_mistake_is_reached(exercise, unreached):
    wrong = {
        COUNT: [*WRONG_COUNT_ANSWERS.values(), *(odd[0] for odd in ODD_ANSWERS.values())],
        TABLE: [answer for answer, _, _ in WRONG_TABLES.values()],
        BYTES: [answer for answer, _, _ in WRONG_PREDICTIONS.values()],
    }[exercise]
    wrong += [answer for (asked, _), answer in BEHAVING.items() if asked == exercise]
    assert unreached(exercise, wrong) == []
