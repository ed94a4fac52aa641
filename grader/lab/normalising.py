"""From pixels to what the pretrained backbone wants."""

import numpy as np
import torch

from grader.errors import CourseError
from grader.lab.backbone import MEAN, STD


def network_input(photographs: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Photographs as the backbone wants them: float32, ``(N, 3, H, W)``, from -1 to 1.

    Args:
        photographs: uint8, grey ``(N, H, W)`` or RGB ``(N, H, W, 3)``. Grey goes into all three channels.

    Normalised as the backbone was trained, in ``channels_last`` order.

    Raises:
        CourseError: other numbers than uint8, or another shape.
    """
    if not isinstance(photographs, torch.Tensor):
        # PyTorch takes no negative strides (a flipped array) and warns of read-only memory (a prepared file).
        photographs = torch.from_numpy(np.array(photographs))
    grey = photographs.ndim == 3
    if photographs.dtype != torch.uint8 or not (
        grey or (photographs.ndim == 4 and photographs.shape[3] == 3)
    ):
        raise CourseError(
            "network_input takes uint8 photographs (0 to 255), grey (N, H, W) or RGB (N, H, W, 3), not "
            f"{str(photographs.dtype).removeprefix('torch.')} of shape {tuple(photographs.shape)}."
        )
    pixels = photographs.float().div_(255).sub_(MEAN).div_(STD)
    images = pixels[:, None].expand(-1, 3, -1, -1) if grey else pixels.permute(0, 3, 1, 2)
    return images.contiguous(memory_format=torch.channels_last)
