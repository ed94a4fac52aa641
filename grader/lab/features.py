"""Features of a frozen prefix, computed once and kept.

While the prefix is frozen, in eval mode, and its input is not changed from epoch to epoch, its output
for an image never changes: computing it once is the same computation, and far less of it.
"""

import numpy as np
import torch
from timm.models.efficientnet import EfficientNet
from torch import nn

from grader.errors import CourseError
from grader.lab.training import LabelledImages, device


def split_backbone(model: EfficientNet, stages: int | None = None) -> tuple[nn.Sequential, nn.Sequential]:
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


@torch.inference_mode()
def compute_features(
    prefix: nn.Module, data: LabelledImages, indices: np.ndarray, batch_size: int = 64
) -> torch.Tensor:
    """Output of a frozen prefix for the images at ``indices``, in eval mode, on the CPU.

    Returns:
        float32, shape ``(n, 1280)`` for the whole backbone; ``(n, channels, height, width)`` for less.
    """
    was_training = prefix.training
    prefix.to(device()).eval()
    parts = [indices[start : start + batch_size] for start in range(0, len(indices), batch_size)]
    features = torch.cat([prefix(data.batch(part).to(device())).float().cpu() for part in parts])
    prefix.train(was_training)
    return features.clone()  # a plain tensor: one made in inference mode could not be trained on


class CachedFeatures:
    """A data set whose "images" are the features of another one's; the same indices name the same images.

    Args:
        prefix: the frozen part of a network.
        data: the images.
        indices: int64, shape ``(n,)``: for which images to compute and keep the features.
    """

    def __init__(self, prefix: nn.Module, data: LabelledImages, indices: np.ndarray) -> None:
        self._data = data
        self._row = {int(index): row for row, index in enumerate(indices)}
        self._features = torch.empty(0)
        if len(indices):
            self._features = compute_features(prefix, data, indices)

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Features of the images at ``indices``: float32, first dimension ``len(indices)``."""
        try:
            return self._features[[self._row[int(index)] for index in indices]]
        except KeyError as missing:
            raise CourseError(
                f"Image {missing} has no cached features: name it when the cache is made."
            ) from None

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """Labels of the images at ``indices``: int64, shape ``(len(indices),)``."""
        return self._data.labels(indices)
