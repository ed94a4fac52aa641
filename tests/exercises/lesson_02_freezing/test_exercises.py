"""Wrong and right answers to the exercises of lesson 2: every mistake is refused by its name."""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises import try_answer
from grader.exercises.lesson_02_freezing.exercises import (
    FindTheBug,
    FreezeBackbone,
    MakeOptimizer,
    SetModes,
    batch_norms,
    freezing_batches,
    freezing_network,
    freezing_spec,
    head_norm,
    inside,
)


def named(verdict, words):
    return any(words in finding.text for finding in verdict.findings)


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


NORMS = nn.BatchNorm1d | nn.BatchNorm2d


# ---------------------------------------------------------------- the networks


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_network_has_names_that_look_alike_and_whatever_a_real_one_may_have(seed, nested):
    spec = freezing_spec(np.random.default_rng(seed), nested)
    model = freezing_network(spec)
    images, labels = freezing_batches(spec, seed, 1)[0]
    assert model(images).shape == (len(labels), spec["num_classes"])
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    assert inside(names, spec["head"])
    assert head_norm(spec).startswith(spec["head"])
    assert not set(inside(names, head_norm(spec))) & set(inside(names, spec["head"]))
    assert spec["stages"][0].startswith(spec["stages"][1])
    assert len(names) == len(list(model.parameters())) + 1  # one is shared
    norms = {name for name, module in model.named_modules() if isinstance(module, NORMS)}
    assert norms == set(batch_norms(spec))


def test_a_network_leaves_the_global_random_numbers_alone():
    spec = freezing_spec(np.random.default_rng(0), nested=True)
    torch.manual_seed(1)
    wanted = torch.rand(1)
    torch.manual_seed(1)
    freezing_network(spec)
    assert torch.equal(torch.rand(1), wanted)


@pytest.mark.parametrize("seed", range(20))
def test_every_challenge_asks_for_frozen_half_frozen_and_trainable_norms(seed):
    networks = SetModes().challenge(np.random.default_rng(seed))["networks"]
    for network in networks:
        assert sorted(network["norms"]) == sorted(batch_norms(network["spec"]))
        kinds = list(network["norms"].values())
        assert kinds.count("frozen") == 2
        assert kinds.count("trainable") == 1
    flat, nested = networks
    assert flat["norms"][head_norm(flat["spec"])] == "frozen"
    assert nested["norms"][batch_norms(nested["spec"])[0]] == "frozen"


# ---------------------------------------------------------------- freeze a backbone


def freeze(model, head_name):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for parameter in model.get_submodule(head_name).parameters():
        parameter.requires_grad = True


def freeze_by_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(head_name + "."))


def freeze_by_identity(model, head_name):
    head = set(map(id, model.get_submodule(head_name).parameters()))
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) in head


def freeze_in_one_call(model, head_name):
    return model.requires_grad_(False).get_submodule(head_name).requires_grad_()


@pytest.mark.parametrize("answer", [freeze, freeze_by_name, freeze_by_identity, freeze_in_one_call])
def test_right_freezing_passes(answer):
    verdict = try_answer("freezing.freeze_backbone", answer)
    assert verdict.passed, verdict


def head_frozen_again(model, head_name):
    model.get_submodule(head_name).requires_grad_(True)
    model.requires_grad_(False)


def flag_on_modules(model, head_name):
    for name, module in model.named_modules():
        module.requires_grad = name.startswith(head_name)


def flag_on_the_model(model, head_name):
    model.requires_grad = False
    model.get_submodule(head_name).requires_grad = True


def wrong_way_round(model, head_name):
    model.requires_grad_(True)
    model.get_submodule(head_name).requires_grad_(False)


def by_beginning(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(head_name)


def anywhere_in_the_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = head_name in name


def by_first_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] == head_name


def first_name_of_head(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] == head_name.split(".")[0]


def only_weights(model, head_name):
    freeze(model, head_name)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.requires_grad = True


def only_convolutions_and_linear(model, head_name):
    for module in model.modules():
        if not isinstance(module, NORMS):
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad = False
        else:
            module.requires_grad_(True)
    model.get_submodule(head_name).requires_grad_(True)


