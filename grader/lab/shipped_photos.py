"""Three photographs that ship inside pip packages, so that no lesson needs the network."""

import numpy as np
from PIL import Image


def sample_photos() -> dict[str, Image.Image]:
    """A cat and a cup of coffee (scikit-image), and a flower (scikit-learn), as RGB images."""
    from skimage import data  # a second for both, which most cells do not need
    from sklearn.datasets import load_sample_image

    arrays = {"cat": data.chelsea(), "coffee": data.coffee(), "flower": load_sample_image("flower.jpg")}
    return {name: Image.fromarray(np.ascontiguousarray(pixels)) for name, pixels in arrays.items()}
