"""Memory of training, counted: exact on networks that can be computed by hand."""

import copy

import pytest
import torch
from torch import nn

from grader.lab import memory

FLOAT, INT = 4, 8  # bytes of a float32 and an int64
N = 5  # images
# What cross-entropy keeps of N images and two classes: the log-probabilities, the labels, one total weight.
LOSS = N * 2 * FLOAT + N * INT + FLOAT


@pytest.fixture
def images():
    return torch.randn(N, 3, 4, 4)


def flat(*layers):
    return nn.Sequential(nn.Flatten(), *layers)


def test_a_linear_layer_keeps_its_input(images):
    assert memory.stored_activations(flat(nn.Linear(48, 2)), images) == (N * 48 * FLOAT + LOSS) / 1e6


def test_two_layers_keep_both_inputs_and_the_relu_shares_its_output(images):
    """ReLU keeps its output, which is the second layer's input: one storage, counted once."""
    model = flat(nn.Linear(48, 7), nn.ReLU(), nn.Linear(7, 2))
    assert memory.stored_activations(model, images) == (N * (48 + 7) * FLOAT + LOSS) / 1e6


def test_a_frozen_first_layer_keeps_nothing(images):
    model = flat(nn.Linear(48, 7), nn.ReLU(), nn.Linear(7, 2))
    model[1].requires_grad_(False)
    assert memory.stored_activations(model, images) == (N * 7 * FLOAT + LOSS) / 1e6


def test_a_frozen_top_keeps_its_weights_only(images):
    """The gradient passes through a frozen layer by its weights, which are the model's own."""
    model = flat(nn.Linear(48, 7), nn.Linear(7, 2))
    model[2].requires_grad_(False)
    assert memory.stored_activations(model, images) == (N * 48 * FLOAT + LOSS) / 1e6


def test_where_nothing_trains_nothing_is_kept(images):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    assert memory.stored_activations(model.requires_grad_(False), images) == 0


def test_it_counts_inside_no_grad_too(images):
    with torch.no_grad():
        assert memory.stored_activations(flat(nn.Linear(48, 2)), images) > 0


@pytest.mark.parametrize("training", [True, False])
def test_model_and_random_numbers_stay(images, training):
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(16, 2),
    ).train(training)
    model[0].weight.grad = torch.ones_like(model[0].weight)
    state, random_numbers = copy.deepcopy(model.state_dict()), torch.get_rng_state()

    memory.stored_activations(model, images)

    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_numbers)
    assert model.training == training
    assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
    assert model[5].weight.grad is None


def test_statistics_come_back_when_the_model_fails(images):
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(7, 2))  # 48 numbers, not 7
    with pytest.raises(RuntimeError):
        memory.stored_activations(model, images)
    assert model[0].num_batches_tracked == 0
    assert torch.equal(model[0].running_mean, torch.zeros(3))


def test_megabytes_counts_a_shared_storage_once():
    tensor = torch.zeros(1000)
    assert memory.megabytes([tensor, tensor[10:], tensor.view(10, 100), None]) == 0.004
    assert memory.megabytes([tensor, torch.zeros(1000)]) == 0.008
    assert memory.megabytes([torch.zeros(1000, dtype=torch.float16)]) == 0.002
    assert memory.megabytes([]) == 0


def test_gradients_and_adam(images):
    model = flat(nn.Linear(48, 7), nn.Linear(7, 2))
    model[1].requires_grad_(False)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
    assert (memory.gradients(model), memory.optimizer_state(optimizer)) == (0, 0)
    model(images).sum().backward()
    optimizer.step()
    assert memory.gradients(model) == 16 * FLOAT / 1e6  # 7 × 2 weights and 2 biases
    # Two moments of each number, and a step counter of each of the two tensors.
    assert memory.optimizer_state(optimizer) == (2 * 16 + 2) * FLOAT / 1e6


def test_plain_sgd_keeps_nothing(images):
    model = flat(nn.Linear(48, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(images).sum().backward()
    optimizer.step()
    assert memory.optimizer_state(optimizer) == 0
