"""Wrong and right answers to the bug hunt of lesson 3: three bugs, each with its points."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises.lesson_03_counting_parameters.find_the_bug import (
    FindTheBug,
    report_head,
    report_network,
)
from tests.exercises.conftest import function_of, starting_program

ID = "counting.find_the_bug"


def elements(tensors):
    return sum(tensor.numel() for tensor in tensors)


def open_ones(tensors):
    return [tensor for tensor in tensors if tensor.requires_grad]


def twice(model):
    return [p for _, p in model.named_parameters(remove_duplicate=False)]


def weights(model):
    return [p for name, p in model.named_parameters() if name.endswith("weight")]


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


def head_opened_first(model, head_name, num_classes):
    """A layer that shares the old head's weight trains."""
    model.requires_grad_(False)
    old = model.get_submodule(head_name).requires_grad_(True)
    model.set_submodule(head_name, nn.Linear(old.in_features, num_classes))
    total = elements(model.parameters())
    return model, total, (old.in_features + 1) * num_classes


def report_on_a_copy(model, head_name, num_classes):
    return report(copy.deepcopy(model), head_name, num_classes)


def report_with_head_frozen_first(model, head_name, num_classes):
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    model.set_submodule(head_name, head)
    model.requires_grad_(False)
    head.requires_grad_(True)
    return model, elements(model.parameters()), elements(head.parameters())