def by_layers(model, head_name):
    model.requires_grad_(True)
    for child in model.children():
        child.requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)


def all_but_the_last_layer(model, head_name):
    model.requires_grad_(True)
    for parameter in list(model.parameters())[:-2]:
        parameter.requires_grad = False


def skips_the_head(model, head_name):
    for name, parameter in model.named_parameters():
        if not name.startswith(head_name + "."):
            parameter.requires_grad = False


def everything_trains(model, head_name):
    model.requires_grad_(True)


def eval_mode_only(model, head_name):
    model.train(not model.training)


def without_gradients(model, head_name):
    with torch.no_grad():
        list(model.get_submodule(head_name).parameters())


def gradients_off(model, head_name):
    torch.set_grad_enabled(False)


def forward_without_gradients(model, head_name):
    freeze(model, head_name)
    model.forward = torch.no_grad()(model.forward)


def frozen_and_gradients_off(model, head_name):
    freeze(model, head_name)
    torch.set_grad_enabled(False)


def one_stage_open(model, head_name):
    freeze(model, head_name)
    next(module for module in model.modules() if isinstance(module, nn.LayerNorm)).requires_grad_(True)


def a_new_head(model, head_name):
    freeze(model, head_name)
    old = list(model.get_submodule(head_name).parameters())
    model.set_submodule(head_name, nn.Linear(old[0].shape[1], len(old[-1])))


def on_a_copy(model, head_name):
    freeze(copy.deepcopy(model), head_name)


WRONG_FREEZING = {
    "everything after the head": (head_frozen_again, 0, "Everything is frozen, the head too"),
    "flags on modules": (flag_on_modules, 0, "which is a module"),
    "flag on the model": (flag_on_the_model, 0, "which is a module"),
    "true and false confused": (wrong_way_round, 0, "True and False are confused"),
    "beginning of the name": (by_beginning, 2, "its name begins like"),
    "anywhere in the name": (anywhere_in_the_name, 2, "its name begins like"),
    "first name": (by_first_name, 2, "Everything is frozen, the head too"),
    "what holds the head": (first_name_of_head, 3, "where only"),
    "only weights": (only_weights, 2, "Only weights were frozen"),
    "BatchNorm forgotten": (only_convolutions_and_linear, 2, "BatchNorm has a weight and a bias"),
    "layers only": (by_layers, 2, "to none of its layers"),
    "the last layer": (all_but_the_last_layer, 0, "The head was frozen as well"),
    "head skipped": (skips_the_head, 2, "The head came in frozen, and was not opened"),
    "everything trains": (everything_trains, 0, "Nothing is frozen"),
    "eval mode": (eval_mode_only, 0, "freezes no weight"),
    "no_grad": (without_gradients, 0, "Nothing is frozen"),
    "gradients switched off": (gradients_off, 0, "switched gradients off for the whole program"),
    "flags right, gradients off": (
        frozen_and_gradients_off,
        2,
        "switched gradients off for the whole program",
    ),
    "forward without gradients": (forward_without_gradients, 0, "forward pass keeps no gradients"),
    "one layer open": (one_stage_open, 2, "does not belong to the head"),
    "on a copy": (on_a_copy, 0, "Nothing is frozen"),
    "new head": (a_new_head, 2, "changed the model"),
    "does nothing": (lambda model, head_name: None, 0, "Nothing is frozen"),
}


@pytest.mark.parametrize("name", WRONG_FREEZING)
def test_wrong_freezing_is_named(name):
    answer, points, words = WRONG_FREEZING[name]
    verdict = try_answer("freezing.freeze_backbone", answer)
    assert named(verdict, words), verdict
    assert verdict.points == points, verdict


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["the last layer", "new head", "what holds the head"])
def test_a_mistake_costs_everybody_the_same(name, seed, graded):
    answer, points, _ = WRONG_FREEZING[name]
    verdict = graded("freezing.freeze_backbone", answer, seed)
    assert verdict.points == points, verdict


def test_gradients_that_an_answer_switched_off_are_on_again_afterwards():
    try_answer("freezing.freeze_backbone", gradients_off)
    assert torch.is_grad_enabled()


