"""What an answer may do to a model beside what it was asked for."""

import pytest
import torch
from torch.nn import functional as F


def trains(model):
    images = torch.randn(4, 3, 9, 9)
    loss = F.cross_entropy(model(images), torch.zeros(4).long())
    if loss.requires_grad:
        loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.1
    model.zero_grad()


def leaves_gradients(model):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)


def leaves_hook(model):
    next(model.children()).register_forward_hook(lambda *_: None)


def writes_nan(model):
    with torch.no_grad():
        list(model.parameters())[-1].fill_(float("nan"))


def gradients_off(model):
    torch.set_grad_enabled(False)


def double_by_default(model):
    torch.set_default_dtype(torch.float64)


# By name: the change, the mistake's id, whether it costs everything.
BESIDE = {
    "trains": (trains, "weights-changed", False),
    "NaN": (writes_nan, "weights-changed", False),
    "gradients": (leaves_gradients, "gradients-left", False),
    "hook": (leaves_hook, "hook-left", False),
    "gradients off": (gradients_off, "settings-changed", False),
    "other default dtype": (double_by_default, "settings-changed", False),
    "meta": (lambda model: model.to("meta"), "device-changed", True),
    "half": (lambda model: model.half(), "dtype-changed", True),
    "bfloat16": (lambda model: model.bfloat16(), "dtype-changed", True),
    "double": (lambda model: model.double(), "dtype-changed", True),
}


@pytest.fixture(params=BESIDE)
def beside(request):
    """One change after the other: the function, the mistake's id, whether it costs everything."""
    return BESIDE[request.param]


@pytest.fixture
def all_beside():
    """All of these functions."""
    return [behave for behave, _, _ in BESIDE.values()]
