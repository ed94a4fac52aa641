"""An argument that an answer changed is seen; a copy that it changed is not."""

import pytest
import torch

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED, Arguments


@pytest.fixture
def given():
    return {"stages": ["a", "b"], "batches": [(torch.zeros(2), torch.ones(2))], "names": {"a": [1]}}


def fill(given):
    given["batches"][0][0].fill_(1)


CHANGES = {
    "reversed": (lambda given: given["stages"].reverse(), ["stages"]),
    "popped": (lambda given: given["batches"].pop(), ["batches"]),
    "written into a tensor": (fill, ["batches"]),
    "a key more": (lambda given: given["names"].update(b=[2]), ["names"]),
    "deep inside": (lambda given: given["names"]["a"].append(2), ["names"]),
    "a copy": (lambda given: list(given["stages"]).reverse(), []),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(name, given):
    change, changed = CHANGES[name]
    arguments = Arguments(**given)
    change(given)
    assert arguments.changed() == changed


def test_the_hint_knows_lists_and_tensors():
    assert "slice" in ARGUMENTS_CHANGED.hint
    assert "`clone()`" in ARGUMENTS_CHANGED.hint
