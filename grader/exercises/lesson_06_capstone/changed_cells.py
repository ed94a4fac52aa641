"""Solar cells that no table holds: photographs of the data set, moved, turned and lit a little otherwise."""

from typing import Any

import numpy as np

# Less than what one photograph of ELPV differs from the next in its cut and its exposure.
_DEGREES, _SHIFT, _SCALE = 1.5, 0.01, 0.02  # a turn; a share of the side; a share of the size
_LIGHT, _OFFSET = 0.04, 3.0  # a share of the grey values, and grey values


def slightly_changed(photographs: Any, seed: int) -> Any:
    """Each photograph turned, moved, scaled, and a little brighter or darker, each by amounts of its own.

    Args:
        photographs: uint8 tensor ``(N, S, S)``.
        seed: of the amounts; the same seed gives the same photographs.

    Returns:
        uint8 tensor of the same shape. Every photograph differs from its original in most pixels.
    """
    import torch
    from torch.nn import functional as F

    rng = np.random.default_rng(seed)
    count = len(photographs)
    turns = np.deg2rad(_away_from_zero(rng, count) * _DEGREES)
    sizes = 1 + _away_from_zero(rng, count) * _SCALE
    places = np.zeros((count, 2, 3))
    places[:, 0, 0] = places[:, 1, 1] = np.cos(turns) * sizes
    places[:, 0, 1], places[:, 1, 0] = -np.sin(turns) * sizes, np.sin(turns) * sizes
    for axis in (0, 1):
        places[:, axis, 2] = 2 * _SHIFT * _away_from_zero(rng, count)  # the side is two units long
    gain, offset = 1 + _LIGHT * _away_from_zero(rng, count), _OFFSET * _away_from_zero(rng, count)

    def column(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values).float()[:, None, None, None]

    images = photographs[:, None].float()
    grid = F.affine_grid(torch.from_numpy(places).float(), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return (moved * column(gain) + column(offset)).round().clamp(0, 255).to(torch.uint8)[:, 0]


def _away_from_zero(rng: np.random.Generator, count: int) -> np.ndarray:
    """From -1 to -0.4 or from 0.4 to 1, so that none stays as it is."""
    return rng.uniform(0.4, 1.0, size=count) * rng.choice([-1.0, 1.0], size=count)
