"""A student's GPU is nothing that a check punishes: models on a device are judged as on the CPU.

As on CUDA: a check's networks have parts in float64, which MPS cannot hold, and shared weights, which a
device that makes new parameters unties (XLA; PyTorch Lightning's documentation, "TPU training (Advanced)").
"""

import contextlib
import copy
import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._pytree import tree_map

from grader.exercises import all_exercises, try_answer
from grader.exercises.machine.quiz_exercise import QuizExercise
from tests.accelerator import rules
from tests.conftest import TRAINED

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("as_on_cuda")]
IDS = [one.id for one in all_exercises() if not isinstance(one, QuizExercise) and one.id not in TRAINED]


@pytest.fixture
def as_on_cuda(soft):
    with rules.as_on_cuda():
        yield


def moved(values, device):
    """Models in place, and tensors, of whatever lists and dicts."""
    return tree_map(lambda one: one.to(device) if isinstance(one, nn.Module | torch.Tensor) else one, values)


def moving_first(function, device):
    """An answer that moves all that it is given, and makes its own tensors and layers there."""

    @functools.wraps(function)
    def answer(*given, **named):
        given, named = moved((given, named), device)
        with device:
            return function(*given, **named)

    return answer


def moving_afterwards(function, device):
    """An answer that leaves on the device what it was given and what it returns."""

    @functools.wraps(function)
    def answer(*given, **named):
        result = function(*given, **named)
        moved((given, named), device)
        return moved(result, device)

    return answer


def with_each_function(change, answer, device):
    if isinstance(answer, tuple):
        return tuple(with_each_function(change, one, device) for one in answer)
    return change(answer, device) if callable(answer) else answer


def told(verdict):
    return verdict.points, [finding.id for finding in verdict.findings]


@pytest.mark.parametrize("change", [moving_first, moving_afterwards])
@pytest.mark.parametrize("exercise", IDS)
def test_the_reference_answer_earns_every_point_on_a_device(exercise, change, answers_of_the_solutions, soft):
    answer = with_each_function(change, answers_of_the_solutions[exercise], soft)
    assert try_answer(exercise, answer).passed


def training_step(loss=F.cross_entropy, clear=True, training=True, after_backward=lambda model: None):
    """``scratch.training_step``, with one thing changed."""

    def step(model, images, labels, optimizer):
        model.train(training)
        if clear:
            optimizer.zero_grad()
        value = loss(model(images), labels)
        value.backward()
        after_backward(model)
        optimizer.step()
        return value.item()

    return step


def clip(model):
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)


WRONG = {
    "gradient-enlarged": training_step(loss=lambda logits, y: F.cross_entropy(logits, y, reduction="sum")),
    "softmax-twice": training_step(loss=lambda logits, y: F.cross_entropy(logits.softmax(dim=1), y)),
    "labels-smoothed": training_step(loss=lambda logits, y: F.cross_entropy(logits, y, label_smoothing=0.1)),
    "labels-zero": training_step(loss=lambda logits, y: F.cross_entropy(logits, torch.zeros_like(y))),
    "gradients-pile-up": training_step(clear=False),
    "gradient-shrunk": training_step(after_backward=clip),
    "other-mode": training_step(training=False),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_recognised_on_a_device(mistake, soft):
    here = told(try_answer("scratch.training_step", WRONG[mistake]))
    assert mistake in here[1]
    assert told(try_answer("scratch.training_step", moving_first(WRONG[mistake], soft))) == here


def test_a_check_takes_no_random_numbers_from_the_device(answers_of_the_solutions, soft):
    torch.manual_seed(7)  # not the one that checks begin with
    for exercise in ("scratch.training_step", "scratch.find_the_bug"):
        answer = with_each_function(moving_first, answers_of_the_solutions[exercise], soft)
        assert try_answer(exercise, answer).passed
    drawn = torch.rand(3, device=soft)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(3, device=soft), drawn)


def test_dropout_is_that_of_the_device_and_is_drawn_again_for_the_gradients_that_should_be(soft):
    """The watch compares with a copy of the model, which must drop the same features and disturb none."""
    from grader.exercises.kit.batches import KnownBatches
    from grader.exercises.kit.training_watch import TrainingWatch

    batches = [(torch.rand(8, 3, 2, 2), torch.arange(8) % 2) for _ in range(2)]

    def losses(model, watch):
        torch.manual_seed(7)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with watch:
            return [training_step()(model, x.to(soft), y.to(soft), optimizer) for x, y in batches]

    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 2)).to(soft)
    twin = copy.deepcopy(model)
    watch = TrainingWatch(model, KnownBatches({"batch": batches}))
    assert losses(model, watch) == losses(twin, contextlib.nullcontext())
    assert [(step["batch"], step["gradient"]) for step in watch.steps] == [
        ("batch 0", "right"),
        ("batch 1", "right"),
    ]


def test_new_layers_start_on_a_device_as_on_the_cpu(soft):
    from grader.exercises.kit.new_layers import same_new_layers

    with same_new_layers(3):
        here, there, bare = nn.Linear(4, 2), nn.Linear(4, 2, device=soft), nn.Linear(4, 2, False, device=soft)
    assert torch.equal(there.weight.cpu(), here.weight)
    assert torch.equal(there.bias.cpu(), here.bias)
    assert torch.equal(bare.weight, there.weight)


def test_a_half_moved_model_comes_home_with_all_that_is_on_it(soft):
    from grader.exercises.machine.devices import bring_home

    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)).to(soft)
    model(torch.rand(4, 3, device=soft)).sum().backward()
    model[0].requires_grad_(False).eval()
    model[2].cpu()
    parameters, gradient = list(model.parameters()), model[1].weight.grad.cpu()
    optimizer = torch.optim.Adam(model.parameters())
    bring_home([{"model": [model]}], [optimizer])
    assert {tensor.device.type for tensor in model.state_dict().values()} == {"cpu"}
    assert [*map(id, model.parameters())] == [*map(id, parameters)]
    assert torch.equal(model[1].weight.grad, gradient)
    assert (model[0].training, model[1].training, model[0].weight.requires_grad) == (False, True, False)


def test_the_state_of_an_optimizer_comes_home_if_it_is_new(soft):
    from grader.exercises.machine.devices import bring_home

    model = nn.Linear(3, 2).to(soft)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.rand(4, 3, device=soft)).sum().backward()
    optimizer.step()
    for given, returned, expected in (([optimizer], None, "soft"), ([], optimizer, "cpu")):
        bring_home(given, returned)
        assert optimizer.state[model.weight]["momentum_buffer"].device.type == expected