# ---------------------------------------------------------------- what an answer does beside


def trains(model):
    images = torch.randn(4, 3, 9, 9)
    loss = F.cross_entropy(model(images), torch.zeros(4).long())
    if loss.requires_grad:
        loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.1


def leaves_gradients(model):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)


def leaves_hook(model):
    next(model.children()).register_forward_hook(lambda *_: None)


def writes_nan(model):
    with torch.no_grad():
        list(model.parameters())[-1].fill_(float("nan"))


BESIDE = {
    "trains": (trains, "changed the model"),
    "NaN": (writes_nan, "changed the model"),
    "gradients": (leaves_gradients, "left gradients behind"),
    "hook": (leaves_hook, "left a hook"),
    "meta": (lambda model: model.to("meta"), "lies on meta"),
    "half": (lambda model: model.half(), "float16"),
    "bfloat16": (lambda model: model.bfloat16(), "bfloat16"),
    "double": (lambda model: model.double(), "float64"),
}


def freeze_and(model, head_name, *, behave):
    freeze(model, head_name)
    behave(model)


def set_modes_and(model, *, behave):
    behave(model)
    set_modes(model)


def make_optimizer_and(model, learning_rate, *, behave):
    optimizer = make_optimizer(model, learning_rate)
    behave(model)
    return optimizer


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize(
    ("exercise", "answer", "most"),
    [
        ("freezing.freeze_backbone", freeze_and, 2),
        ("freezing.set_modes", set_modes_and, 2),
        ("freezing.make_optimizer", make_optimizer_and, 1),
    ],
)
def test_what_an_answer_does_beside_is_named(exercise, answer, most, name):
    behave, words = BESIDE[name]
    verdict = try_answer(exercise, variant(answer, behave=behave))
    assert verdict.points <= most, verdict
    assert named(verdict, words), verdict


def test_freezing_that_changes_the_mode_is_named():
    verdict = try_answer(
        "freezing.freeze_backbone", variant(freeze_and, behave=lambda model: model.train(not model.training))
    )
    assert named(verdict, "in the other mode now")
    assert verdict.points == 2


def test_an_optimizer_that_changes_what_is_trainable_is_named():
    verdict = try_answer(
        "freezing.make_optimizer",
        variant(make_optimizer_and, behave=lambda model: model.requires_grad_(False)),
    )
    assert named(verdict, "changed what is trainable")
    assert verdict.points <= 1


EXERCISES = [kind.id for kind in (FreezeBackbone, SetModes, MakeOptimizer, FindTheBug)]


def stub(*_):
    raise NotImplementedError()


def divides_by_zero(*_):
    return 1 / 0


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "takes a function, but it was given None"),
        (nn.Linear(2, 2), None),
        (stub, "Not written yet"),
        (divides_by_zero, "stopped with ZeroDivisionError"),
        (lambda: None, "stopped with TypeError"),
        (lambda *_: float("nan"), None),
        (lambda *_: object(), None),
    ],
)
def test_an_answer_of_any_kind_gets_a_finding(exercise, answer, words):
    verdict = try_answer(exercise, answer)
    assert verdict.findings
    assert verdict.points == 0, verdict
    assert words is None or named(verdict, words), verdict
    assert not named(verdict, "does not have the form"), verdict


# ---------------------------------------------------------------- stop the statistics


def set_modes(model):
    model.train()
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train(any(parameter.requires_grad for parameter in module.parameters()))


def set_modes_recursively(model):
    """Every module by itself, from the outside to the inside."""
    frozen_norm = isinstance(model, nn.modules.batchnorm._BatchNorm) and not any(
        parameter.requires_grad for parameter in (model.weight, model.bias)
    )
    model.training = not frozen_norm
    for child in model.children():
        set_modes_recursively(child)


