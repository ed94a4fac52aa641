"""Each kind of exception has a hint of its own, made from what really is raised."""

import pytest
import torch
from torch import nn

from grader.exercises.machine.exception_hints import hint_for

MODEL = nn.Sequential(nn.Linear(3, 2))


def undefined():
    return never_defined  # noqa: F821


def twice():
    loss = MODEL(torch.ones(1, 3)).sum()
    loss.backward()
    loss.backward()


CASES = {
    "dotted name": (lambda: getattr(MODEL, "a.b"), "without dots"),
    "attribute of None": (lambda: None.grad, "function without `return`"),
    "attribute": (lambda: MODEL.heads, "spelled right"),
    "key": (lambda: {}["head"], "no such key"),
    "name": (undefined, "not defined where your code runs"),
    "arguments": (lambda: (lambda x: x)(1, 2), "other arguments than it takes"),
    "shapes": (lambda: MODEL(torch.ones(1, 4)), "`shape`"),
    "dtypes": (lambda: MODEL(torch.ones(1, 3, dtype=torch.long)), "`dtype`"),
    "frozen": (lambda: torch.ones(1).sum().backward(), "everything is frozen"),
    "backward twice": (twice, "ran twice"),
    "no parameters": (lambda: torch.optim.SGD([], lr=0.1), "no parameters"),
    "used up": (lambda: next(iter([])), "only once"),
    "label too large": (
        lambda: nn.functional.cross_entropy(torch.ones(1, 2), torch.tensor([2])),
        "one output for each class",
    ),
    "index": (lambda: [][1], "index"),
    "zero": (lambda: 1 / 0, "divided by zero"),
    "state_dict": (lambda: MODEL.load_state_dict({"x": torch.ones(1)}), "`state_dict`s"),
    "import": (lambda: __import__("no_such_package"), "no further package"),
    "exit": (lambda: exit(), "Leave `exit()`"),
    "anything else": (lambda: (_ for _ in ()).throw(LookupError("odd")), "by itself on a small input"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_hint_fits_the_exception(name):
    call, words = CASES[name]
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        call()
    assert words in hint_for(type(caught.value).__name__, str(caught.value))
