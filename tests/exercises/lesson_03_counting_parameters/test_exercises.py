"""Wrong and right answers to the exercises of lesson 3: every mistake is refused by its name."""

import copy
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises import find_exercise, judge_evidence, try_answer
from grader.exercises.lesson_03_counting_parameters.exercises import counted_network, counted_network_spec
from grader.exercises.machine.collecting import collect_evidence
from grader.exercises.machine.evidence import encode
from grader.exercises.machine.expected_values import load_expect
from grader.exercises.machine.published_checks import public_challenge
from grader.lesson_folder import LessonFolder


def named(verdict, *several):
    return all(any(words in finding.text for finding in verdict.findings) for words in several)


def trains(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sum(p.sum() for p in model.parameters() if p.requires_grad).backward()
    optimizer.step()
    optimizer.zero_grad()


BAD_BEHAVIOR = {
    "trains": (lambda model: model.requires_grad_(True) and trains(model), ["changed the model"]),
    "gradients": (
        lambda model: sum(p.sum() for p in model.requires_grad_(True).parameters()).backward(),
        ["left gradients behind"],
    ),
    "flags": (lambda model: model.requires_grad_(False), ["changed what is trainable"]),
    "hook": (lambda model: model.register_forward_hook(lambda *_: None), ["left a hook"]),
    "mode": (lambda model: model.train(not model.training), ["in the other mode"]),
    "meta": (lambda model: model.to("meta"), ["lies on meta"]),
    "half": (lambda model: model.half(), ["holds numbers of type float16"]),
    "double": (lambda model: model.double(), ["holds numbers of type float64"]),
}


def behaving(answer, behave):
    def behaves(model, *rest):
        result = answer(model, *rest)
        behave(result[0] if isinstance(result, tuple) else model)
        return result

    return behaves


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


@pytest.mark.parametrize("answer", [count, count_in_one_loop, count_layer_by_layer])
def test_right_counts_pass(answer):
    verdict = try_answer("counting.count_parameters", answer)
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


def layers_that_train(model):
    own = [list(m.parameters(recurse=False)) for m in model.modules()]
    return elements({p for layer in own if any(p.requires_grad for p in layer) for p in layer})


WRONG_COUNTS = {
    "tensors": ({"total": lambda m: len(list(m.parameters()))}, ["`total` counts tensors"]),
    "flags": (
        {"trainable": lambda m: sum(p.requires_grad for p in m.parameters())},
        ["`trainable` counts tensors"],
    ),
    "flags of state_dict": (
        {"trainable": lambda m: sum(p.requires_grad for p in m.state_dict().values())},
        ["gives detached tensors"],
    ),
    "buffers in": (
        {"total": lambda m: elements(m.parameters()) + elements(m.buffers())},
        ["`total` counts the buffers in"],
    ),
    "state_dict": (
        {"total": lambda m: elements(m.state_dict().values())},
        ["`total` goes over `state_dict()`"],
    ),
    "twice": (
        {"total": lambda m: elements(twice(m)), "trainable": lambda m: elements(open_ones(twice(m)))},
        ["`total` counts shared weights twice", "`trainable` counts shared weights twice"],
    ),
    "layer by layer": (
        {"total": lambda m: sum(elements(layer.parameters(recurse=False)) for layer in m.modules())},
        ["it goes from layer to layer"],
    ),
    "nested": (
        {"total": lambda m: sum(elements(layer.parameters()) for layer in m.modules())},
        ["several times"],
    ),
    "children": (
        {"total": lambda m: elements(of_children(m))},
        ["adds up the children", "leaves out what belongs to the model itself"],
    ),
    "weights": ({"total": lambda m: elements(weights(m))}, ["only what is named `weight`"]),
    "matrices": (
        {"total": lambda m: elements(p for p in m.parameters() if p.ndim > 1)},
        ["two or more dimensions"],
    ),
    "layers": ({"total": lambda m: elements(of_layers(m))}, ["only convolutions and linear layers"]),
    "trainable layers": (
        {"trainable": lambda m: elements(open_ones(of_layers(m)))},
        ["`trainable` counts only convolutions and linear layers"],
    ),
    "only trainable": ({"total": lambda m: elements(open_ones(m.parameters()))}, ["leaves out the frozen"]),
    "frozen too": ({"trainable": lambda m: elements(m.parameters())}, ["counts the frozen parameters in"]),
    "frozen": (
        {"trainable": lambda m: elements(p for p in m.parameters() if not p.requires_grad)},
        ["counts what is frozen"],
    ),
    "module attribute": ({"trainable": by_module_attribute}, ["a module's own `requires_grad` is not set"]),
    "any in the layer": ({"trainable": layers_that_train}, ["when one of its parameters is"]),
    "bytes": ({"total": lambda m: sum(p.nbytes for p in m.parameters())}, ["`total` is in bytes"]),
    "rows": ({"total": lambda m: sum(len(p) for p in m.parameters())}, ["first side"]),
    "twice and tensors": (
        {"total": lambda m: len(twice(m))},
        ["counts shared weights twice", "counts tensors"],
    ),
    "no buffers": ({"buffers": lambda m: 0}, ["buffers are not among"]),
    "buffer tensors": ({"buffers": lambda m: len(list(m.buffers()))}, ["`buffers` counts tensors"]),
    "frozen as buffers": (
        {"buffers": lambda m: elements(p for p in m.parameters() if not p.requires_grad)},
        ["a buffer is no parameter"],
    ),
    "no counters": (
        {"buffers": lambda m: elements(b for b in m.buffers() if b.is_floating_point())},
        ["num_batches_tracked"],
    ),
    "difference": (
        {"buffers": lambda m: elements(m.state_dict().values()) - elements(m.parameters())},
        ["difference between the `state_dict()` and the parameters"],
    ),
    "buffers of state_dict": (
        {
            "buffers": lambda m: elements(
                t
                for name, t in m.state_dict().items()
                if name not in dict(m.named_parameters(remove_duplicate=False))
            )
        },
        ["`persistent=False`"],
    ),
    "means": (
        {"buffers": lambda m: elements(b for name, b in m.named_buffers() if "running" in name)},
        ["only `running_mean` and `running_var`"],
    ),
    "another way": (
        {"total": lambda m: elements(m.parameters()) + 5 * ("scale" in dict(m.named_parameters()))},
        ["only wrong on a network with parameters or buffers of its own"],
    ),
    "a constant": ({"total": lambda m: 4_652_008}, ["4,652,008 where"]),
    "not a number": ({"total": lambda m: float("nan")}, ["`total` is wrong: nan"]),
    "a list": ({"trainable": lambda m: open_ones(m.parameters())}, ["`trainable` is list, not a number"]),
    "True": ({"buffers": lambda m: True}, ["`buffers` is bool, not a number"]),
    "meta": ({"total": lambda m: torch.zeros(1, device="meta")}, ["`total` is Tensor, not a number"]),
}


@pytest.mark.parametrize("name", WRONG_COUNTS)
def test_wrong_counts_are_named(name):
    changes, several = WRONG_COUNTS[name]
    verdict = try_answer("counting.count_parameters", lambda model: count(model, **changes))
    assert verdict.points == 3 - len(changes), verdict
    assert named(verdict, *several), verdict


@pytest.mark.parametrize("way", [by_weight, by_first])
def test_a_layer_whose_first_parameter_trains_is_not_trainable_as_a_whole(way):
    verdict = try_answer("counting.count_parameters", lambda model: count(model, trainable=way))
    assert verdict.points == 2, verdict
    assert named(verdict, "`trainable`"), verdict


ODD_ANSWERS = {
    "an int": (lambda model: elements(model.parameters()), 0, "the function returned int"),
    "nothing": (lambda model: None, 0, "the function returned NoneType"),
    "a tuple": (lambda model: (1, 2, 3), 0, "the function returned tuple"),
    "empty": (lambda model: {}, 0, 'The key "total" is missing from the returned dict: it is empty'),
    "other keys": (
        lambda model: {"all": 1, "trainable": elements(open_ones(model.parameters()))},
        1,
        "it has `all` and `trainable`",
    ),
    "raises": (lambda model: model.number_of_parameters(), 0, "AttributeError"),
    "no model": (lambda: {}, 0, "TypeError"),
    "no method": (lambda model: model.weight.numel(), 0, "AttributeError"),
    "too large": (lambda model: {"total": 2**70}, 0, "63 bits"),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_get_a_finding(name):
    answer, points, words = ODD_ANSWERS[name]
    verdict = try_answer("counting.count_parameters", answer)
    assert verdict.points == points, verdict
    assert named(verdict, words), verdict


@pytest.mark.parametrize("name", BAD_BEHAVIOR)
@pytest.mark.parametrize("exercise", ["count_parameters", "count_by_child", "training_bytes"])
def test_what_a_count_does_beside_is_named(exercise, name):
    behave, several = BAD_BEHAVIOR[name]
    answer = {"count_parameters": count, "count_by_child": by_child, "training_bytes": predict}[exercise]
    verdict = try_answer(f"counting.{exercise}", behaving(answer, behave))
    assert 0 < verdict.points <= verdict.max_points // 2, verdict
    assert named(verdict, *several), verdict


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
def test_right_tables_pass(answer):
    verdict = try_answer("counting.count_by_child", answer)
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


def by_beginning(model):
    counts = {
        child: elements(p for name, p in model.named_parameters() if name.startswith(child))
        for child, _ in model.named_children()
    }
    return counts | {"": elements(model.parameters(recurse=False))}


def changed(answer, change):
    return lambda model: change(model, answer(model))


WRONG_TABLES = {
    "sums of children": (
        lambda model: table(model, own=False),
        2,
        ["counted in both of them", 'stand under the key ""'],
    ),
    "shared twice": (table, 3, ["counted in both of them"]),
    "shared in last": (last_first, 3, ["counted in the last of them"]),
    "own lost": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if n}),
        3,
        ["Parameters of the model itself are missing"],
    ),
    "whole as own": (
        changed(by_child, lambda model, counts: counts | {"": elements(model.parameters())}),
        3,
        ['Under "" stands the number of all parameters'],
    ),
    "rest as own": (rest_as_own, 2, ["counted in both of them", "less the children's numbers"]),
    "wrong own": (
        changed(by_child, lambda model, counts: counts | {"": 3}),
        3,
        ['The number under "" is not that'],
    ),
    "tensors": (lambda model: table(model, lambda c: len(list(c.parameters()))), 2, ["count tensors"]),
    "flags": (
        lambda model: table(model, lambda c: elements(open_ones(c.parameters()))),
        2,
        ["leave out the frozen parameters"],
    ),
    "buffers": (
        lambda model: table(model, lambda c: elements(c.parameters()) + elements(c.buffers())),
        2,
        ["count the buffers in"],
    ),
    "state_dict": (lambda model: table(model, lambda c: elements(c.state_dict().values())), 2, ["buffers"]),
    "weights": (
        lambda model: table(model, lambda c: elements(weights(c))),
        2,
        ["only what is named `weight`"],
    ),
    "layers": (
        lambda model: table(model, lambda c: elements(of_layers(c))),
        2,
        ["only convolutions and linear"],
    ),
    "direct": (
        lambda model: table(model, lambda c: elements(c.parameters(recurse=False))),
        2,
        ["belong to each child directly"],
    ),
    "by beginning": (by_beginning, 2, ["whose name begins like its own"]),
    "every module": (
        lambda model: {name: elements(m.parameters(recurse=False)) for name, m in model.named_modules()},
        1,
        ["goes deeper than the direct children"],
    ),
    "every parameter": (
        lambda model: {name: p.numel() for name, p in model.named_parameters()},
        0,
        ["goes deeper than the direct children"],
    ),
    "no empty child": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if c}),
        3,
        ["a child without parameters has 0"],
    ),
    "head lost": (
        changed(by_child, lambda model, counts: {n: c for n, c in counts.items() if n != [*counts][-1]}),
        0,
        ["is missing"],
    ),
    "a total": (
        changed(by_child, lambda model, counts: counts | {"total": sum(counts.values())}),
        3,
        ["`total` is no child"],
    ),
    "sorted": (
        changed(by_child, lambda model, counts: dict(sorted(counts.items(), key=lambda pair: -pair[1]))),
        3,
        ["another order"],
    ),
    "zeros": (changed(by_child, lambda model, counts: dict.fromkeys(counts, 0)), 0, ["by your count"]),
    "empty": (lambda model: {}, 0, ["names no child"]),
    "a list": (lambda model: list(by_child(model).items()), 0, ["the function returned list"]),
    "lists": (lambda model: {n: list(c.parameters()) for n, c in model.named_children()}, 0, ["is list"]),
    "numbered": (lambda model: dict(enumerate(by_child(model).values())), 0, ["is missing"]),
    "raises": (lambda model: {n: c.numel() for n, c in model.named_children()}, 0, ["AttributeError"]),
}