def set_modes_by_names(model):
    trainable = {name.rpartition(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    model.train(True)
    for name, module in model.named_modules():
        if hasattr(module, "running_mean") and name not in trainable:
            module.eval()


@pytest.mark.parametrize("answer", [set_modes, set_modes_recursively, set_modes_by_names])
def test_right_modes_pass(answer):
    verdict = try_answer("freezing.set_modes", answer)
    assert verdict.passed, verdict


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


def stop_by_momentum(module):
    module.momentum = 0.0


def stop_by_tracking(module):
    module.track_running_stats = False


def stop_by_weights(module):
    module.requires_grad_(False)


def stop_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def by_exact_class(model):
    modes(model, stop=lambda module: type(module) in (nn.BatchNorm1d, nn.BatchNorm2d) and is_frozen(module))


def by_child(model):
    model.train()
    for child in model.children():
        for module in child.modules():
            if isinstance(module, NORMS) and is_frozen(child):
                module.eval()


def top_level_only(model):
    model.train()
    for module in model.children():
        if isinstance(module, NORMS) and is_frozen(module):
            module.eval()


def whole_frozen_layers(model):
    model.train()
    for module in model.modules():
        if list(module.parameters()) and is_frozen(module):
            module.eval()


def all_without_parameters_too(model):
    model.train()
    for module in model.modules():
        if is_frozen(module):
            module.eval()


def norms_only(model):
    model.eval()
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train(not is_frozen(module))


WRONG_MODES = {
    "training mode": (lambda model: model.train(), 1, "whatever `requires_grad` says"),
    "train after eval": (variant(modes, last=lambda model: model.train()), 1, "`train()` came after it"),
    "eval mode": (lambda model: model.eval(), 0, "Every BatchNorm is in eval mode"),
    "all norms": (variant(modes, stop=lambda module: True), 1, "Every BatchNorm is in eval mode"),
    "no train first": (variant(modes, train=False), 1, "came in eval mode stayed in it"),
    "two dimensions only": (variant(modes, kind=nn.BatchNorm2d), 3, "it is a `BatchNorm1d`"),
    "one dimension only": (
        variant(modes, kind=nn.BatchNorm1d),
        3,
        "although the layer's parameters are frozen",
    ),
    "exact class": (by_exact_class, 3, "a class derived from `BatchNorm2d`"),
    "weight only": (
        variant(modes, stop=lambda module: not module.weight.requires_grad),
        3,
        "only the weight is frozen",
    ),
    "bias only": (
        variant(modes, stop=lambda module: not module.bias.requires_grad),
        3,
        "only the bias is frozen",
    ),
    "any frozen": (
        variant(modes, stop=lambda module: not all(p.requires_grad for p in module.parameters())),
        3,
        "and the other trains",
    ),
    "the other way round": (
        variant(modes, stop=lambda module: not is_frozen(module)),
        1,
        "which trains, stands still",
    ),
    "by stages": (by_child, 3, "although the layer's parameters are frozen"),
    "not deep enough": (top_level_only, 3, "although the layer's parameters are frozen"),
    "momentum": (variant(modes, act=stop_by_momentum), 1, "by another of its settings"),
    "tracking": (variant(modes, act=stop_by_tracking), 1, "by another of its settings"),
    "frozen once more": (variant(modes, act=stop_by_weights), 1, "whatever `requires_grad` says"),
    "dropout probability": (variant(modes, last=stop_dropout), 3, "Dropout is off"),
    "only norms in training mode": (norms_only, 2, "Dropout is off"),
    "whatever is frozen": (whole_frozen_layers, 3, "it is no BatchNorm"),
    "whatever has no trainable parameter": (all_without_parameters_too, 2, "Dropout is off"),
    "does nothing": (lambda model: None, 0, "came in eval mode stayed in it"),
}


@pytest.mark.parametrize("name", WRONG_MODES)
def test_wrong_modes_are_named(name):
    answer, points, words = WRONG_MODES[name]
    verdict = try_answer("freezing.set_modes", answer)
    assert named(verdict, words), verdict
    assert verdict.points == points, verdict


def test_modes_that_open_parameters_are_named():
    verdict = try_answer(
        "freezing.set_modes", variant(set_modes_and, behave=lambda m: m.requires_grad_(True))
    )
    assert verdict.points <= 2
    assert named(verdict, "changed what is trainable")


# ---------------------------------------------------------------- only what trains


def make_optimizer(model, learning_rate):
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise ValueError("every parameter is frozen")
    return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)


def make_with_filter(model, learning_rate):
    return torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), learning_rate, 0.9)


