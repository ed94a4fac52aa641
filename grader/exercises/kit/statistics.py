"""Running statistics as a pretrained network has them, the same to the last bit on every machine."""

from collections.abc import Callable
from typing import Any


def settle_statistics(model: Any, forward: Callable[[Any], Any]) -> None:
    """Let ``forward`` move the statistics of ``model``'s BatchNorm layers, and round what comes of it.

    What a check expects is computed on another machine, or with another number of threads, than what an answer
    does. Sums of float32 differ there by a few last bits, and a tensor that "must stand still" would be found
    moved. So the sums are made in float64 and the statistics rounded to five decimals.

    Args:
        model: a float32 network in training mode; its weights stay what they are.
        forward: is given the model in float64 and calls it on float64 images, best of ``torch.rand``: its numbers
            have the same bits on every machine, those of ``randn`` do not.
    """
    import torch

    model.double()
    with torch.no_grad():
        forward(model)
        for name, buffer in model.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.copy_(buffer.round(decimals=5))
    model.float()
