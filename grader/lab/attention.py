"""Where a network looks: Grad-CAM, through Captum."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from timm.models.efficientnet import EfficientNet


def where_it_looks(model: "EfficientNet", images: torch.Tensor, wanted: torch.Tensor) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) of the last convolution's output.

    The model comes back as it was given: the mode of each layer, flags and gradients.

    Args:
        images: float32, ``(N, 3, H, W)``.
        wanted: int64, ``(N,)``: for which class each image is asked.

    Returns:
        float32, ``(N, H, W)``, from 0 to 1: how much each place speaks *for* the class; 0 everywhere where
        nothing does.
    """
    from captum.attr import LayerGradCam  # half a second, which no other cell needs

    where = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode(False), torch.enable_grad():
            # Grad-CAM needs the gradient at the layer. Through the images it comes there, however much of the
            # model is frozen.
            followed = images.detach().to(where).clone().requires_grad_()
            maps = LayerGradCam(model, model.bn2).attribute(
                followed, target=wanted.to(where), relu_attributions=True
            )
    finally:
        for module, mode in modes.items():
            module.training = mode
    maps = F.interpolate(maps.detach(), size=images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    highest = maps.amax(dim=(1, 2), keepdim=True)
    return (maps / highest.clamp(min=1e-12)).cpu().numpy()
