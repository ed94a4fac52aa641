"""Whether an answer changed the lists and tensors that it was given: a side effect like any other."""

import copy
from typing import Any

from grader.exercises.kit.side_effects import PRICE
from grader.exercises.machine.mistakes import Mistake

ARGUMENTS_CHANGED = Mistake(
    "arguments-changed",
    lambda facts: facts.changed_arguments,
    "The function changed what it was given: `{1[0]}` is not what it was before the call.",
    "Whoever calls the function goes on using it. Work on a copy: `reversed(…)`, `sorted(…)`, `list(…)` and a slice "
    "leave a list as it is; `reverse()`, `sort()`, `pop()` and `append()` do not. Of a tensor `clone()` is a copy; `-=` and "
    "methods whose names end in `_` change the tensor itself.",
    costs=PRICE,
)


class Arguments:
    """Lists, dicts and tensors by the names of a function's arguments, as they are before it is called.

    Of a tensor the numbers count, the flag ``requires_grad``, and whether it has a gradient.
    """

    def __init__(self, **given: Any) -> None:
        self._given, self._before = given, copy.deepcopy(given)

    def changed(self) -> list[str]:
        """Names of those that are not what they were."""
        return [name for name in self._given if not _equal(self._given[name], self._before[name])]


def _equal(left: Any, right: Any) -> bool:
    import torch

    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        flags = [(one.requires_grad, one.is_leaf and one.grad is not None) for one in (left, right)]
        alike = left.shape == right.shape and left.dtype == right.dtype and flags[0] == flags[1]
        return alike and torch.equal(left, right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(_equal(left[key], right[key]) for key in left)
    return bool(left == right)