def make_in_groups(model, learning_rate):
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not named:
        raise ValueError
    groups = [[p for p in named.values() if p.ndim == 1], [p for p in named.values() if p.ndim != 1]]
    return torch.optim.SGD([{"params": group} for group in groups], lr=learning_rate, momentum=0.9)


@pytest.mark.parametrize("answer", [make_optimizer, make_with_filter, make_in_groups])
def test_right_optimizers_pass(answer):
    verdict = try_answer("freezing.make_optimizer", answer)
    assert verdict.passed, verdict


def make(
    model,
    learning_rate,
    *,
    choose=lambda model: [p for p in model.parameters() if p.requires_grad],
    kind=torch.optim.SGD,
    factor=1.0,
    complain=True,
    **settings,
):
    """A right answer, but for what is changed."""
    chosen = choose(model)
    if complain and not any(p.requires_grad for p in model.parameters()):
        raise ValueError("every parameter is frozen")
    settings = settings if kind is not torch.optim.SGD else {"momentum": 0.9, **settings}
    return kind(chosen, lr=factor * learning_rate, **settings)


def by_every_module(model):
    return [p for module in model.modules() for p in module.parameters() if p.requires_grad]


def by_every_name(model):
    return [p for _, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]


def of_children(model):
    return [p for child in model.children() for p in child.parameters() if p.requires_grad]


def clones(model):
    return [p.detach().clone().requires_grad_() for p in model.parameters() if p.requires_grad]


def weights_only(model):
    return [p for name, p in model.named_parameters() if p.requires_grad and not name.endswith("bias")]


def none_for_nothing(model, learning_rate):
    return make(model, learning_rate) if any(p.requires_grad for p in model.parameters()) else None


def another_error(model, learning_rate):
    assert any(p.requires_grad for p in model.parameters()), "nothing trains"
    return make(model, learning_rate)


def always_an_error(model, learning_rate):
    raise ValueError("nothing trains")


def in_two_groups(model, learning_rate):
    chosen = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD([{"params": chosen}, {"params": chosen[:1]}], lr=learning_rate, momentum=0.9)


class Lazy(torch.optim.SGD):
    def step(self, closure=None):
        pass


Lazy.__name__ = "SGD"


def lazy(model, learning_rate):
    return Lazy([p for p in model.parameters() if p.requires_grad], lr=learning_rate, momentum=0.9)


WRONG_OPTIMIZERS = {
    "all parameters": (
        variant(make, choose=lambda model: model.parameters()),
        2,
        "since an old gradient was still on it",
    ),
    "all parameters, no error": (
        variant(make, choose=lambda model: model.parameters(), complain=False),
        1,
        "a ValueError was asked for",
    ),
    "frozen instead": (
        variant(make, choose=lambda model: [p for p in model.parameters() if not p.requires_grad]),
        2,
        "wrong way round",
    ),
    "weights only": (variant(make, choose=weights_only), 2, "The biases are missing"),
    "children only": (variant(make, choose=of_children), 2, "to none of its layers"),
    "every module": (variant(make, choose=by_every_module), 2, "twice"),
    "shared one twice": (variant(make, choose=by_every_name), 2, "twice"),
    "copies": (variant(make, choose=clones), 2, "would move a copy"),
    "one in two groups": (in_two_groups, 0, "raised ValueError for a model that is partly trainable"),
    "no momentum": (variant(make, momentum=0.0), 2, "momentum is 0"),
    "other momentum": (variant(make, momentum=0.99), 2, "momentum is 0.99"),
    "weight decay": (variant(make, weight_decay=0.01), 2, "`weight_decay` set"),
    "nesterov": (variant(make, nesterov=True), 2, "`nesterov` set"),
    "uphill": (variant(make, maximize=True), 2, "`maximize` set"),
    "adam": (variant(make, kind=torch.optim.Adam), 2, "is Adam"),
    "adamw": (variant(make, kind=torch.optim.AdamW), 2, "is AdamW"),
    "other rate": (variant(make, factor=0.1), 2, "learning rate is"),
    "no rate": (variant(make, factor=float("nan")), 2, "learning rate is nan"),
    "no step": (lazy, 2, "do not move the weights as SGD"),
    "None for nothing": (none_for_nothing, 2, "returned NoneType"),
    "another error": (another_error, 2, "raised AssertionError"),
    "always an error": (always_an_error, 0, "for a model that is partly trainable"),
    "the parameters": (lambda model, rate: list(model.parameters()), 0, "returned list"),
    "returns nothing": (lambda *_: None, 0, "returned NoneType"),
}


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("name", WRONG_OPTIMIZERS)
def test_wrong_optimizers_are_named(name):
    answer, points, words = WRONG_OPTIMIZERS[name]
    verdict = try_answer("freezing.make_optimizer", answer)
    assert named(verdict, words), verdict
    assert verdict.points == points, verdict


