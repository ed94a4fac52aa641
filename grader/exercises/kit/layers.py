"""Layers of the random networks. At module level, so that a whole network can be pickled."""

import torch
from torch import nn


class NormAct(nn.BatchNorm2d):
    """BatchNorm and activation in one, as timm's networks have it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.silu(super().forward(x))


class Gate(nn.Module):
    """Weighs the channels by their means, through a BatchNorm for vectors."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.norm(x.mean(dim=(2, 3))))[:, :, None, None]


class SteadyDropout(nn.Dropout):
    """Drops the first features in training mode, always the same ones: two right trainings end alike."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.p:
            return x
        kept = torch.arange(x.shape[1], device=x.device) >= max(1, round(self.p * x.shape[1]))
        return x * kept.view(1, -1, *[1] * (x.ndim - 2)) / (1 - self.p)


class Chain(nn.Sequential):
    """Calls its parts in the order ``order``, in whichever order they are registered."""

    order: list[str]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in self.order:
            x = getattr(self, name)(x)
        return x


class Network(nn.Module):
    """A parameter of its own in front of its parts, which are called in the order ``order``."""

    def __init__(self, registered: dict[str, nn.Module], order: list[str]) -> None:
        super().__init__()
        self.contrast = nn.Parameter(torch.ones(3, 1, 1))
        for name, part in registered.items():
            self.add_module(name, part)
        self._order = order

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.contrast
        for name in self._order:
            x = getattr(self, name)(x)
        return x
