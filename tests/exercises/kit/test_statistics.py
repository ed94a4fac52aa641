"""Settled statistics: moved, and the same to the last bit however the sums are made."""

import numpy as np
import pytest
import torch

from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.statistics import settle_statistics
from grader.exercises.kit.tensors import is_weight, moved, snapshot


@pytest.fixture
def threads():
    """Set the number of threads, and put it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def settled(spec, order=slice(None)):
    model = network(spec)
    images = torch.rand((32, 3, spec["size"], spec["size"]), generator=torch.Generator().manual_seed(1))
    settle_statistics(model, lambda copied: copied(images[order].double()))
    return snapshot(model)


@pytest.mark.parametrize("seed", range(12))
def test_another_order_of_sums_and_another_number_of_threads_give_the_same_bits(seed, threads):
    spec = network_spec(np.random.default_rng(seed), nested=True)
    threads(1)
    one = settled(spec)
    threads(2)
    assert moved(one, settled(spec)) == []
    assert moved(one, settled(spec, torch.arange(31, -1, -1))) == []


def test_weights_stay_and_statistics_move():
    spec = network_spec(np.random.default_rng(0), nested=False)
    changed = moved(snapshot(network(spec)), settled(spec))
    assert changed
    assert not any(map(is_weight, changed))
    assert all(values.dtype != np.float64 for values in settled(spec).values())
