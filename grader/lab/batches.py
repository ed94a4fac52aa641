"""Mini-batches of labelled images, shuffled and flipped."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch

from grader.errors import CourseError


class LabelledImages(Protocol):
    """What the lessons ask of a data set: normalised images and labels, by index."""

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """float32 images, shape ``(len(indices), 3, height, width)``."""

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """int64 labels, shape ``(len(indices),)``."""


@runtime_checkable
class FlipsItself(Protocol):
    """A data set that must flip its images before it computes something from them."""

    def flipped_batch(self, indices: np.ndarray, flips: np.ndarray) -> torch.Tensor:
        """The batch of the flipped images; ``flips`` as ``draw_flips`` gives them."""


@dataclass(frozen=True)
class Batches:
    """A fixed number of shuffled mini-batches, each image flipped at random.

    Every image is drawn once before any is drawn again. A cell has no up or down, and no left or
    right, so a flip gives another cell that could have been photographed.

    Args:
        data: the images.
        indices: int64, shape ``(n,)``: the images to draw from.
        steps: how many batches to give.
        seed: of order and flips; independent of PyTorch's global random numbers.
        flip: whether to flip each image, half of them left-right, half of them up-down.
    """

    data: LabelledImages
    indices: np.ndarray
    steps: int
    batch_size: int = 32
    seed: int = 0
    flip: bool = True

    def __post_init__(self) -> None:
        if len(self.indices) == 0 or self.steps < 1 or self.batch_size < 1:
            raise CourseError("Batches needs at least one image, one step and a batch size of one or more.")

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        rng = np.random.default_rng(self.seed)
        queue = np.empty(0, dtype=np.int64)
        for _ in range(self.steps):
            while len(queue) < self.batch_size:
                queue = np.concatenate([queue, rng.permutation(self.indices)])
            drawn, queue = queue[: self.batch_size], queue[self.batch_size :]
            yield self._images(drawn, rng), self.data.labels(drawn)

    def _images(self, drawn: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        if not self.flip:
            return self.data.batch(drawn)
        flips = draw_flips(len(drawn), rng)
        if isinstance(self.data, FlipsItself):
            return self.data.flipped_batch(drawn, flips)
        return flip_images(self.data.batch(drawn), flips)


def draw_flips(count: int, rng: np.random.Generator) -> np.ndarray:
    """Which images to flip, each way with probability ½: bool, ``(2, count)``, left-right and up-down."""
    return rng.random((2, count)) < 0.5


def flip_images(images: torch.Tensor, flips: np.ndarray) -> torch.Tensor:
    """A copy of a batch ``(N, C, H, W)`` with the chosen images flipped; ``flips`` as in ``draw_flips``."""
    images = images.clone()
    for axis, chosen in zip((-1, -2), torch.from_numpy(flips), strict=True):
        images[chosen] = images[chosen].flip(axis)
    return images
