"""Move a model to its device, and notice where that leaves its optimizer behind."""

import torch
from torch import nn

from grader.errors import CourseError


def move_with_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, where: torch.device) -> None:
    """Move ``model`` in place, and insist that ``optimizer`` holds its parameters afterwards.

    On CUDA a model keeps its parameters when it moves. On other devices (XLA) it gets new ones, and an
    optimizer from before the move then trains nothing. So PyTorch asks for the order that is right on all of
    them (documentation of ``torch.nn.Module.cuda``).

    The optimizer may hold more than the model has, such as all of a network's parameters where ``model`` is
    its head.

    Raises:
        CourseError: nothing that the optimizer holds is the model's, or the move left some of it behind.
    """
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    before = set(map(id, model.parameters()))
    model.to(where)
    after = set(map(id, model.parameters()))
    if held & (before - after) or not held & after:
        raise CourseError(
            "The optimizer does not hold the parameters of this model, so that they would not be trained: "
            "move the model with `model.to(lab.device())` first, then make the optimizer from "
            "`model.parameters()`."
        )