@pytest.mark.parametrize("name", WRONG_TABLES)
def test_wrong_tables_are_named(name):
    answer, points, several = WRONG_TABLES[name]
    verdict = try_answer("counting.count_by_child", answer)
    assert verdict.points == points, verdict
    assert named(verdict, *several), verdict


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
def test_right_predictions_pass(answer):
    verdict = try_answer("counting.training_bytes", answer)
    assert verdict.passed, verdict


def trainable(model):
    return open_ones(model.parameters())


WRONG_PREDICTIONS = {
    "four bytes": (
        lambda m: {
            "weights": 4 * elements(m.parameters()),
            "gradients": 4 * elements(trainable(m)),
            "adam": 8 * elements(trainable(m)),
        },
        0,
        ["`weights` takes 4 bytes", "`gradients` takes 4 bytes", "`adam` takes 4 bytes"],
    ),
    "first one's dtype": (
        lambda m: predict(
            m, weights=lambda m: elements(m.parameters()) * next(m.parameters()).element_size()
        ),
        3,
        ["takes the first parameter's bytes"],
    ),
    "gradients for frozen": (
        lambda m: predict(m, gradients=lambda m: size(m.parameters())),
        3,
        ["`gradients` counts the frozen parameters in"],
    ),
    "Adam for all": (
        lambda m: predict(m, adam=lambda m: 2 * size(m.parameters())),
        2,
        ["`adam` counts the frozen parameters in"],
    ),
    "one moment": (lambda m: predict(m, adam=lambda m: size(trainable(m))), 3, ["`adam` has one moment"]),
    "gradients in Adam": (
        lambda m: predict(m, adam=lambda m: 3 * size(trainable(m))),
        2,
        ["the gradients have a key of their own"],
    ),
    "one moment for all": (
        lambda m: predict(m, adam=lambda m: size(m.parameters())),
        2,
        ["counts the frozen parameters in", "has one moment"],
    ),
    "step counters": (
        lambda m: predict(m, adam=lambda m: 2 * size(trainable(m)) + 4 * len(trainable(m))),
        2,
        ["step counters"],
    ),
    "MB": (
        lambda m: {key: number / 1e6 for key, number in predict(m).items()},
        0,
        ["`weights` is in MB", "`adam` is in MB"],
    ),
    "MiB": (
        lambda m: {key: number / 1024 / 1024 for key, number in predict(m).items()},
        0,
        ["`gradients` is in MiB"],
    ),
    "kB": (lambda m: predict(m, weights=lambda m: size(m.parameters()) / 1000), 3, ["is in kilobytes"]),
    "KiB": (lambda m: predict(m, weights=lambda m: size(m.parameters()) / 1024), 3, ["is in kibibytes"]),
    "bits": (lambda m: predict(m, weights=lambda m: 8 * size(m.parameters())), 3, ["is in bits"]),
    "elements": (
        lambda m: predict(m, weights=lambda m: elements(m.parameters())),
        3,
        ["`weights` is a number of elements"],
    ),
    "bytes of one": (
        lambda m: predict(m, weights=lambda m: sum(p.element_size() for p in m.parameters())),
        3,
        ["bytes of one element of each tensor"],
    ),
    "buffers": (
        lambda m: predict(m, weights=lambda m: size(m.parameters()) + size(m.buffers())),
        3,
        ["counts the buffers in"],
    ),
    "state_dict": (
        lambda m: predict(m, weights=lambda m: size(m.state_dict().values())),
        3,
        ["goes over `state_dict()`"],
    ),
    "twice": (lambda m: predict(m, weights=lambda m: size(twice(m))), 3, ["counts shared weights twice"]),
    "only trainable": (
        lambda m: predict(m, weights=lambda m: size(trainable(m))),
        3,
        ["leaves out the frozen parameters"],
    ),
    "gradients that are there": (
        lambda m: predict(
            m, gradients=lambda m: sum(p.grad.nbytes for p in m.parameters() if p.grad is not None)
        ),
        3,
        ["`gradients` is 0"],
    ),
    "a string": (
        lambda m: predict(m, weights=lambda m: f"{size(m.parameters())} bytes"),
        3,
        ["`weights` is str"],
    ),
    "a total": (lambda m: sum(predict(m).values()), 0, ["the function returned int"]),
    "raises": (lambda m: predict(m, adam=lambda m: m.optimizer.nbytes), 0, ["AttributeError"]),
}


