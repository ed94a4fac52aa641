"""What cannot come home stays where it is; on the CPU there is nothing to be done.

``tests/accelerator`` brings models home from a device.
"""

import torch
from torch import nn

from grader.exercises.machine.asking import ask
from grader.exercises.machine.devices import bring_home


def test_a_model_of_the_cpu_is_left_alone():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {name: id(tensor) for name, tensor in model.state_dict(keep_vars=True).items()}
    bring_home([model, {"again": (model,)}], [model])
    assert {name: id(tensor) for name, tensor in model.state_dict(keep_vars=True).items()} == before


def test_what_holds_no_numbers_stays():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta"), nn.LazyLinear(3))
    assert ask(lambda model: model, model) is model
    assert model[1].weight.device.type == "meta"


def test_any_object_may_be_given():
    loop = []
    loop.append(loop)
    bring_home([None, 3, "text", torch.ones(2), print], [loop])


def test_a_module_that_cannot_be_looked_at_is_left_to_the_check():
    class Unmade(nn.Module):
        def __init__(self):
            pass  # PyTorch's own was forgotten: it has no parameters that could be listed

    unmade = Unmade()
    assert ask(lambda: unmade) is unmade
