"""What training keeps in memory, counted exactly: a property of the network, not of the machine."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional as F


def megabytes(tensors: Iterable[torch.Tensor | None]) -> float:
    """Memory of the tensors, each storage once, in units of 10⁶ bytes."""
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in tensors
        if tensor is not None
    }
    return sum(storages.values()) / 1e6


def stored_activations(model: nn.Module, images: torch.Tensor) -> float:
    """Memory that autograd keeps between forward and backward, apart from the model's own tensors.

    One forward pass of ``images`` (float32, ``(N, 3, height, width)``) and of its mean cross-entropy, in the
    model's present mode; the images count where the first layer keeps them. Where nothing is trainable the
    answer is 0. Buffers, gradients and random numbers stay as they were.

    Returns:
        Units of 10⁶ bytes.

    Source: ``torch.autograd.graph.saved_tensors_hooks`` (PyTorch documentation, "Hooks for saved tensors").
    """
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            kept.append(tensor)
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    where = images.device
    drawn = torch.random.fork_rng([] if where.type == "cpu" else [where], device_type=where.type)
    try:
        with drawn, torch.enable_grad(), hooks:  # dropout draws random numbers, on the images' own device
            logits = model(images)
            F.cross_entropy(logits, torch.zeros(len(images), dtype=torch.long, device=logits.device))
    finally:
        with torch.no_grad():
            for name, buffer in model.named_buffers():  # BatchNorm's statistics moved
                buffer.copy_(buffers[name])
    return megabytes(kept)


def gradients(model: nn.Module) -> float:
    """Memory of the gradients that the parameters hold now, in units of 10⁶ bytes."""
    return megabytes(parameter.grad for parameter in model.parameters())


def optimizer_state(optimizer: torch.optim.Optimizer) -> float:
    """Memory of an optimizer's own tensors, such as Adam's two moments, in units of 10⁶ bytes."""
    tensors = [value for state in optimizer.state.values() for value in state.values()]
    return megabytes(tensor for tensor in tensors if isinstance(tensor, torch.Tensor))
