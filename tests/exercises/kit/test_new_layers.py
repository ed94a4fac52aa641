"""New linear layers of one shape start alike inside, and as ever outside."""

import torch
from torch import nn

from grader.exercises.kit.new_layers import same_new_layers


def test_layers_of_one_shape_start_alike_whatever_was_drawn_before():
    with same_new_layers(7):
        first = nn.Linear(5, 3)
        torch.randn(11)
        second, lazy = nn.Linear(5, 3), nn.LazyLinear(3)
        lazy(torch.zeros(1, 5))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.weight, lazy.weight)


def test_outside_nothing_has_changed():
    with same_new_layers(7):
        inside = nn.Linear(5, 3)
    assert not torch.equal(nn.Linear(5, 3).weight, inside.weight)
    assert not torch.equal(nn.Linear(5, 3).weight, nn.Linear(5, 3).weight)
