"""Expected values of another machine are not out of date; changed ones are."""

import json

import numpy as np
import pytest

from grader.authoring.rounding import same_but_for_rounding
from grader.exercises.machine.evidence import encode

VALUES = np.linspace(0.5, 2, 40, dtype=np.float32)


def text(array=VALUES, number=0.7, name="right"):
    content = {
        "expected": [array, {"score": number, "name": name, "nothing": None, "not a number": float("nan")}]
    }
    return json.dumps(encode(content))


def test_the_last_digits_may_differ():
    assert same_but_for_rounding(text(), text(VALUES * np.float32(1 + 1e-6), 0.7 + 1e-9))


@pytest.mark.parametrize(
    "other",
    [
        text(VALUES * np.float32(1.01)),
        text(VALUES[:-1]),
        text(VALUES.astype(np.float64)),
        text(number=0.71),
        text(number=1),
        text(name="wrong"),
        json.dumps({"expected": []}),
        "no JSON",
    ],
)
def test_anything_else_is_seen(other):
    assert not same_but_for_rounding(text(), other)


def test_a_whole_number_is_exact():
    assert not same_but_for_rounding('{"points": 100000}', '{"points": 100001}')
