"""New linear layers that start alike, however many random numbers were drawn before them."""

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def same_new_layers(seed: int) -> Iterator[None]:
    """Inside, every new ``nn.Linear`` (a lazy one too) of one shape starts with the same weights.

    So two right answers end at the same place, though one draws its head's weights earlier than the other.
    Layers that are initialised in another way are as they are.
    """
    import torch
    from torch import nn

    original = nn.Linear.reset_parameters

    def reset(layer: Any) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            original(layer)

    nn.Linear.reset_parameters = reset  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Linear.reset_parameters = original  # type: ignore[method-assign]