@pytest.mark.parametrize("name", WRONG_PREDICTIONS)
def test_wrong_predictions_are_named(name):
    answer, points, several = WRONG_PREDICTIONS[name]
    verdict = try_answer("counting.training_bytes", answer)
    assert verdict.points == points, verdict
    assert named(verdict, *several), verdict


def test_measuring_on_the_model_itself_leaves_traces():
    def measure(model):
        result = measure_on_a_copy(model)
        for parameter in trainable(model):
            parameter.grad = torch.zeros_like(parameter)
        return result

    verdict = try_answer("counting.training_bytes", measure)
    assert verdict.points == 2
    assert named(verdict, "left gradients behind"), verdict


# ---------------------------------------------------------------- find the bug


def report(
    model,
    head_name,
    num_classes,
    *,
    freeze=lambda model: model.requires_grad_(False),
    swap=lambda head, num_classes: nn.Linear(head.in_features, num_classes),
    finish=lambda model, head: None,
    total=lambda model: elements(model.parameters()),
    count=lambda model: elements(open_ones(model.parameters())),
):
    """The report with a mistake in any part."""
    freeze(model)
    model.set_submodule(head_name, swap(model.get_submodule(head_name), num_classes))
    finish(model, model.get_submodule(head_name))
    return model, total(model), count(model)


