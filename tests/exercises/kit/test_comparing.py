"""Two results are the same up to the rounding of float32; of several that agree, the nearest is meant."""

import numpy as np
import pytest

from grader.exercises.kit.comparing import nearest, same, same_state

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


def test_the_nearest_of_several_that_agree():
    known = {"far": {"a": ONES * 1.0006}, "near": {"a": ONES * 1.0001}, "other": {"a": ONES * 2}}
    assert nearest({"a": ONES, "b": ONES}, known) == "near"
    assert nearest({"a": ONES * 2}, known) == "other"
    assert nearest({"a": ONES.astype(int)}, dict(reversed(known.items()))) == "near"


@pytest.mark.parametrize(
    "state", [{}, {"b": ONES}, {"a": ONES * 3}, {"a": "1"}, {"a": [ONES, ONES]}, None, [ONES]]
)
def test_no_known_result(state):
    assert nearest(state, {"one": {"a": ONES}}) == ""
    assert nearest(state, {}) == ""
