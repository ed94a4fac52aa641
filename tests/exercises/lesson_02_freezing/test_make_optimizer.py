"""Wrong and right answers to ``make_optimizer``, on the public challenge and on secret ones."""

import copy
import functools

import pytest
import torch
from torch import nn

ID = "freezing.make_optimizer"


def make_optimizer(model, learning_rate):
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise ValueError("every parameter is frozen")
    return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)


def with_filter(model, learning_rate):
    trainable = tuple(filter(lambda p: p.requires_grad, model.parameters()))
    if len(trainable) == 0:
        raise ValueError("nothing to train")
    return torch.optim.SGD(trainable, learning_rate, 0.9)


def in_groups(model, learning_rate):
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not named:
        raise ValueError("No trainable parameters: open the head first.")
    groups = [[p for p in named.values() if p.ndim == 1], [p for p in named.values() if p.ndim != 1]]
    return torch.optim.SGD([{"params": group} for group in groups], lr=learning_rate, momentum=0.9)


def by_identity(model, learning_rate):
    trainable = {id(p): p for m in model.modules() for p in m.parameters() if p.requires_grad}
    if sum(p.numel() for p in trainable.values()) < 1:
        raise ValueError(f"{type(model).__name__} has no parameter that trains")
    return torch.optim.SGD(list(trainable.values()), lr=learning_rate, momentum=0.9, foreach=False)


def pytorchs_error_retold(model, learning_rate):
    try:
        trainable = filter(lambda p: p.requires_grad, model.parameters())
        return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)
    except ValueError as error:
        raise ValueError("The whole model is frozen.") from error


def group_by_group(model, learning_rate):
    optimizer = None
    for parameter in model.parameters():
        if parameter.requires_grad and optimizer is None:
            optimizer = torch.optim.SGD([parameter], lr=learning_rate, momentum=0.9)
        elif parameter.requires_grad:
            optimizer.add_param_group({"params": [parameter]})
    if optimizer is None:
        raise ValueError("alles ist eingefroren")
    return optimizer


class FrozenThroughoutError(ValueError):
    pass


def own_error(model, learning_rate):
    if not any(p.requires_grad for p in model.parameters()):
        raise FrozenThroughoutError("nothing is trainable here")
    return make_optimizer(model, torch.tensor(learning_rate))