def variant(**changes):
    return lambda model, head_name, num_classes: report(model, head_name, num_classes, **changes)


def report_by_parent(model, head_name, num_classes):
    parent, _, own = head_name.rpartition(".")
    old = model.get_submodule(head_name)
    setattr(model.get_submodule(parent), own, nn.Linear(old.weight.shape[1], num_classes))
    counts = {True: 0, False: 0}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(f"{head_name}."))
        counts[parameter.requires_grad] += parameter.numel()
    return [model, torch.tensor(sum(counts.values())), counts[True]]


def report_with_arithmetic(model, head_name, num_classes):
    for parameter in model.parameters():
        parameter.requires_grad = False
    old = model.get_submodule(head_name)
    total = elements(model.parameters()) - elements(old.parameters())
    new = nn.Linear(old.in_features, num_classes)
    model.set_submodule(head_name, new)
    return model, total + elements(new.parameters()), (old.in_features + 1) * num_classes


@pytest.mark.parametrize("answer", [report, report_by_parent, report_with_arithmetic])
def test_right_reports_pass(answer):
    verdict = try_answer("counting.find_the_bug", answer)
    assert verdict.passed, verdict


def as_released(model, head_name, num_classes):
    for parameter in model.parameters():
        parameter.requires_grad = False
    head = model.get_submodule(head_name)
    head.out_features = num_classes
    for parameter in head.parameters():
        parameter.requires_grad = True
    total = sum(tensor.numel() for tensor in model.state_dict().values())
    trainable = sum(parameter.requires_grad for parameter in model.parameters())
    return model, total, trainable


