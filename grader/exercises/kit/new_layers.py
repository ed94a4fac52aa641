"""New linear layers that start alike, however many random numbers were drawn before them."""

import contextlib
from collections.abc import Iterator
from typing import Any

from grader.exercises.machine.random_numbers import random_numbers_from


@contextlib.contextmanager
def same_new_layers(seed: int) -> Iterator[None]:
    """Inside, every new ``nn.Linear`` (a lazy one too) of one shape starts with the same weights.

    So two right answers end at the same place, though one draws its head's weights earlier than the other.
    Layers that are initialised in another way are as they are. On an accelerator they start as on the CPU.
    """
    import torch
    from torch import nn

    original = nn.Linear.reset_parameters

    def reset(layer: Any) -> None:
        if layer.weight.device.type in ("cpu", "meta"):
            with random_numbers_from(seed):
                original(layer)
            return
        # An accelerator draws other numbers of the same seed.
        twin = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None, device="cpu")
        with torch.no_grad():
            for own, of_twin in zip(layer.parameters(), twin.parameters(), strict=True):
                own.copy_(of_twin)

    nn.Linear.reset_parameters = reset  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Linear.reset_parameters = original  # type: ignore[method-assign]