def test_an_optimizer_of_the_head_alone_is_named():
    def head_only(model):
        names = {"outlet", "readout", "scorer"}  # of the heads of all unseen networks
        return [p for n, p in model.named_parameters() if names & set(n.split("."))]

    verdict = try_answer("freezing.make_optimizer", variant(make, choose=head_only))
    assert verdict.points == 2, verdict
    assert named(verdict, "holds the head alone")


# ---------------------------------------------------------------- find the bug


def as_given(model, stage_name, first_batches, more_batches, learning_rate):
    """The program of the lesson, with its three mistakes."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad = False
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return model


def midway(
    model,
    stage_name,
    first_batches,
    more_batches,
    learning_rate,
    *,
    flags=lambda model, name: model.get_submodule(name).requires_grad_(False),
    modes=lambda model, name: model.get_submodule(name).eval(),
    to_none=True,
    start=lambda model, name: None,
    between=lambda optimizer, model, name, rate: optimizer,
    each=lambda model, name: None,
    ending=lambda model, name: None,
    late=0,
    factor=1.0,
    reduction="mean",
    training=True,
    momentum=0.9,
):
    """A right answer, but for what is changed."""
    optimizer = torch.optim.SGD(model.parameters(), lr=factor * learning_rate, momentum=momentum)
    model.train(training)
    start(model, stage_name)
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches) + late:
            flags(model, stage_name)
            modes(model, stage_name)
            optimizer = between(optimizer, model, stage_name, learning_rate)
        if number >= len(first_batches):
            each(model, stage_name)
        optimizer.zero_grad(set_to_none=to_none)
        F.cross_entropy(model(images), labels, reduction=reduction).backward()
        optimizer.step()
    ending(model, stage_name)
    return model


def midway_in_two_loops(model, stage_name, first_batches, more_batches, learning_rate):
    """Two loops, a new optimizer of what trains, modes set anew at every step."""
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, 0.9)
    for images, labels in first_batches:
        model.train()
        nn.CrossEntropyLoss()(model(images), labels).backward()
        optimizer.step()
        model.zero_grad()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not name.startswith(stage_name + ".")
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], learning_rate, 0.9)
    for images, labels in more_batches:
        model.train()
        model.get_submodule(stage_name).eval()
        nn.CrossEntropyLoss()(model(images), labels).backward()
        optimizer.step()
        model.zero_grad()
    return model


def drop_from_the_optimizer(optimizer, model, stage_name, rate):
    """The optimizer keeps the rest's momentum and forgets the stage."""
    own = set(map(id, model.get_submodule(stage_name).parameters()))
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in own]
    return optimizer


def stop_norms_only(model, stage_name):
    for module in model.get_submodule(stage_name).modules():
        if isinstance(module, NORMS):
            module.eval()


def midway_on_a_copy(model, *rest):
    return midway(copy.deepcopy(model), *rest)


def new_optimizer(optimizer, model, stage_name, rate):
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=rate, momentum=0.9)


RIGHT_REPAIRS = {
    "as the solution": midway,
    "two loops": midway_in_two_loops,
    "norms only": variant(midway, modes=stop_norms_only),
    "a copy": midway_on_a_copy,
    "out of the optimizer": variant(midway, between=drop_from_the_optimizer, to_none=False),
}


