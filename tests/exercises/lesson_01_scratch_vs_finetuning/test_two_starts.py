"""Right and wrong pairs of networks, on the public challenge and on secret ones."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

pytestmark = pytest.mark.slow  # trains

ID = "scratch.two_starts"


def last_linear(model):
    return [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def swapped(model, num_classes, new=None):
    name, head = last_linear(model)
    model.set_submodule(name, nn.Linear(head.in_features, num_classes) if new is None else new)
    return model


def starts(build, num_classes):
    return swapped(build(False), num_classes), swapped(build(True), num_classes)


def changed(change):
    """A right pair, to which something more is done."""

    def two_starts(build, num_classes):
        pair = starts(build, num_classes)
        for model in pair:
            change(model)
        return pair

    return two_starts


def with_head(make):
    """A pair with ``make(old head, num_classes)`` in the place of each head."""

    def two_starts(build, num_classes):
        models = build(False), build(True)
        return tuple(swapped(m, num_classes, make(last_linear(m)[1], num_classes)) for m in models)

    return two_starts


# ---------------------------------------------------------------- right


def by_parent(build, num_classes):
    models = []
    for pretrained in (False, True):
        model = build(pretrained=pretrained)
        name, head = last_linear(model)
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, nn.Linear(head.weight.shape[1], num_classes))
        models.append(model)
    return models


def in_place(build, num_classes):
    models = build(False), build(True)
    for model in models:
        head = last_linear(model)[1]
        head.weight = nn.Parameter(torch.empty(num_classes, head.in_features))
        head.bias = nn.Parameter(torch.empty(num_classes))
        head.out_features = num_classes
        head.reset_parameters()
    return models


def compiled(build, num_classes):
    return tuple(torch.compile(model) for model in starts(build, num_classes))


def loaded(build, num_classes):
    scratch, fine_tuned = build(False), build(False)
    fine_tuned.load_state_dict(build(True).state_dict())
    return swapped(scratch, num_classes), swapped(fine_tuned, num_classes)


def copied(build, num_classes):
    return tuple(copy.deepcopy(model) for model in starts(build, num_classes))


def filled(fill):
    """A new head whose weight and bias begin as ``fill`` leaves them."""

    def make(head, num_classes):
        new = nn.Linear(head.in_features, num_classes)
        for parameter in new.parameters():
            fill(parameter)
        return new

    return make


def small(parameter):
    nn.init.normal_(parameter, std=2e-5)


RIGHT = {
    "starts": starts,
    "by the parent": by_parent,
    "in place": in_place,
    "compiled": compiled,
    "loaded": loaded,
    "copied": copied,
    "dropout in the head": with_head(
        lambda head, n: nn.Sequential(nn.Dropout(0.1), nn.Linear(head.in_features, n))
    ),
    "lazy head": with_head(lambda head, n: nn.LazyLinear(n)),
    "head without bias": with_head(lambda head, n: nn.Linear(head.in_features, n, bias=False)),
    "small head": with_head(
        lambda head, n: nn.Sequential(nn.Linear(head.in_features, 5), nn.ReLU(), nn.Linear(5, n))
    ),
    "head of zeros": with_head(filled(nn.init.zeros_)),
    "head of small numbers": with_head(filled(small)),
    "fine-tuned first, then in order": lambda build, n: (swapped(build(True), n), swapped(build(False), n))[
        ::-1
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_pairs_pass(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- wrong


def attribute_only(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        last_linear(model)[1].out_features = num_classes
    return pair


def replaced(choose):
    """A pair in which the layer is new whose name ``choose(model)`` gives."""

    def two_starts(build, num_classes):
        pair = build(False), build(True)
        for model in pair:
            name = choose(model)
            layer = model.get_submodule(name)
            model.set_submodule(name, nn.Linear(getattr(layer, "in_features", 6), num_classes))
        return pair

    return two_starts


def first_linear(model):
    return next(name for name, module in model.named_modules() if isinstance(module, nn.Linear))


def by_set_attribute(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        name, head = last_linear(model)
        setattr(model, name, nn.Linear(head.in_features, num_classes))
    return pair


def new_attribute(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        model.fc = nn.Linear(last_linear(model)[1].in_features, num_classes)
    return pair


def never_put_in(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        _, head = last_linear(model)
        head = nn.Linear(head.in_features, num_classes)
    return pair


def one_head_for_both(build, num_classes):
    scratch, fine_tuned = build(False), build(True)
    head = nn.Linear(last_linear(scratch)[1].in_features, num_classes)
    return swapped(scratch, num_classes, head), swapped(fine_tuned, num_classes, head)


def old_rows(head, num_classes):
    new = nn.Linear(head.in_features, num_classes)
    with torch.no_grad():
        new.weight[: len(head.weight)] = head.weight
    return new


def convolutions_again(model):
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.reset_parameters()


def random_from_learned(build, num_classes):
    scratch = build(True)
    for module in scratch.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return swapped(scratch, num_classes), swapped(build(True), num_classes)


def shapes_tried(build, num_classes):
    pair = starts(build, num_classes)
    for model in pair:
        model(torch.randn(4, 3, 8, 8))
    return pair


def trained_a_step(build, num_classes):
    pair = starts(build, num_classes)
    for model in pair:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        F.cross_entropy(model(torch.randn(4, 3, 8, 8)), torch.arange(4)).backward()
        optimizer.step()
        optimizer.zero_grad()
    return pair


def heads_only(build, num_classes):
    return tuple(last_linear(model)[1] for model in starts(build, num_classes))


def new_layer_behind(build, num_classes):
    return tuple(
        nn.Sequential(model, nn.Linear(last_linear(model)[1].out_features, num_classes))
        for model in (build(False), build(True))
    )


def one_network(build, num_classes):
    model = swapped(build(True), num_classes)
    return model, model


def one_with_a_head(build, num_classes):
    return build(False), swapped(build(True), num_classes)


def all_linear(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        names = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
        for name in names:
            swap = nn.Linear(model.get_submodule(name).in_features, num_classes)
            model.set_submodule(name, swap)
    return pair


def gradients_off(build, num_classes):
    torch.set_grad_enabled(False)
    return starts(build, num_classes)


def head_in_no_grad(model):
    last_linear(model)[1].requires_grad_(False)


def with_gradients(model):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()(torch.randn(2, 3, 8, 8)).sum().backward()
    for module, training in modes:
        module.training = training


def changed_weight_only(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        head = last_linear(model)[1]
        head.weight = nn.Parameter(torch.randn(num_classes, head.in_features))
    return pair


def head_of_the_other(build, num_classes):
    scratch, fine_tuned = starts(build, num_classes)
    return swapped(scratch, num_classes, last_linear(fine_tuned)[1]), fine_tuned


def all_but_the_head(model):
    for module in list(model.modules())[:-1]:
        if module is not last_linear(model)[1] and hasattr(module, "reset_parameters"):
            nn.init.normal_(module.weight)


def copied_start(build, num_classes):
    fine_tuned = swapped(build(True), num_classes)
    return copy.deepcopy(fine_tuned), fine_tuned


def scaled(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)


def statistics_reset(model):
    for module in model.modules():
        if hasattr(module, "reset_running_stats"):
            nn.init.ones_(module.running_mean)


def half_frozen(model):
    for parameter in list(model.parameters())[:4]:
        parameter.requires_grad = False


def norms_in_eval(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def head_appended(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        name, head = last_linear(model)
        model.get_submodule(name.rpartition(".")[0]).append(nn.Linear(head.out_features, num_classes)) if (
            "." in name
        ) else model.add_module("new", nn.Linear(head.out_features, num_classes))
    return pair


class Classifier(nn.Module):
    def __init__(self, network, num_classes):
        super().__init__()
        head = last_linear(network)[1]
        self.backbone = swapped(network, num_classes, nn.Identity())
        self.head = nn.Linear(head.in_features, num_classes)

    def forward(self, images):
        return self.head(self.backbone(images))


def own_module(build, num_classes):
    return Classifier(build(False), num_classes), Classifier(build(True), num_classes)


def pair_of(build, num_classes, *pretrained):
    return tuple(swapped(build(start), num_classes) for start in pretrained)


def kept_where_sizes_agree(build, num_classes):
    models = build(False), build(True)
    return tuple(
        m if last_linear(m)[1].out_features == num_classes else swapped(m, num_classes) for m in models
    )


def old_bias(head, num_classes):
    new = nn.Linear(head.in_features, num_classes)
    with torch.no_grad():
        new.bias[: head.out_features] = head.bias
    return new


WRONG = {
    "out_features": (attribute_only, 1, "only-a-number"),
    "first linear": (replaced(first_linear), 1, "another-layer"),
    "by setattr": (by_set_attribute, 1, "dotted-name"),
    "a new attribute": (new_attribute, 1, "stray-layer"),
    "never put in": (never_put_in, 1, "head-not-replaced"),
    "heads as they were": (lambda build, n: (build(False), build(True)), 1, "head-not-replaced"),
    "only one with a head": (one_with_a_head, 1, "head-not-replaced"),
    "last child": (replaced(lambda model: list(dict(model.named_children()))[-1]), 1, "more-replaced"),
    "all linear": (all_linear, 1, "another-layer"),
    "heads only": (heads_only, 1, "more-replaced"),
    "a new layer behind": (new_layer_behind, 1, "layer-behind"),
    "wrong width": (with_head(lambda head, n: nn.Linear(512, n)), 1, "network-fails"),
    "widths exchanged": (with_head(lambda head, n: nn.Linear(n, head.in_features)), 1, "network-fails"),
    "double": (with_head(lambda head, n: nn.Linear(head.in_features, n).double()), 0, "dtype-changed"),
    "two classes": (with_head(lambda head, n: nn.Linear(head.in_features, 2)), 1, "other-outputs"),
    "one class more": (with_head(lambda head, n: nn.Linear(head.in_features, n + 1)), 1, "other-outputs"),
    "old and new classes": (
        with_head(lambda head, n: nn.Linear(head.in_features, head.out_features + n)),
        1,
        "other-outputs",
    ),
    "identity": (with_head(lambda head, n: nn.Identity()), 1, "other-outputs"),
    "softmax": (
        with_head(lambda head, n: nn.Sequential(nn.Linear(head.in_features, n), nn.Softmax(1))),
        1,
        "softmax-in-the-head",
    ),
    "enlarged": (with_head(old_rows), 1, "old-rows-kept"),
    "after the old head": (
        with_head(lambda head, n: nn.Sequential(head, nn.Linear(head.out_features, n))),
        1,
        "old-head-inside",
    ),
    "a tuple comes out": (with_head(lambda head, n: nn.LSTM(head.in_features, n)), 1, "no-tensor"),
    "one head for both": (one_head_for_both, 2, "shared-weights"),
    "one network twice": (one_network, 2, "shared-weights"),
    "other order": (lambda build, n: pair_of(build, n, True, False), 2, "other-order"),
    "both pretrained": (lambda build, n: pair_of(build, n, True, True), 2, "both-pretrained"),
    "both random": (lambda build, n: pair_of(build, n, False, False), 2, "both-random"),
    "other order, no heads": (lambda build, n: (build(True), build(False)), 0, "head-not-replaced"),
    "convolutions again": (changed(convolutions_again), 2, "weights-changed"),
    "random from learned": (random_from_learned, 2, "weights-changed"),
    "shapes tried": (shapes_tried, 2, "statistics-changed"),
    "a step of training": (trained_a_step, 2, "weights-changed"),
    "a sum at the head": (
        with_head(lambda head, n: nn.Sequential(head, nn.ReLU(), nn.Linear(head.out_features, n))),
        1,
        "old-head-inside",
    ),
    "log softmax": (
        with_head(lambda head, n: nn.Sequential(nn.Linear(head.in_features, n), nn.LogSoftmax(1))),
        1,
        "softmax-in-the-head",
    ),
    "weights only": (changed_weight_only, 1, "network-fails"),
    "head of the other": (head_of_the_other, 2, "shared-weights"),
    "all but the head random": (changed(all_but_the_head), 2, "weights-changed"),
    "same start copied": (copied_start, 2, "both-pretrained"),
    "scaled": (changed(scaled), 2, "weights-changed"),
    "statistics reset": (changed(statistics_reset), 2, "statistics-changed"),
    "half frozen": (changed(half_frozen), 3, "frozen"),
    "norms in eval": (changed(norms_in_eval), 3, "mode-changed"),
    "a generator": (lambda build, n: (model for model in starts(build, n)), 0, "no-pair"),
    "strings": (lambda build, n: ("scratch", "fine_tuned"), 0, "no-pair"),
    "four": (lambda build, n: [*starts(build, n), *starts(build, n)], 0, "no-pair"),
    "nested": (lambda build, n: [starts(build, n)], 0, "no-pair"),
    "own module": (own_module, 1, "wrapped"),
    "wrapped": (lambda build, n: tuple(nn.Sequential(model) for model in starts(build, n)), 1, "wrapped"),
    "without the top": (
        lambda build, n: tuple(nn.Sequential(*list(model.children())[:-1]) for model in starts(build, n)),
        1,
        "more-replaced",
    ),
    "the head appended": (head_appended, 1, "stray-layer"),
    "frozen": (changed(lambda model: model.requires_grad_(False)), 3, "frozen"),
    "frozen head": (changed(head_in_no_grad), 3, "frozen"),
    "training mode": (changed(lambda model: model.train()), 3, "mode-changed"),
    "kept where sizes agree": (kept_where_sizes_agree, 1, "old-head-kept"),
    "old bias": (with_head(old_bias), 1, "old-bias-kept"),
    "relu": (
        with_head(lambda head, n: nn.Sequential(nn.Linear(head.in_features, n), nn.ReLU())),
        1,
        "scores-not-raw",
    ),
    "relu after small numbers": (
        with_head(lambda head, n: nn.Sequential(filled(small)(head, n), nn.ReLU())),
        1,
        "scores-not-raw",
    ),
    "leaky": (
        with_head(lambda head, n: nn.Sequential(nn.Linear(head.in_features, n), nn.LeakyReLU())),
        1,
        "scores-not-raw",
    ),
    "tanh": (
        with_head(
            lambda head, n: nn.Sequential(
                nn.Linear(head.in_features, 5), nn.ReLU(), nn.Linear(5, n), nn.Tanh()
            )
        ),
        1,
        "scores-not-raw",
    ),
    "last in the alphabet": (
        replaced(lambda m: max(n for n, x in m.named_modules() if isinstance(x, nn.Linear))),
        1,
        "another-layer",
    ),
    "last of all modules": (
        replaced(lambda model: list(dict(model.named_modules()))[-1]),
        1,
        "network-fails",
    ),
    "a note on the model": (changed(lambda model: setattr(model, "classes", 5)), 3, "attributes-changed"),
    "memory format": (
        changed(lambda model: model.to(memory_format=torch.channels_last)),
        3,
        "layout-changed",
    ),
    "eval mode": (changed(lambda model: model.eval()), 3, "mode-changed"),
    "gradients left": (changed(with_gradients), 3, "gradients-left"),
    "a hook": (changed(lambda model: model.register_forward_hook(lambda *_: None)), 3, "hook-left"),
    "half": (changed(lambda model: model.half()), 0, "dtype-changed"),
    "on no device": (changed(lambda model: model.to("meta")), 0, "device-changed"),
    "gradients off": (gradients_off, 3, "settings-changed"),
    "one result": (lambda build, n: swapped(build(True), n), 0, "no-pair"),
    "nothing": (lambda build, n: starts(build, n) and None, 0, "no-pair"),
    "three": (lambda build, n: (*starts(build, n), None), 0, "no-pair"),
    "a dict": (lambda build, n: dict(zip("ab", starts(build, n), strict=True)), 0, "no-pair"),
    "states": (lambda build, n: tuple(model.state_dict() for model in starts(build, n)), 0, "no-pair"),
    "build uncalled": (lambda build, n: (build, build), 0, "no-pair"),
    "by a fixed name": (lambda build, n: (build(False).classifier, build(True)), 0, "raised"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_pairs_are_named_and_cost_the_same(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_every_known_mistake_is_reached(unreached):
    assert unreached(ID, [answer for answer, _, _ in WRONG.values()]) == []


def test_the_dotted_name_is_told_as_what_it_is(graded):
    [finding] = graded(ID, by_set_attribute, 101).findings
    assert "registered on the model itself under the name" in finding.text


def test_statistics_that_were_set_back_are_not_said_to_come_of_a_forward_pass_alone(graded):
    [finding] = graded(ID, WRONG["statistics reset"][0], 101).findings
    assert "a reset" in finding.text


def test_a_head_of_the_wrong_width_is_told_with_what_pytorch_said(graded):
    [finding] = graded(ID, WRONG["wrong width"][0], 101).findings
    assert "mat1 and mat2 shapes cannot be multiplied" in finding.text