RIGHT = [
    make_optimizer,
    with_filter,
    in_groups,
    by_identity,
    pytorchs_error_retold,
    group_by_group,
    own_error,
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def make(
    model,
    learning_rate,
    *,
    choose=lambda model: [p for p in model.parameters() if p.requires_grad],
    kind=torch.optim.SGD,
    factor=1.0,
    complain=True,
    error=lambda: ValueError("every parameter is frozen"),
    **settings,
):
    """A right answer, but for what is changed."""
    if complain and not any(p.requires_grad for p in model.parameters()):
        raise error()
    settings = settings if kind is not torch.optim.SGD else {"momentum": 0.9, **settings}
    return kind(choose(model), lr=factor * learning_rate, **settings)


def variant(**changes):
    return functools.partial(make, **changes)


def by_every_module(model):
    return [p for module in model.modules() for p in module.parameters() if p.requires_grad]


def by_every_layer(model):
    return [p for module in model.modules() for p in module.parameters(recurse=False) if p.requires_grad]


def by_every_name(model):
    return [p for _, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]


def of_children(model):
    return [p for child in model.children() for p in child.parameters() if p.requires_grad]


def clones(model):
    return [p.detach().clone().requires_grad_() for p in model.parameters() if p.requires_grad]


def of_a_copy(model):
    return [p for p in copy.deepcopy(model).parameters() if p.requires_grad]


def weights_only(model):
    return [p for name, p in model.named_parameters() if p.requires_grad and not name.endswith("bias")]


def of_layers(*kinds):
    def choose(model):
        found = [
            p for m in model.modules() if isinstance(m, kinds) for p in m.parameters() if p.requires_grad
        ]
        return list(dict.fromkeys(found))

    return choose


def eaten_by_next(model):
    trainable = (p for p in model.parameters() if p.requires_grad)
    next(trainable)
    return trainable


def eaten_by_any(model):
    trainable = filter(lambda p: p.requires_grad, model.parameters())
    return trainable if any(True for _ in trainable) else []


def of_the_head(model):
    names = {"outlet", "readout", "scorer"}  # of the heads of all unseen networks
    stem = next(model.children())
    elsewhere = set(map(id, stem.parameters()))
    return [p for n, p in model.named_parameters() if names & set(n.split(".")) and id(p) not in elsewhere]


def none_for_nothing(model, learning_rate):
    return make(model, learning_rate) if any(p.requires_grad for p in model.parameters()) else None


def another_error(model, learning_rate):
    assert any(p.requires_grad for p in model.parameters()), "nothing trains"
    return make(model, learning_rate)


def stops_at_next(model, learning_rate):
    next(p for p in model.parameters() if p.requires_grad)
    return make(model, learning_rate, complain=False)


def always_an_error(model, learning_rate):
    raise ValueError("nothing trains")


def in_two_groups(model, learning_rate):
    chosen = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD([{"params": chosen}, {"params": chosen[:1]}], lr=learning_rate, momentum=0.9)


def all_but_head_slower(model, learning_rate):
    chosen = make(model, learning_rate).param_groups[0]["params"]
    groups = [{"params": chosen[:-1], "lr": learning_rate / 10}, {"params": chosen[-1:]}]
    return torch.optim.SGD(groups, lr=learning_rate, momentum=0.9)


class Lazy(torch.optim.SGD):
    def step(self, closure=None):
        pass


Lazy.__name__ = "SGD"


def lazy(model, learning_rate):
    return variant(kind=Lazy, momentum=0.9)(model, learning_rate)


def error_passed_on(model, learning_rate):
    try:
        trainable = filter(lambda p: p.requires_grad, model.parameters())
        return torch.optim.SGD(trainable, lr=learning_rate, momentum=0.9)
    except ValueError as error:
        raise ValueError(str(error)) from None


def more_than_one(model, learning_rate):
    if sum(p.requires_grad for p in model.parameters()) <= 1:
        raise ValueError("every parameter is frozen")
    return make_optimizer(model, learning_rate)


def opens_and_trains(model, learning_rate):
    if not any(p.requires_grad for p in model.parameters()):
        model.requires_grad_(True)
    return make(model, learning_rate)


def prints_only(model, learning_rate):
    if not any(p.requires_grad for p in model.parameters()):
        print("nothing is trainable")
        return None
    return make(model, learning_rate)


def freezes_first(model, learning_rate):
    if any(p.requires_grad for p in model.parameters()):
        make(model, learning_rate)
        next(model.children()).requires_grad_(False)
    return make(model, learning_rate)


# By name: the answer, its points, the mistake that it is told.
WRONG = {
    "all parameters": (variant(choose=lambda model: model.parameters()), 2, "holds-frozen"),
    "all parameters, no error": (
        variant(choose=lambda model: model.parameters(), complain=False),
        1,
        "holds-frozen",
    ),
    "the bare call": (lambda model, rate: torch.optim.SGD(model.parameters(), lr=rate), 0, "other-momentum"),
    "frozen instead": (
        variant(choose=lambda model: [p for p in model.parameters() if not p.requires_grad]),
        1,
        "wrong-way-round",
    ),
    "with old gradients": (
        variant(choose=lambda model: [p for p in model.parameters() if p.grad is not None]),
        1,
        "asked-the-gradients",
    ),
    "the last two": (
        variant(choose=lambda model: list(model.parameters())[-2:]),
        1,
        "only-frozen-ones",
    ),
    "without gradients": (
        variant(choose=lambda model: [p for p in model.parameters() if p.grad is None]),
        0,
        "error-for-a-trainable-model",
    ),
    "leaves": (variant(choose=lambda model: [p for p in model.parameters() if p.is_leaf]), 2, "holds-frozen"),
    "weights only": (variant(choose=weights_only), 2, "biases-missing"),
    "matrices only": (
        variant(choose=lambda model: [p for p in model.parameters() if p.requires_grad and p.ndim > 1]),
        2,
        "one-dimensional-missing",
    ),
    "children only": (variant(choose=of_children), 2, "own-parameter-missing"),
    "linear layers": (variant(choose=of_layers(nn.Linear)), 2, "some-missing"),
    "convolutions and linear": (variant(choose=of_layers(nn.Linear, nn.Conv2d)), 2, "some-missing"),
    "every module": (variant(choose=by_every_module), 2, "held-twice"),
    "every layer": (variant(choose=by_every_layer), 2, "held-twice"),
    "shared one twice": (variant(choose=by_every_name), 2, "held-twice"),
    "copies": (variant(choose=clones), 1, "holds-copies"),
    "of a copy": (variant(choose=of_a_copy), 1, "holds-copies"),
    "head alone": (variant(choose=of_the_head), 2, "holds-the-head-alone"),
    "eaten by next": (variant(choose=eaten_by_next), 2, "first-missing"),
    "eaten by any": (variant(choose=eaten_by_any), 2, "first-missing"),
    "without the last": (
        variant(choose=lambda model: [p for p in model.parameters() if p.requires_grad][:-1]),
        2,
        "last-missing",
    ),
    "one in two groups": (in_two_groups, 0, "error-for-a-trainable-model"),
    "no momentum": (variant(momentum=0.0), 2, "other-momentum"),
    "other momentum": (variant(momentum=0.99), 2, "other-momentum"),
    "weight decay": (variant(weight_decay=0.01), 2, "other-setting"),
    "a little weight decay": (variant(weight_decay=1e-4), 2, "other-setting"),
    "dampening": (variant(dampening=0.1), 2, "other-setting"),
    "nesterov": (variant(nesterov=True), 2, "other-setting"),
    "uphill": (variant(maximize=True), 2, "other-setting"),
    "adam": (variant(kind=torch.optim.Adam), 2, "other-optimizer"),
    "adamw": (variant(kind=torch.optim.AdamW), 2, "other-optimizer"),
    "rmsprop": (variant(kind=torch.optim.RMSprop, momentum=0.9), 2, "other-optimizer"),
    "a tenth of the rate": (variant(factor=0.1), 2, "other-rate"),
    "ten times the rate": (variant(factor=10), 2, "other-rate"),
    "own rate": (
        lambda model, rate: make(model, 0.01),
        2,
        "other-rate",
    ),
    "rounded rate": (lambda model, rate: make(model, round(rate, 3)), 2, "other-rate"),
    "a rate for the head": (all_but_head_slower, 2, "other-rate"),
    "no rate": (variant(factor=float("nan")), 2, "other-rate"),
    "no step": (lazy, 2, "moves-otherwise"),
    "None for nothing": (none_for_nothing, 2, "no-error"),
    "an empty group": (
        lambda model, rate: torch.optim.SGD(
            [{"params": [p for p in model.parameters() if p.requires_grad]}], lr=rate, momentum=0.9
        ),
        2,
        "no-error",
    ),
    "prints only": (prints_only, 2, "no-error"),
    "opens everything": (opens_and_trains, 1, "no-error"),
    "another error": (another_error, 2, "another-error"),
    "next finds nothing": (stops_at_next, 2, "another-error"),
    "runtime error": (variant(error=lambda: RuntimeError("nothing is trainable")), 2, "another-error"),
    "no check at all": (variant(complain=False), 2, "pytorchs-own-error"),
    "PyTorch's words": (error_passed_on, 2, "pytorchs-words-again"),
    "more than one": (more_than_one, 2, "error-for-a-single-parameter"),
    "error without a sentence": (variant(error=lambda: ValueError()), 2, "error-without-a-sentence"),
    "error of a blank": (variant(error=lambda: ValueError(" ")), 2, "error-without-a-sentence"),
    "error of a word": (variant(error=lambda: ValueError("frozen")), 2, "error-says-too-little"),
    "error that says nothing": (variant(error=lambda: ValueError("bad input")), 2, "error-says-too-little"),
    "always an error": (always_an_error, 0, "error-for-a-trainable-model"),
    "the parameters": (lambda model, rate: list(model.parameters()), 0, "no-optimizer"),
    "optimizer and parameters": (
        lambda model, rate: (make(model, rate), list(model.parameters())),
        0,
        "no-optimizer",
    ),
    "the class": (lambda model, rate: torch.optim.SGD, 0, "no-optimizer"),
    "returns nothing": (lambda *_: None, 0, "no-optimizer"),
    "freezes first": (freezes_first, 2, "flags-changed"),
}


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_the_first_parameter_is_not_blamed_on_the_model_itself(graded, told):
    assert "belongs to the model itself" not in told(graded(ID, variant(choose=eaten_by_next), 3))


def test_a_moved_frozen_parameter_is_named(graded, told):
    assert "Two steps moved" in told(graded(ID, variant(choose=lambda model: model.parameters()), 3))


def optimizer_and(model, learning_rate, *, behave):
    optimizer = make_optimizer(model, learning_rate)
    behave(model)
    return optimizer


def test_what_an_answer_does_beside_is_named(beside, costs_the_same):
    behave, mistake, fatal = beside
    costs_the_same(ID, functools.partial(optimizer_and, behave=behave), 0 if fatal else 2, mistake)


MORE = {
    "frozen": (lambda model: model.requires_grad_(False), "flags-changed"),
    "mode": (lambda model: model.eval(), "mode-changed"),
    "training mode": (lambda model: model.train(), "mode-changed"),
}


@pytest.mark.parametrize("name", MORE)
def test_flags_and_modes_are_left_alone(name, costs_the_same):
    behave, mistake = MORE[name]
    costs_the_same(ID, functools.partial(optimizer_and, behave=behave), 2, mistake)


def replaced(model, learning_rate):
    optimizer = make_optimizer(model, learning_rate)
    model.set_submodule(next(name for name, _ in model.named_children()), nn.Identity())
    return optimizer


def test_a_replaced_layer_is_named(costs_the_same):
    costs_the_same(ID, replaced, 0, "tensors-replaced")


def test_every_known_mistake_is_reached(unreached):
    told = [mistake for _, _, mistake in WRONG.values()]
    told += [mistake for _, mistake in MORE.values()]
    assert unreached(ID, [*told, "tensors-replaced"]) == []
