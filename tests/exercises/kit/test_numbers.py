"""One rule for numbers: of any make, of no dimension."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from grader.exercises.kit.numbers import as_number, described

TAKEN = [
    2,
    2.0,
    np.float64(2),
    np.float32(2),
    np.int64(2),
    np.array(2.0),
    torch.tensor(2.0),
    torch.tensor(2),
    torch.tensor(2.0, requires_grad=True),
    torch.tensor(2.0, dtype=torch.float16),
    Fraction(2),
]
NOT_TAKEN = [
    None,
    True,
    np.bool_(True),
    torch.tensor(True),
    "2",
    2j,
    np.array([2.0]),
    torch.tensor([2.0]),
    [2.0],
    {"a": 2},
    torch.ones((), device="meta"),
    pytest.param(object(), id="object"),  # its repr names an address, which differs from worker to worker
    float,
]


@pytest.mark.parametrize("value", TAKEN, ids=repr)
def test_numbers_of_any_make_are_taken(value):
    assert as_number(value) == 2
    assert type(as_number(value)) is float


@pytest.mark.parametrize("value", NOT_TAKEN, ids=repr)
def test_everything_else_is_not(value):
    assert as_number(value) is None
    assert described(value)


def test_numbers_that_are_not_finite_stay_so():
    assert math.isnan(as_number(torch.tensor(float("nan"))))
    assert as_number(np.inf) == math.inf


def test_a_number_too_large_for_a_float_is_none():
    assert as_number(10**400) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        ([1], "a list"),
        (3, "an int"),
        (torch.ones(2, 3), "a Tensor of shape (2, 3)"),
        ("x", "a str"),
    ],
)
def test_what_it_is_instead(value, words):
    assert described(value) == words
