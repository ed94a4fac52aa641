"""Wrong and right answers to ``set_modes``, on the public challenge and on secret ones."""

import copy
import functools
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises import find_exercise

ID = "freezing.set_modes"
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def is_frozen(module):
    return not any(parameter.requires_grad for parameter in module.parameters())


def modes(model, *, train=True, kind=NORMS, stop=is_frozen, act=lambda module: module.eval(), last=None):
    """A right answer, but for what is changed."""
    if train:
        model.train()
    for module in model.modules():
        if isinstance(module, kind) and stop(module):
            act(module)
    if last:
        last(model)


def variant(**changes):
    return functools.partial(modes, **changes)


def by_train(model):
    model.train()
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train(any(parameter.requires_grad for parameter in module.parameters()))


def recursively(model):
    """Every module by itself, from the outside to the inside."""
    frozen_norm = isinstance(model, nn.modules.batchnorm._BatchNorm) and not any(
        parameter.requires_grad for parameter in (model.weight, model.bias)
    )
    model.training = not frozen_norm
    for child in model.children():
        recursively(child)


def by_names(model):
    trainable = {name.rpartition(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    model.train(True)
    for name, module in model.named_modules():
        if hasattr(module, "running_mean") and name not in trainable:
            module.eval()


def by_apply(model):
    def set_mode(module):
        if isinstance(module, NORMS) and not module.weight.requires_grad and not module.bias.requires_grad:
            module.eval()

    model.train().apply(set_mode)


def in_two_lists(model):
    norms = [m for m in model.modules() if isinstance(m, NORMS)]
    for module in model.modules():
        module.training = True
    for norm in filter(is_frozen, norms):
        norm.train(False)
    return model


def by_eval_first(model):
    model.eval()
    for module in model.modules():
        if not (isinstance(module, NORMS) and is_frozen(module)):
            module.training = True


RIGHT = [modes, by_train, recursively, by_names, by_apply, in_two_lists, by_eval_first]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def set_momentum(module):
    module.momentum = 0.0


def stop_tracking(module):
    module.track_running_stats = False


def stop_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def less_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.1


def without_running_mean(module):
    module.forward = lambda x: x - x.mean(0)


def forget(module):
    module.eval()
    module.reset_running_stats()


def by_exact_class(model):
    modes(model, stop=lambda module: type(module) in (nn.BatchNorm1d, nn.BatchNorm2d) and is_frozen(module))


def by_exact_class_2d(model):
    modes(model, stop=lambda module: type(module) is nn.BatchNorm2d and is_frozen(module))


def by_class_name(model):
    modes(model, stop=lambda module: type(module).__name__.startswith("BatchNorm") and is_frozen(module))


def by_child(model):
    model.train()
    for child in model.children():
        for module in child.modules():
            if isinstance(module, NORMS) and is_frozen(child):
                module.eval()


def by_container(model):
    model.train()
    for container in model.modules():
        for module in container.children():
            if isinstance(module, NORMS) and container is not model and is_frozen(container):
                module.eval()


def top_level_only(model):
    model.train()
    for module in model.children():
        if isinstance(module, NORMS) and is_frozen(module):
            module.eval()


def only_the_first(model):
    model.train()
    for module in model.modules():
        if isinstance(module, NORMS) and is_frozen(module):
            module.eval()
            break


def whole_frozen_layers(model):
    model.train()
    for module in model.modules():
        if list(module.parameters()) and is_frozen(module):
            module.eval()


def whatever_is_frozen(model):
    model.train()
    for module in model.modules():
        if is_frozen(module):
            module.eval()


def norms_only(model):
    model.eval()
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train(not is_frozen(module))


def train_if_needed(model):
    if not model.training:
        model.train()
    modes(model, train=False)


def only_the_models_flag(model):
    model.training = True
    modes(model, train=False)


def norms_by_themselves(model):
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train(not is_frozen(module))


def children_too(model):
    model.train()
    for module in model.modules():
        if any(isinstance(child, NORMS) and is_frozen(child) for child in module.children()):
            module.eval()


def layer_norm_too(model):
    modes(model, kind=NORMS | nn.LayerNorm)


def on_a_copy(model):
    modes(copy.deepcopy(model))


def gives_a_copy_back(model):
    model = copy.deepcopy(model)
    modes(model)
    return model


def frozen_here(model):
    modes(model, stop=lambda module: True, act=lambda module: module.requires_grad_(False).eval())


def flags_as_modes(model):
    modes(model, act=lambda module: module.requires_grad_(False))


def opened_first(model):
    model.requires_grad_(True)
    modes(model)


def gradients_instead(model):
    modes(model, stop=lambda module: module.weight.grad is None)


def wrong_if_none(model):
    modes(model, stop=lambda module: all(p.grad is None for p in module.parameters()))


def beside_a_frozen_convolution(model, also=lambda module: False):
    """Asks the layer in front of a BatchNorm instead of the BatchNorm."""
    model.train()
    for container in model.modules():
        layers = list(container.children())
        for previous, module in itertools.pairwise(layers):
            if isinstance(module, NORMS) and (is_frozen(previous) and isinstance(previous, nn.Conv2d)):
                module.eval()
    for module in model.modules():
        if isinstance(module, NORMS) and also(module):
            module.eval()


def identity_instead(model):
    model.train()
    for name, module in list(model.named_modules()):
        if isinstance(module, NORMS) and is_frozen(module):
            model.set_submodule(name, nn.Identity())


# By name: the answer, its points, the mistake that it is told.
WRONG = {
    "training mode": (lambda model: model.train(), 0, "every-norm-in-training-mode"),
    "train after eval": (variant(last=lambda model: model.train()), 0, "every-norm-in-training-mode"),
    "flag of the module": (
        variant(stop=lambda module: not getattr(module, "requires_grad", True)),
        0,
        "every-norm-in-training-mode",
    ),
    "frozen once more": (flags_as_modes, 0, "every-norm-in-training-mode"),
    "opened first": (opened_first, 0, "frozen-layers-opened"),
    "eval mode": (lambda model: model.eval(), 0, "whole-model-in-eval-mode"),
    "train of the wrong value": (lambda model: model.train(False), 0, "whole-model-in-eval-mode"),
    "all norms": (variant(stop=lambda module: True), 0, "every-norm-in-eval-mode"),
    "all norms, frozen here": (frozen_here, 0, "trainable-layers-frozen"),
    "method for a flag": (variant(stop=lambda m: m.requires_grad_), 0, "every-norm-in-eval-mode"),
    "missing flag of the module": (
        variant(stop=lambda module: not getattr(module, "requires_grad", False)),
        0,
        "every-norm-in-eval-mode",
    ),
    "grad is None": (gradients_instead, 0, "asked-the-gradients"),
    "every grad is None": (wrong_if_none, 0, "asked-the-gradients"),
    "no train first": (variant(train=False), 2, "stays-in-its-mode"),
    "train if needed": (train_if_needed, 2, "stays-in-its-mode"),
    "the model's flag only": (only_the_models_flag, 2, "stays-in-its-mode"),
    "norms by themselves": (norms_by_themselves, 2, "stays-in-its-mode"),
    "two dimensions only": (variant(kind=nn.BatchNorm2d), 3, "no-one-dimensional"),
    "one dimension only": (variant(kind=nn.BatchNorm1d), 3, "only-one-dimensional"),
    "exact class": (by_exact_class, 3, "no-derived-class"),
    "class by its name": (by_class_name, 3, "no-derived-class"),
    "exact class of two dimensions": (by_exact_class_2d, 3, "only-the-exact-class"),
    "weight only": (variant(stop=lambda module: not module.weight.requires_grad), 3, "half-frozen-stopped"),
    "bias only": (variant(stop=lambda module: not module.bias.requires_grad), 3, "half-frozen-stopped"),
    "any frozen": (
        variant(stop=lambda module: not all(p.requires_grad for p in module.parameters())),
        3,
        "half-frozen-stopped",
    ),
    "half frozen only": (
        variant(stop=lambda module: module.weight.requires_grad != module.bias.requires_grad),
        3,
        "half-frozen-not-trained",
    ),
    "any trains": (
        variant(stop=lambda module: all(p.requires_grad for p in module.parameters())),
        0,
        "wrong-way-round",
    ),
    "the other way round": (variant(stop=lambda module: not is_frozen(module)), 0, "wrong-way-round"),
    "by stages": (by_child, 3, "frozen-missed"),
    "by containers": (by_container, 3, "frozen-missed"),
    "the whole model's flags": (
        lambda model: modes(model, stop=lambda module: is_frozen(model)),
        0,
        "every-norm-in-training-mode",
    ),
    "beside a frozen convolution": (beside_a_frozen_convolution, 3, "missed-and-stopped"),
    "its own or its neighbour's flags": (
        lambda model: beside_a_frozen_convolution(model, also=is_frozen),
        3,
        "trainable-stopped",
    ),
    "identity instead": (identity_instead, 0, "tensors-replaced"),
    "not deep enough": (top_level_only, 3, "not-deep-enough"),
    "only the first": (only_the_first, 3, "only-one-stopped"),
    "momentum": (variant(act=set_momentum), 1, "setting-instead-of-mode"),
    "tracking": (variant(act=stop_tracking), 1, "setting-instead-of-mode"),
    "another forward": (variant(act=without_running_mean), 2, "neither-mode"),
    "statistics reset": (variant(act=forget), 3, "weights-changed"),
    "dropout probability": (variant(last=stop_dropout), 3, "dropout-off"),
    "less dropout": (variant(last=less_dropout), 3, "attributes-changed"),
    "only norms in training mode": (norms_only, 2, "only-norms-in-training-mode"),
    "whatever is frozen": (whole_frozen_layers, 3, "rest-in-eval-mode"),
    "layer norm too": (layer_norm_too, 3, "rest-in-eval-mode"),
    "whatever has no trainable parameter": (whatever_is_frozen, 3, "dropout-off"),
    "what holds a frozen norm": (children_too, 2, "container-in-eval-mode"),
    "does nothing": (lambda model: None, 0, "modes-unchanged"),
    "on a copy": (on_a_copy, 0, "modes-unchanged"),
    "a copy given back": (gives_a_copy_back, 0, "on-another-model"),
    "gradients off": (
        lambda model: (modes(model), torch.set_grad_enabled(False)),
        3,
        "settings-changed",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def modes_and(model, *, behave):
    modes(model)
    behave(model)


def test_what_an_answer_does_beside_is_named(beside, costs_the_same):
    behave, mistake, fatal = beside
    costs_the_same(ID, functools.partial(modes_and, behave=behave), 0 if fatal else 3, mistake)


def test_modes_that_open_parameters_are_named(costs_the_same):
    costs_the_same(ID, lambda model: (modes(model), model.requires_grad_(True)), 3, "flags-changed")


def test_every_known_mistake_is_reached(unreached):
    assert unreached(ID, [*(mistake for _, _, mistake in WRONG.values()), "flags-changed"]) == []


@pytest.mark.parametrize("seed", range(3))
def test_what_separates_is_in_every_challenge(seed):

    for asked in find_exercise(ID).challenge(np.random.default_rng(seed))["networks"]:
        kinds = list(asked["norms"].values())
        assert kinds.count("frozen") >= 3
        assert "trainable" in kinds
