"""Features of a frozen prefix, computed once and kept.

While the prefix is frozen, in eval mode, and its input is not changed from epoch to epoch, its output
for an image never changes: computing it once is the same computation, and far less of it.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from grader.errors import CourseError
from grader.lab.batches import FlipsItself, LabelledImages, flip_images
from grader.lab.interruption import told_in_one_sentence
from grader.lab.progress_bar import ProgressBar
from grader.lab.training import device

if TYPE_CHECKING:
    from timm.models.efficientnet import EfficientNet


def split_backbone(model: "EfficientNet", stages: int | None = None) -> tuple[nn.Sequential, nn.Sequential]:
    """Cut a network in two so that ``rest(prefix(images))`` is ``model(images)``.

    Both parts share their weights with ``model``.

    Args:
        stages: how many of the seven stages (``model.blocks``) belong to the prefix. By default the
            prefix is everything but the classifier, so that ``rest`` is the head alone.

    Raises:
        CourseError: there is no such number of stages.
    """
    total = len(model.blocks)
    if stages is not None and not 0 <= stages <= total:
        raise CourseError(f"The network has {total} stages: choose between 0 and {total}, not {stages}.")
    stem = [model.conv_stem, model.bn1]
    tail = [model.conv_head, model.bn2, model.global_pool]
    if stages is None:
        return nn.Sequential(*stem, *model.blocks, *tail), nn.Sequential(model.classifier)
    return (
        nn.Sequential(*stem, *model.blocks[:stages]),
        nn.Sequential(*model.blocks[stages:], *tail, model.classifier),
    )


@torch.inference_mode(False)  # what moves to a device in inference mode can never be trained again
def compute_features(
    prefix: nn.Module,
    data: LabelledImages,
    indices: np.ndarray,
    batch_size: int = 64,
    flip: tuple[bool, bool] = (False, False),
    dtype: torch.dtype = torch.float32,
    progress: ProgressBar | None = None,
) -> torch.Tensor:
    """Output of a frozen prefix for the images at ``indices``, in eval mode, on the CPU.

    The prefix moves to ``device()`` and stays there.

    Args:
        flip: whether to flip every image left-right, and up-down, before the prefix sees it. Where ``data``
            are features themselves, the images that they were made of.
        dtype: in which to keep the features; ``torch.float16`` takes half the memory and rounds to 3 digits.
        progress: moved on by the number of images, batch by batch.

    Returns:
        Shape ``(n, 1280)`` for the whole backbone; ``(n, channels, height, width)`` for less.
    """
    was_training, where = prefix.training, device()
    prefix.to(where).eval()
    features = torch.empty(0)
    for start in range(0, len(indices), batch_size):
        part = indices[start : start + batch_size]
        images = _flipped(data, part, flip)
        with torch.inference_mode():
            computed = prefix(images.to(where)).cpu()
        if start == 0:  # filled in place: parts that are joined at the end need the memory twice
            features = torch.empty(len(indices), *computed.shape[1:], dtype=dtype)
        features[start : start + len(part)] = computed
        if progress is not None:
            progress.update(len(part))
    prefix.train(was_training)
    return features


def _flipped(data: LabelledImages, indices: np.ndarray, flip: tuple[bool, bool]) -> torch.Tensor:
    """A batch, every image flipped in the same way; features of flipped images are not flipped features."""
    flips = np.repeat([[flip[0]], [flip[1]]], len(indices), axis=1)
    if any(flip) and isinstance(data, FlipsItself):
        return data.flipped_batch(indices, flips)
    return flip_images(data.batch(indices), flips)


class CachedFeatures:
    """A data set whose "images" are the features of another one's; the same indices name the same images.

    Args:
        prefix: the frozen part of a network.
        data: the images.
        indices: int64, shape ``(n,)``: for which images to compute and keep the features.
        flips: keep the features of each image's four flipped versions too, so that training may flip. The
            prefix must see the flipped image: the features of a flipped image are not the flipped features.
        dtype: see ``compute_features``; batches are float32 all the same.
        name: of a progress bar that moves meanwhile; "" for none.

    Raises:
        Interrupted: the user pressed the stop button meanwhile.
    """

    def __init__(
        self,
        prefix: nn.Module,
        data: LabelledImages,
        indices: np.ndarray,
        flips: bool = False,
        dtype: torch.dtype = torch.float32,
        name: str = "",
    ) -> None:
        self._data = data
        self._row = {int(index): row for row, index in enumerate(indices)}
        ways = [(False, False), (True, False), (False, True), (True, True)] if flips else [(False, False)]
        total = len(ways) * len(indices)
        with (
            ProgressBar(total, name, "image") as bar,
            told_in_one_sentence(
                lambda: f"{name}: stopped after {bar.n} of {total} images." if name else "You stopped it."
            ),
        ):
            self._features = [
                compute_features(prefix, data, indices, flip=way, dtype=dtype, progress=bar) for way in ways
            ]

    @property
    def megabytes(self) -> float:
        """Memory that the features take, in units of 10⁶ bytes."""
        return sum(part.numel() * part.element_size() for part in self._features) / 1e6

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Features of the images at ``indices``: float32, first dimension ``len(indices)``."""
        return _as_batch(self._features[0][self._rows(indices)])

    def flipped_batch(self, indices: np.ndarray, flips: np.ndarray) -> torch.Tensor:
        """Features of the flipped images: float32; ``flips`` is bool ``(2, n)``, left-right and up-down.

        Raises:
            CourseError: the features were made without ``flips=True``.
        """
        if len(self._features) == 1:
            raise CourseError(
                "These features were cached without flips: make them with `flips=True`, "
                "or give `Batches` `flip=False`."
            )
        ways = flips[0] + 2 * flips[1].astype(int)
        rows = self._rows(indices)
        drawn = [self._features[way][row] for way, row in zip(ways, rows, strict=True)]
        return _as_batch(torch.stack(drawn))

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """Labels of the images at ``indices``, as the images' own data set gives them."""
        return self._data.labels(indices)

    def _rows(self, indices: np.ndarray) -> list[int]:
        try:
            return [self._row[int(index)] for index in indices]
        except KeyError as missing:
            raise CourseError(
                f"Image {missing} has no cached features: name it when the cache is made."
            ) from None


def _as_batch(features: torch.Tensor) -> torch.Tensor:
    """float32, and images in ``channels_last`` order, as the network's weights lie."""
    features = features.float()
    return features.contiguous(memory_format=torch.channels_last) if features.ndim == 4 else features