@pytest.mark.parametrize("name", RIGHT_REPAIRS)
def test_right_repairs_pass(name):
    verdict = try_answer("freezing.find_the_bug", RIGHT_REPAIRS[name])
    assert verdict.passed, verdict


def flag_on_the_stage(model, stage_name):
    model.get_submodule(stage_name).requires_grad = False


def freeze_by_beginning(model, stage_name):
    for name, parameter in model.named_parameters():
        if name.startswith(stage_name):
            parameter.requires_grad = False


def freeze_weights(model, stage_name):
    for name, parameter in model.get_submodule(stage_name).named_parameters():
        parameter.requires_grad = not name.endswith("weight")


def freeze_all_but_the_head(model, stage_name):
    last = next(m for m in reversed(list(model.modules())) if isinstance(m, nn.Linear))
    model.requires_grad_(False)
    last.requires_grad_(True)


def nothing(model, stage_name):
    pass


def slow_norms(model, stage_name):
    for module in model.get_submodule(stage_name).modules():
        module.momentum = 0.0


def optimizer_without_the_stage(optimizer, model, stage_name, rate):
    own = set(map(id, model.get_submodule(stage_name).parameters()))
    return torch.optim.SGD([p for p in model.parameters() if id(p) not in own], lr=rate, momentum=0.9)


def freeze_stage(model, stage_name):
    model.get_submodule(stage_name).requires_grad_(False)