def attribute_only(head, num_classes):
    head.out_features = num_classes
    return head.requires_grad_(True)


def freeze_modules(model):
    for module in model.modules():
        module.requires_grad = False


def counted_first(model, head_name, num_classes):
    total, trainable = elements(model.parameters()), elements(open_ones(model.parameters()))
    return report(model, head_name, num_classes)[0], total, trainable


def counted_between(model, head_name, num_classes):
    model.requires_grad_(False)
    trainable = elements(open_ones(model.parameters()))
    return *report(model, head_name, num_classes)[:2], trainable


def first_linear(model, head_name, num_classes):
    name, old = next((n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear))
    model.requires_grad_(False)
    model.set_submodule(name, nn.Linear(old.in_features, num_classes))
    return model, elements(model.parameters()), elements(open_ones(model.parameters()))


def layer_behind(model, head_name, num_classes):
    model.requires_grad_(False)
    model = nn.Sequential(model, nn.Linear(model.get_submodule(head_name).out_features, num_classes))
    return model, elements(model.parameters()), elements(open_ones(model.parameters()))


def layer_added(model, head_name, num_classes):
    model.requires_grad_(False)
    model.add_module("more", nn.Linear(model.get_submodule(head_name).out_features, num_classes))
    return model, elements(model.parameters()), elements(open_ones(model.parameters()))


