"""What an answer may do to a model beside what it was asked for, and a check of its price."""

import zlib

import pytest
import torch
from torch.nn import functional as F

from grader.exercises import find_exercise


def trains(model):
    gradients = [parameter.grad for parameter in model.parameters()]
    images = torch.randn(4, 3, 9, 9)
    loss = F.cross_entropy(model(images), torch.zeros(4).long())
    if loss.requires_grad:
        loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.1
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient


def leaves_gradients(model):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)


def clears_gradients(model):
    model.zero_grad()


def notes_something(model):
    next(model.children()).seen = 1


def sets_eps(model):
    next(module for module in model.modules() if hasattr(module, "running_mean")).eps = 0.1


def hides_train(model):
    model.train = lambda mode=True: model


def other_layout(model):
    model.to(memory_format=torch.channels_last)


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
    "gradients cleared": (clears_gradients, "gradients-cleared", False),
    "note": (notes_something, "attributes-changed", False),
    "eps of a norm": (sets_eps, "attributes-changed", False),
    "a method hidden": (hides_train, "attributes-changed", False),
    "layout": (other_layout, "layout-changed", False),
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


def _a_secret(mistake, name):
    """One of eight secrets, another for each answer: an answer that has luck with one of them is found."""
    return 201 + zlib.crc32(f"{mistake} {name}".encode()) % 8


@pytest.fixture
def costs_the_same(graded, request):
    """As in the folder above, on the public challenge and one secret: hundreds of answers take their time."""

    def check(exercise_id, answer, points, mistake, public=True):
        for seed in (*([None] if public else []), _a_secret(mistake, request.node.name)):
            verdict = graded(exercise_id, answer, seed)
            assert mistake in [finding.id for finding in verdict.findings], verdict
            assert verdict.points == pytest.approx(points), verdict

    return check


@pytest.fixture
def unreached():
    """``unreached(exercise_id, told)``: known mistakes that no test of a wrong answer (``told``, or beside) expects."""

    def ids(exercise_id, told):
        expected = {*told, *(mistake for _, mistake, _ in BESIDE.values())}
        return [mistake.id for mistake in find_exercise(exercise_id).mistakes if mistake.id not in expected]

    return ids
