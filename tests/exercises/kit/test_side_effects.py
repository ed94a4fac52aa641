"""Each kind of side effect is seen, costs one point, and is named; the check's own hooks are none."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from grader.exercises.kit.condition import Condition, condition, is_sound
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.machine.mistakes import EVERYTHING, judge_by_tables


def make():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    model[0].weight.grad = torch.ones(2, 3)  # of whoever called before
    return model


def conditions(change, own_hooks=()):
    model = make()
    before = Condition.model_validate(condition(model))
    change(model)
    return before, Condition.model_validate(condition(model, own_hooks))


def turn(weight):
    """The same numbers, columns first."""
    weight.data = weight.data.t().contiguous().t()


def train(model):
    model(torch.ones(4, 3)).sum().backward()


EFFECTS = {
    "dtype-changed": (nn.Module.half, EVERYTHING),
    "device-changed": (lambda model: model.to("meta"), EVERYTHING),
    "tensors-replaced": (lambda model: model.add_module("more", nn.Linear(1, 1)), EVERYTHING),
    "mode-changed": (nn.Module.eval, PRICE),
    "flags-changed": (lambda model: model[0].requires_grad_(False), PRICE),
    "gradients-left": (lambda model: train(model[0]), PRICE),
    "hook-left": (lambda model: model[0].register_forward_hook(lambda *_: None), PRICE),
    "gradients-cleared": (lambda model: setattr(model[0].weight, "grad", None), PRICE),
    "attributes-changed": (lambda model: setattr(model[1], "momentum", 0.0), PRICE),
    "layout-changed": (
        lambda model: setattr(model[0].weight, "data", model[0].weight.data.t().contiguous().t()),
        PRICE,
    ),
    "weights-changed": (lambda model: model(torch.ones(4, 3)), PRICE),
}
MORE = {
    "hook on a parameter": (lambda model: model[0].weight.register_hook(lambda g: g), "hook-left"),
    "note on a parameter": (lambda model: setattr(model[0].weight, "counted", 1), "attributes-changed"),
    "a method hidden": (
        lambda model: setattr(model[1], "train", lambda mode=True: model),
        "attributes-changed",
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_other_ways_to_the_same_effect(name):
    change, told = MORE[name]
    facts = SimpleNamespace(conditions=[conditions(change)])
    _, [finding] = judge_by_tables(4, facts, [side_effects()], "Right.")
    assert finding.id == told


def test_what_is_meant_as_a_flag_is_no_setting_and_a_new_layer_has_its_own():
    for change in (
        lambda model: setattr(model[0], "requires_grad", False),
        lambda model: setattr(model[0].weight, "require_grad", False),
        lambda model: model.__setitem__(0, nn.Linear(3, 4)) or None,
    ):
        facts = SimpleNamespace(conditions=[conditions(change)])
        found = [finding.id for finding in judge_by_tables(4, facts, [side_effects()], "Right.")[1]]
        assert "attributes-changed" not in found


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_named_and_has_its_price(name):
    change, price = EFFECTS[name]
    facts = SimpleNamespace(conditions=[conditions(lambda model: None), conditions(change)])
    points, [finding] = judge_by_tables(4, facts, [side_effects()], "Right.")
    assert (finding.id, points) == (name, max(0, 4 - price))


def test_several_effects_cost_as_much_as_one():
    facts = SimpleNamespace(conditions=[conditions(lambda model: train(model.eval()))])
    assert judge_by_tables(4, facts, [side_effects()], "Right.")[0] == 4 - PRICE


@pytest.mark.parametrize(
    ("allowed", "name"),
    [
        ("training", "mode-changed"),
        ("trainable", "flags-changed"),
        ("with_gradient", "gradients-left"),
        ("hooked", "hook-left"),
        ("state", "weights-changed"),
    ],
)
def test_what_an_exercise_asks_for_is_no_effect(allowed, name):
    facts = SimpleNamespace(conditions=[conditions(EFFECTS[name][0])])
    assert judge_by_tables(4, facts, [side_effects(allowed)], "Right.")[0] == 4


def test_every_row_is_reached():
    assert {mistake.id for mistake in side_effects()} == set(EFFECTS)


def test_the_checks_own_hook_is_nobodys_effect():
    def own(*_):
        pass

    before, after = conditions(lambda model: model.register_forward_pre_hook(own), [own])
    assert after.hooked == before.hooked == []


def test_a_lazy_layer_can_be_looked_at():
    model = make()
    model.add_module("head", nn.LazyLinear(3))
    seen = Condition.model_validate(condition(model))
    assert "head.weight" in seen.trainable
    assert "head.weight" not in seen.state  # it holds no numbers yet


def test_a_model_that_can_still_be_asked_is_sound():
    assert is_sound(*conditions(lambda model: model(torch.ones(4, 3))))
    for name in ("dtype-changed", "device-changed", "tensors-replaced"):
        assert not is_sound(*conditions(EFFECTS[name][0]))


def test_a_type_that_is_gone_went_with_its_tensors():
    """A head of its own without BatchNorm has no counters: nothing was changed to another type."""
    (changed,) = [row for row in side_effects() if row.id == "dtype-changed"]
    before = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    pair = [Condition.model_validate(condition(model)) for model in (before, before[:1])]
    assert not changed.shows(SimpleNamespace(conditions=[pair]))
    assert changed.shows(SimpleNamespace(conditions=[pair[::-1]]))