def untouched(model, head_name, num_classes):
    return model, elements(model.parameters()), elements(open_ones(model.parameters()))


def weight_noise(model, head):
    with torch.no_grad():
        next(model.parameters()).add_(1)


WRONG_REPORTS = {
    "as released": (
        as_released,
        0,
        [
            "`out_features` was changed",
            "`total` was counted over `state_dict()`",
            "`trainable` counts tensors",
        ],
    ),
    "out_features": (variant(swap=attribute_only), 2, ["a number noted on the layer"]),
    "state_dict": (
        variant(total=lambda m: elements(m.state_dict().values())),
        3,
        ["counted over `state_dict()`"],
    ),
    "buffers": (
        variant(total=lambda m: elements(m.parameters()) + elements(m.buffers())),
        3,
        ["counts buffers too"],
    ),
    "shared twice": (variant(total=lambda m: elements(twice(m))), 3, ["counts shared weights twice"]),
    "tensors": (variant(total=lambda m: len(list(m.parameters()))), 3, ["`total` counts tensors"]),
    "tensors of state_dict": (
        variant(total=lambda m: len(m.state_dict())),
        3,
        ["tensors of the `state_dict()`"],
    ),
    "weights": (variant(total=lambda m: elements(weights(m))), 3, ["counts weights alone"]),
    "total of trainable": (
        variant(total=lambda m: elements(open_ones(m.parameters()))),
        3,
        ["counts only what is trainable"],
    ),
    "flags": (
        variant(count=lambda m: sum(p.requires_grad for p in m.parameters())),
        3,
        ["`trainable` counts tensors, not elements"],
    ),
    "trainable of all": (variant(count=lambda m: elements(m.parameters())), 3, ["counts all parameters"]),
    "frozen": (
        variant(count=lambda m: elements(p for p in m.parameters() if not p.requires_grad)),
        3,
        ["counts what is frozen"],
    ),
    "no bias": (variant(count=lambda m: elements(open_ones(weights(m)))), 3, ["leaves out the head's bias"]),
    "flags of state_dict": (
        variant(count=lambda m: elements(open_ones(m.state_dict().values()))),
        3,
        ["`trainable` is 0"],
    ),
    "counted first": (
        counted_first,
        2,
        ["`total` belongs to the old head", "trainable before the head was replaced"],
    ),
    "counted between": (counted_between, 3, ["`trainable` is 0"]),
    "another count": (variant(total=lambda m: 7), 3, ["`total` is 7"]),
    "frozen after": (
        variant(freeze=lambda m: None, finish=lambda m, head: m.requires_grad_(False)),
        3,
        ["everything was frozen after the head was replaced"],
    ),
    "unfrozen again": (
        variant(finish=lambda m, head: m.requires_grad_(True)),
        3,
        ["Everything is trainable"],
    ),
    "never frozen": (variant(freeze=lambda m: None), 3, ["Everything is trainable"]),
    "flags on modules": (variant(freeze=freeze_modules), 3, ["which is a module"]),
    "first child open": (
        variant(finish=lambda m, head: next(m.children()).requires_grad_(True)),
        3,
        ["does not belong to the head"],
    ),
    "bias frozen": (
        variant(finish=lambda m, head: head.bias.requires_grad_(False)),
        3,
        ["of the head is frozen"],
    ),
    "swapped": (
        lambda *given: (report(*given)[0], *report(*given)[:0:-1]),
        2,
        ["two numbers are swapped"],
    ),
    "first linear": (first_linear, 2, ["fails on a batch of images"]),
    "another width": (
        variant(swap=lambda head, num_classes: nn.Linear(1280, num_classes)),
        2,
        ["fails on a batch of images"],
    ),
    "layer behind": (layer_behind, 2, ["more than the head was replaced"]),
    "layer added": (layer_added, 3, ["does not belong to the head"]),
    "as many classes as before": (
        variant(swap=lambda head, num_classes: nn.Linear(head.in_features, head.out_features)),
        2,
        ["gives outputs of shape"],
    ),
    "untouched": (untouched, 2, ["gives outputs of shape"]),
    "backbone changed": (variant(finish=weight_noise), 2, ["of the backbone was changed"]),
    "model only": (lambda *given: report(*given)[0], 0, ["A model and two numbers were expected"]),
    "two results": (lambda *given: report(*given)[1:], 0, ["the function returned 2 results"]),
    "other order": (lambda *given: report(*given)[::-1], 0, ["first result should be the model"]),
    "a list of flags": (variant(count=lambda m: [p.requires_grad for p in m.parameters()]), 0, ["is list"]),
    "nothing": (lambda *given: None, 0, ["returned NoneType"]),
    "raises": (variant(total=lambda m: m.numel()), 0, ["AttributeError"]),
}


