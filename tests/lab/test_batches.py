"""In which order images come, and how they are flipped."""

import numpy as np
import pytest
import torch

from grader.errors import CourseError
from grader.lab.batches import Batches, draw_flips, flip_images


class Numbered:
    """Sixty-four "images" that differ, all of one class."""

    def __init__(self):
        self.images = torch.arange(64 * 12.0).reshape(64, 3, 2, 2)

    def batch(self, indices):
        return self.images[indices]

    def labels(self, indices):
        return torch.zeros(len(indices), dtype=torch.int64)


def test_batches_draw_every_image_before_any_twice():
    drawn = []

    class Watched(Numbered):
        def labels(self, indices):
            drawn.extend(indices.tolist())
            return super().labels(indices)

    list(Batches(Watched(), np.arange(10, 20), steps=5, batch_size=4))
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10, 20))


def test_batches_follow_their_seed_alone():
    elsewhere = iter(range(100))

    def images(seed):
        torch.manual_seed(next(elsewhere))
        return torch.cat([batch for batch, _ in Batches(Numbered(), np.arange(64), steps=3, seed=seed)])

    assert torch.equal(images(1), images(1))
    assert not torch.equal(images(1), images(2))


def test_batches_refuse_nothing_to_draw():
    with pytest.raises(CourseError, match="at least one image"):
        Batches(Numbered(), np.arange(0), steps=3)


def test_flips_keep_every_pixel_and_the_given_images():
    images = torch.arange(2 * 3 * 4 * 4.0).reshape(2, 3, 4, 4)
    before = images.clone()
    flipped = flip_images(images, draw_flips(2, np.random.default_rng(1)))
    assert torch.equal(images, before)
    assert torch.equal(flipped.flatten(1).sort().values, before.flatten(1))
    kinds = {
        tuple(flip_images(images[:1], draw_flips(1, np.random.default_rng(seed))).flatten().tolist())
        for seed in range(30)
    }
    assert len(kinds) == 4