def no_zeroing(model, stage_name, first_batches, more_batches, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad_(False).eval()
        if number < len(first_batches):
            optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


def gives_nothing_back(*given):
    midway(*given)


def only_first(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, first_batches, [], learning_rate)


def only_more(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, [], more_batches, learning_rate)


def swapped(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, more_batches, first_batches, learning_rate)


def two_epochs(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, first_batches, [*more_batches, *more_batches], learning_rate)


def other_images(model, stage_name, first_batches, more_batches, learning_rate):
    more = [(2 * images, labels) for images, labels in more_batches]
    return midway(model, stage_name, first_batches, more, learning_rate)


WRONG_REPAIRS = {
    "as given": (as_given, 0, "which is a module"),
    "flag on the module": (variant(midway, flags=flag_on_the_stage), 2, "an attribute without effect"),
    "zeros, not None": (variant(midway, to_none=False), 3, "the momentum of earlier steps carries it along"),
    "statistics": (variant(midway, modes=nothing), 3, "do not stop BatchNorm's statistics"),
    "flag and zeros": (variant(midway, flags=flag_on_the_stage, to_none=False), 2, "since it is not frozen"),
    "flags mended only": (variant(midway, to_none=False, modes=nothing), 2, "the momentum of earlier steps"),
    "modes mended only": (variant(midway, to_none=False, flags=nothing), 2, "was never frozen"),
    "gradients mended only": (
        variant(midway, flags=flag_on_the_stage, modes=nothing),
        0,
        "which is a module",
    ),
    "eval instead of freezing": (variant(midway, flags=nothing), 2, "was never frozen"),
    "train at every step": (
        variant(midway, each=lambda model, name: model.train()),
        3,
        "do not stop BatchNorm's statistics",
    ),
    "whole model in eval mode": (
        variant(midway, modes=lambda model, name: model.eval()),
        3,
        "the whole model was put into eval mode",
    ),
    "momentum of the norm": (variant(midway, modes=slow_norms), 3, "with a momentum of 0"),
    "eval mode from the beginning": (variant(midway, training=False), 2, "in eval mode from the beginning"),
    "frozen from the beginning": (variant(midway, start=freeze_stage), 2, "did not train on `first_batches`"),
    "kept out of the optimizer": (
        variant(midway, flags=nothing, between=optimizer_without_the_stage),
        3,
        "they are not frozen",
    ),
    "beginning of the name": (variant(midway, flags=freeze_by_beginning), 3, "its name begins like"),
    "only weights": (variant(midway, flags=freeze_weights), 2, "Only a part of the stage is frozen"),
    "all but the last layer": (variant(midway, flags=freeze_all_but_the_head), 3, "too much was frozen"),
    "one batch too late": (variant(midway, late=1), 2, "was frozen too late"),
    "after the training": (
        variant(midway, flags=nothing, modes=nothing, ending=freeze_stage),
        0,
        "frozen in the end",
    ),
    "never cleared": (no_zeroing, 3, "from an old step"),
    "other rate": (variant(midway, factor=0.1), 3, "On `first_batches` the model did not move as SGD"),
    "summed loss": (variant(midway, reduction="sum"), 3, "On `first_batches` the model did not move as SGD"),
    "no momentum": (variant(midway, momentum=0.0), 3, "On `first_batches` the model did not move as SGD"),
    "no momentum later": (
        variant(midway, between=lambda o, model, name, rate: torch.optim.SGD(model.parameters(), lr=rate)),
        3,
        "On `more_batches` the rest moved, but not as SGD",
    ),
    "adam later": (
        variant(midway, between=lambda o, model, name, rate: torch.optim.Adam(model.parameters(), lr=rate)),
        3,
        "On `more_batches` the rest moved, but not as SGD",
    ),
    "NaN": (variant(midway, factor=1e12), 1, "not finite"),
    "returns nothing": (gives_nothing_back, 3, "not the model"),
    "no second part": (only_first, 0, "were never used"),
    "no first part": (only_more, 0, "were never used"),
    "parts swapped": (swapped, 0, "in the wrong order"),
    "two epochs": (two_epochs, 3, "was to come once"),
    "other images": (other_images, 0, "stand in none of the batches"),
    "does nothing": (lambda model, *_: model, 0, "never trained"),
    "NaN for a model": (lambda *_: float("nan"), 0, "never trained"),
}


@pytest.mark.parametrize("name", WRONG_REPAIRS)
def test_wrong_repairs_are_named(name):
    answer, points, words = WRONG_REPAIRS[name]
    verdict = try_answer("freezing.find_the_bug", answer)
    assert named(verdict, words), verdict
    assert verdict.points == points, verdict


def replace_head(model, name):
    last = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    model.set_submodule(last, nn.Sequential(model.get_submodule(last)))


BAD_ENDINGS = {
    "hook": (lambda model, name: leaves_hook(model), 2, "left a hook"),
    "meta": (lambda model, name: model.to("meta"), 0, "lies on meta"),
    "half": (lambda model, name: model.half(), 0, "float16"),
    "double": (lambda model, name: model.double(), 0, "float64"),
    "NaN": (lambda model, name: writes_nan(model), 1, "not finite"),
    "other tensors": (replace_head, 0, "other tensors"),
}


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_a_repair_does_beside_is_named(name):
    behave, points, words = BAD_ENDINGS[name]
    verdict = try_answer("freezing.find_the_bug", variant(midway, ending=behave))
    assert named(verdict, words), verdict
    assert verdict.points == points, verdict


# ---------------------------------------------------------------- other questions

RIGHT = [
    (FreezeBackbone, [freeze_by_name, freeze_in_one_call], skips_the_head),
    (SetModes, [set_modes_recursively, set_modes_by_names], top_level_only),
    (MakeOptimizer, [make_with_filter, make_in_groups], variant(make, choose=of_children)),
    (FindTheBug, [midway_in_two_loops, midway], as_given),
]


@pytest.fixture(scope="module")
def expect():
    """``EXPECT`` of the lesson's ``answers.py``."""
    from grader.exercises.machine.expected_values import load_expect
    from grader.lesson_folder import LessonFolder

    return load_expect(LessonFolder("02_freezing"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("kind", "right", "wrong"), RIGHT, ids=lambda value: getattr(value, "id", ""))
def test_secret_questions_are_judged_like_the_public_one(kind, right, wrong, seed, expect):
    exercise = kind()
    challenge = exercise.challenge(np.random.default_rng(100 + seed))
    expected = expect[exercise.id](challenge)
    for answer in right:
        verdict = exercise.judge(exercise.collect(answer, copy.deepcopy(challenge)), expected)
        assert verdict.passed, verdict
    verdict = exercise.judge(exercise.collect(wrong, copy.deepcopy(challenge)), expected)
    assert not verdict.passed