@pytest.mark.parametrize("name", WRONG_REPORTS)
def test_wrong_reports_are_named(name):
    answer, points, several = WRONG_REPORTS[name]
    verdict = try_answer("counting.find_the_bug", answer)
    assert verdict.points == points, verdict
    assert named(verdict, *several), verdict


BAD_ENDINGS = {
    **{name: BAD_BEHAVIOR[name] for name in ("hook", "mode", "meta", "half", "double")},
    "gradients": (
        lambda model: sum(p.sum() for p in open_ones(model.parameters())).backward(),
        ["left gradients behind"],
    ),
}


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_a_report_does_beside_is_named(name):
    behave, several = BAD_ENDINGS[name]
    verdict = try_answer("counting.find_the_bug", behaving(report, behave))
    assert verdict.points <= 2, verdict
    assert named(verdict, *several), verdict


# ---------------------------------------------------------------- challenges and what comes with them


RIGHT = {
    "counting.count_parameters": count,
    "counting.count_by_child": by_child,
    "counting.training_bytes": predict,
    "counting.find_the_bug": report,
}


@pytest.mark.parametrize("seed", range(2))
def test_right_answers_pass_every_challenge(seed):
    expect = load_expect(LessonFolder("03_counting_parameters"))
    assert expect.keys() == RIGHT.keys()
    for name, answer in RIGHT.items():
        exercise = find_exercise(name)
        challenge = exercise.challenge(np.random.default_rng(seed))
        bundle = collect_evidence(exercise, answer, challenge).bundle
        verdict = judge_evidence(bundle, encode(expect[name](challenge)), name)
        assert verdict.passed, verdict


@pytest.mark.parametrize("name", RIGHT)
def test_the_published_challenge_is_the_public_one(name):
    exercise = find_exercise(name)
    assert exercise.published()[0] == public_challenge(exercise)


def test_checks_are_small():
    folder = LessonFolder("03_counting_parameters")
    assert folder.checks.stat().st_size < 200_000


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("evidence", [{}, {"runs": []}, {"runs": [None] * 6}, {"runs": [{"result": 3}] * 6}])
def test_forged_evidence_earns_nothing(name, evidence):
    exercise = find_exercise(name)
    challenge, expected = exercise.published()
    bundle = collect_evidence(exercise, lambda *given: None, challenge).bundle
    bundle.update(outcome="collected", message="", evidence=evidence)
    assert judge_evidence(bundle, expected, name).points == 0
