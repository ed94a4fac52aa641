"""An optimizer's groups as evidence, whatever a student put into them."""

import math

import torch
from torch import nn

from grader.exercises.kit.optimizer_groups import Group, groups_of


def test_groups_name_the_models_parameters_and_hold_plain_numbers():
    model, other = nn.Linear(2, 2), nn.Linear(2, 2)
    optimizer = torch.optim.SGD(
        [{"params": [model.bias], "lr": torch.tensor(0.5)}, {"params": [model.weight, other.bias]}], lr=0.25
    )
    optimizer.param_groups[1]["momentum"] = "much"
    del optimizer.param_groups[1]["nesterov"]
    first, second = [Group.model_validate(group) for group in groups_of(optimizer, model)]
    assert (first.names, first.lr, first.momentum) == (["bias"], 0.5, 0.0)
    assert (second.names, second.lr, second.nesterov) == (["weight", ""], 0.25, 0.0)
    assert math.isnan(second.momentum)
