"""Two results are the same up to the rounding of float32; a training went where the reference goes."""

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises.kit.tensors import astray, inside, is_weight, moved, plain, same, same_state, snapshot

ONES = np.ones(3, np.float32)


@pytest.mark.parametrize(
    ("other", "agrees"), [(1.0005, True), (1.002, False), (np.nan, False), ([1, 1], False)]
)
def test_same_is_up_to_rounding(other, agrees):
    other = np.asarray(other) * np.ones(np.shape(other) or 3)
    assert same(ONES, other) is agrees


def test_texts_and_objects_are_never_the_same():
    assert not same("1", "1")
    assert not same(None, None)


def test_states_have_the_same_names():
    assert same_state({"a": ONES}, {"a": ONES})
    assert not same_state({"a": ONES, "b": ONES}, {"a": ONES})
    assert not same_state([ONES], {"a": ONES})


def test_names_of_a_module_are_told_by_the_dot():
    names = ["low.weight", "lower.weight", "low_norm.bias", "scale"]
    assert inside(names, "low") == ["low.weight"]
    assert inside(names, "low", "lower") == ["low.weight", "lower.weight"]
    assert inside(names, "") == names


def test_weights_are_no_buffers():
    assert is_weight("stage.1.weight")
    assert not any(map(is_weight, ["a.running_mean", "a.running_var", "a.num_batches_tracked"]))


def test_a_snapshot_is_a_copy_with_the_buffers():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = snapshot(model)
    model(torch.randn(4, 2))
    with torch.no_grad():
        model[0].weight.add_(1)
    assert set(moved(before, snapshot(model))) == {
        "0.weight",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    }


def test_tensors_of_every_kind_can_be_evidence():
    assert plain(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32
    assert plain(torch.ones(2, device="meta")) is None
    assert "weight" not in snapshot(nn.LazyLinear(3))


START = {"w": np.zeros(4, np.float32), "still": ONES, "n": np.array(0)}
WANTED = {"w": np.full(4, 0.1, np.float32), "still": ONES, "n": np.array(3)}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"w": WANTED["w"] * np.float32(1.00001)}, []),  # rounding
        ({"w": WANTED["w"] * np.float32(1.001)}, ["w"]),  # a slip of a thousandth of the way
        ({"w": START["w"]}, ["w"]),
        ({"w": np.full(4, np.nan)}, ["w"]),
        ({"w": np.full(5, 0.1)}, ["w"]),
        ({"still": ONES + np.float32(1e-7)}, []),  # the last bit of another machine
        ({"still": ONES + np.float32(1e-5)}, ["still"]),  # what was to stand still did not
        ({"n": np.array(4)}, ["n"]),
        ({"more": ONES}, ["more"]),
    ],
    ids=str,
)
def test_what_went_astray(change, wrong):
    assert astray({**WANTED, **change}, WANTED, START) == wrong


def test_a_missing_tensor_is_astray():
    assert astray({"w": WANTED["w"]}, WANTED, START) == ["still", "n"]


def test_a_tensor_that_is_missing_has_moved():
    assert moved({"steps": np.array(2), "weight": np.ones(2)}, {"weight": np.ones(2)}) == ["steps"]
    assert moved({"weight": np.array([np.nan])}, {"weight": np.array([np.nan])}) == []