RIGHT = [
    report,
    report_by_parent,
    report_on_a_copy,
    report_with_head_frozen_first,
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_reports_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


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


def by_dotted_name(model, head_name, num_classes):
    model.requires_grad_(False)
    old = model.get_submodule(head_name)
    setattr(model, f"{head_name}.new", nn.Linear(old.in_features, num_classes))
    return model, elements(model.parameters()), elements(open_ones(model.parameters()))


def new_head_never_put_in(model, head_name, num_classes):
    model.requires_grad_(False)
    head = model.get_submodule(head_name)
    head = nn.Linear(head.in_features, num_classes)
    return model, elements(model.parameters()), elements(head.parameters())


def copy_made_and_original_returned(model, head_name, num_classes):
    _, total, trainable = report(copy.deepcopy(model), head_name, num_classes)
    return model, total, trainable


RELEASED = starting_program(ID)
MENDED = {  # by what it mends: a passage of the released program, and what stands there in a right one
    "head": (
        "head.out_features = num_classes",
        "head = nn.Linear(head.in_features, num_classes)\n    model.set_submodule(head_name, head)",
    ),
    "total": (
        "tensor.numel() for tensor in model.state_dict().values()",
        "p.numel() for p in model.parameters()",
    ),
    "trainable": (
        "parameter.requires_grad for parameter in model.parameters()",
        "p.numel() for p in model.parameters() if p.requires_grad",
    ),
}


def only(*mended):
    """The released program with some of its three bugs mended."""
    source = RELEASED
    for old, new in (MENDED[one] for one in mended):
        assert source.count(old) == 1, f"the lesson's program no longer holds “{old}”"
        source = source.replace(old, new)
    return function_of(source, nn=nn)


WRONG_REPORTS = {
    "as released": (
        only(),
        0,
        ["as-released"],
    ),
    "out_features": (variant(swap=attribute_only), 2, ["only-noted"]),
    "state_dict": (
        variant(total=lambda m: elements(m.state_dict().values())),
        3,
        ["total-state-dict"],
    ),
    "buffers": (
        variant(total=lambda m: elements(m.parameters()) + elements(m.buffers())),
        3,
        ["total-with-buffers"],
    ),
    "shared twice": (variant(total=lambda m: elements(twice(m))), 3, ["total-twice"]),
    "tensors": (variant(total=lambda m: len(list(m.parameters()))), 3, ["total-tensors"]),
    "tensors of state_dict": (
        variant(total=lambda m: len(m.state_dict())),
        3,
        ["total-tensors-of-state-dict"],
    ),
    "weights": (variant(total=lambda m: elements(weights(m))), 3, ["total-weights"]),
    "total of trainable": (
        variant(total=lambda m: elements(open_ones(m.parameters()))),
        3,
        ["total-only-trainable"],
    ),
    "flags": (
        variant(count=lambda m: sum(p.requires_grad for p in m.parameters())),
        3,
        ["trainable-tensors"],
    ),
    "trainable of all": (variant(count=lambda m: elements(m.parameters())), 3, ["trainable-everything"]),
    "frozen": (
        variant(count=lambda m: elements(p for p in m.parameters() if not p.requires_grad)),
        3,
        ["trainable-frozen"],
    ),
    "no bias": (variant(count=lambda m: elements(open_ones(weights(m)))), 3, ["trainable-weights"]),
    "flags of state_dict": (
        variant(count=lambda m: elements(open_ones(m.state_dict().values()))),
        3,
        ["trainable-nothing"],
    ),
    "counted first": (
        counted_first,
        2,
        ["total-before", "trainable-before"],
    ),
    "counted between": (counted_between, 3, ["trainable-nothing"]),
    "another count": (variant(total=lambda m: 7), 3, ["total-other"]),
    "frozen after": (
        variant(freeze=lambda m: None, finish=lambda m, head: m.requires_grad_(False)),
        3,
        ["nothing-trainable"],
    ),
    "unfrozen again": (
        variant(finish=lambda m, head: m.requires_grad_(True)),
        3,
        ["everything-trainable"],
    ),
    "never frozen": (variant(freeze=lambda m: None), 3, ["everything-trainable"]),
    "flags on modules": (variant(freeze=freeze_modules), 3, ["flag-on-a-module"]),
    "old out and new in": (report_with_arithmetic, 3, ["total-other"]),
    "the head's old weight opened": (head_opened_first, 2, ["backbone-open", "trainable-other"]),
    "first convolution open": (
        variant(
            finish=lambda m, head: next(c for c in m.modules() if isinstance(c, nn.Conv2d)).requires_grad_(
                True
            )
        ),
        3,
        ["backbone-open"],
    ),
    "bias frozen": (
        variant(finish=lambda m, head: head.bias.requires_grad_(False)),
        3,
        ["head-part-frozen"],
    ),
    "swapped": (
        lambda *given: (report(*given)[0], *report(*given)[:0:-1]),
        2,
        ["swapped"],
    ),
    "first linear": (first_linear, 2, ["forward-fails"]),
    "another width": (
        variant(swap=lambda head, num_classes: nn.Linear(1280, num_classes)),
        2,
        ["forward-fails"],
    ),
    "layer behind": (layer_behind, 2, ["backbone-missing"]),
    "layer added": (layer_added, 2, ["old-head"]),
    "as many classes as before": (
        variant(swap=lambda head, num_classes: nn.Linear(head.in_features, head.out_features)),
        2,
        ["other-outputs"],
    ),
    "untouched": (untouched, 2, ["old-head"]),
    "backbone changed": (variant(finish=weight_noise), 2, ["backbone-changed"]),
    "model only": (lambda *given: report(*given)[0], 0, ["not-a-report"]),
    "two results": (lambda *given: report(*given)[1:], 0, ["not-a-report"]),
    "other order": (lambda *given: report(*given)[::-1], 0, ["not-a-report"]),
    "a list of flags": (
        variant(count=lambda m: [p.requires_grad for p in m.parameters()]),
        0,
        ["not-a-report"],
    ),
    "nothing": (lambda *given: None, 0, ["not-a-report"]),
    "raises": (variant(total=lambda m: m.numel()), 0, ["raised"]),
    "by a dotted name": (by_dotted_name, 2, ["dotted-name"]),
    "never put in": (new_head_never_put_in, 1, ["old-head", "trainable-other"]),
    "the original returned": (
        copy_made_and_original_returned,
        0,
        ["old-head", "total-other", "trainable-other"],
    ),
    "head mended": (only("head"), 2, ["total-state-dict", "trainable-tensors"]),
    "total mended": (only("total"), 1, ["only-noted", "trainable-tensors"]),
    "trainable mended": (only("trainable"), 1, ["only-noted", "total-state-dict"]),
    "head and total mended": (only("head", "total"), 3, ["trainable-tensors"]),
    "head and trainable mended": (only("head", "trainable"), 3, ["total-state-dict"]),
    "numbers mended": (only("total", "trainable"), 2, ["only-noted"]),
}


def test_the_released_program_is_right_with_all_its_bugs_mended(everywhere):
    for verdict in everywhere(ID, only(*MENDED)):
        assert verdict.passed, verdict


@pytest.mark.parametrize("name", WRONG_REPORTS)
def test_wrong_reports_are_named(name, everywhere):
    answer, points, mistakes = WRONG_REPORTS[name]
    for verdict in everywhere(ID, answer):
        assert verdict.points == points, verdict
        assert [finding.id for finding in verdict.findings if finding.id] == mistakes, verdict


def test_the_released_program_is_told_only_how_many_mistakes_it_holds(graded):
    [finding] = graded(ID, only(), 9).findings
    told = finding.text + finding.hint + finding.fix
    assert "3 mistakes" in told
    for word in ("out_features", "state_dict", "numel", "requires_grad", "Linear", "submodule"):
        assert word not in told


def test_the_fix_is_the_last_step_of_the_help(graded):
    for answer, _, mistakes in WRONG_REPORTS.values():
        for finding in graded(ID, answer, 9).findings:
            if finding.id in ("only-noted", "total-state-dict", "trainable-tensors"):
                assert finding.hint, mistakes
                assert finding.fix, mistakes


def behaving(behave):
    def answer(*given):
        result = report(*given)
        behave(result[0])
        return result

    return answer


EFFECTS = {
    "hook-left": (lambda model: model.register_forward_hook(lambda *_: None), 3),
    "mode-changed": (lambda model: model.train(), 3),
    "attributes-changed": (lambda model: [setattr(p, "counted", True) for p in model.parameters()], 3),
    "layout-changed": (lambda model: model.to(memory_format=torch.channels_last), 3),
    "gradients-left": (lambda model: sum(p.sum() for p in open_ones(model.parameters())).backward(), 3),
    "device-changed": (lambda model: model.to("meta"), 0),
    "dtype-changed": (lambda model: model.double(), 0),
}
BEHAVING = {name: behaving(behave) for name, (behave, _) in EFFECTS.items()}


@pytest.mark.parametrize("name", EFFECTS)
def test_what_a_report_does_beside_is_named(name, everywhere):
    for verdict in everywhere(ID, BEHAVING[name]):
        assert verdict.points == EFFECTS[name][1], verdict
        assert name in [finding.id for finding in verdict.findings], verdict


def test_every_known_mistake_is_reached(unreached):
    wrong = [answer for answer, _, _ in WRONG_REPORTS.values()]
    assert unreached(ID, [*wrong, *BEHAVING.values()]) == []


@pytest.mark.parametrize("seed", [1, 90210])
def test_a_layer_hung_on_behind_the_old_head_does_not_fit(seed):
    """Where the head takes as many numbers as it gives, a wrong place would show on some challenges only."""
    for spec in FindTheBug().challenge(np.random.default_rng(seed))["networks"][:2]:
        head = report_network(spec).get_submodule(report_head(spec))
        assert head.in_features != head.out_features
