"""Flowers102, where this machine is online: 102 kinds of flowers, through torchvision.

Source: Nilsback and Zisserman, "Automated flower classification over a large number of classes", 2008.
"""

import io
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import torch
from PIL import Image, ImageOps

from grader.lab.cache import cache_folder, exclusive, write_whole
from grader.lab.normalising import network_input
from grader.lab.progress_bar import ProgressBar

if TYPE_CHECKING:
    from torchvision.datasets import Flowers102

_PARTS = ("train", "val")  # ten photographs of each kind in each; the 6,149 of "test" stay untouched
_DOWNLOAD_BYTES = 400_000_000
_PATIENCE = 3.0  # seconds to wait for an answer from the data set's server


@dataclass(frozen=True)
class Flowers:
    """The prepared flowers; the lessons read them like the solar cells.

    Attributes:
        images: uint8, shape ``(n, size, size, 3)``, RGB, cut to a square.
        kinds: int64, shape ``(n,)``, from 0 to 101.
        train: int64: indices of the training photographs.
        test: int64: indices of the held-out ones (the data set's validation part).
    """

    images: np.ndarray
    kinds: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Images for the backbone: float32, ``(len(indices), 3, size, size)``, from -1 to 1."""
        return network_input(self.images[indices])

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """Kinds of the flowers at ``indices``: int64, shape ``(len(indices),)``."""
        return torch.from_numpy(self.kinds[indices])


def load_flowers(size: int = 96) -> Flowers | None:
    """The flowers at ``size`` × ``size`` pixels, fetched on first use; None where that is not possible.

    Then one line says why, and the lesson goes on without.

    Raises:
        CourseError: the cache cannot be written.
    """
    path = cache_folder() / f"flowers-{size}.npz"
    if not path.is_file() and not prepare_flowers(size):
        return None
    with np.load(path, allow_pickle=False) as stored:
        return Flowers(stored["images"], stored["kinds"], stored["train"], stored["test"])


def prepare_flowers(size: int = 96) -> bool:
    """Fetch Flowers102 through torchvision and store it small; say in one line if it cannot be had."""
    with exclusive("flowers", bytes_needed=_DOWNLOAD_BYTES) as folder:
        path = folder / f"flowers-{size}.npz"
        if path.is_file():
            return True
        try:
            parts = [_part(folder, name) for name in _PARTS]
        except (OSError, RuntimeError) as problem:
            print(f"The flowers are skipped: {problem}")
            return False
        images, kinds = [], []
        with ProgressBar(sum(map(len, parts)), "flowers", "photograph") as bar:
            for photo, kind in (pair for part in parts for pair in part):
                cut = ImageOps.fit(photo.convert("RGB"), (size, size), Image.Resampling.BICUBIC)
                images.append(np.asarray(cut))
                kinds.append(kind)
                bar.update()
        ends = np.cumsum([len(part) for part in parts])
        content = io.BytesIO()
        np.savez(
            content,
            images=np.stack(images),
            kinds=np.array(kinds, dtype=np.int64),
            train=np.arange(ends[0]),
            test=np.arange(ends[0], ends[1]),
        )
        write_whole(path, content.getvalue())
    return True


def _part(folder, name: str) -> "Flowers102":
    from torchvision.datasets import Flowers102

    try:
        return Flowers102(folder, split=name, download=False)
    except RuntimeError:  # not there, or not whole
        server = urlsplit(Flowers102._download_url_prefix).hostname
        try:
            socket.create_connection((server, 443), timeout=_PATIENCE).close()
        except OSError:
            raise OSError("this machine does not reach the data set's server.") from None
        return Flowers102(folder, split=name, download=True)
