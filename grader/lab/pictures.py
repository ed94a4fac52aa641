"""Images and photographs side by side, with captions."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from grader.lab.plots import show


def image_grid(images: np.ndarray, captions: Sequence[str], title: str, alt: str, columns: int = 4) -> None:
    """Show images in a grid, each with a caption.

    Args:
        images: uint8 or floats in 0…1, shape ``(n, height, width)`` for grey or ``(n, height, width, 3)``.
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(2.1 * columns, 2.4 * rows + 0.4), layout="constrained")
    figure.suptitle(title)
    for number, ax in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        ax.axis("off")
        if number < len(images):
            ax.imshow(images[number], cmap="gray")
            ax.set_title(textwrap.fill(captions[number], 24), fontsize=9)
    show(figure, alt)


def photo_row(photos: Mapping[str, Image.Image], title: str, alt: str) -> None:
    """Show photographs side by side under their names, each cut to a square."""
    figure = Figure(figsize=(2.6 * len(photos), 3.0), layout="constrained")
    figure.suptitle(title)
    for (name, photo), ax in zip(
        photos.items(), figure.subplots(1, len(photos), squeeze=False).flat, strict=True
    ):
        ax.imshow(ImageOps.fit(photo, (300, 300)))
        ax.set_title(name, fontsize=10)
        ax.axis("off")
    show(figure, alt)
