"""Lessons on the soft device with little work: what a kernel runs before a lesson's first cell.

``begin()`` makes ``lab.device()`` answer the soft device and cuts down what costs time and shows nothing more
of a device: the pixels that a network sees, the images that are measured and cached, the steps of a training.
The lessons' own cells run as they are, apart from ``FEWER_STEPS``.
"""

import dataclasses
from typing import Any

import numpy as np

STEPS = 2  # of a training
IMAGES = 16  # that are computed where a lesson asks for hundreds; their results are repeated
PIXELS = 32  # a side, about, where more than eight images are computed at once
FLOWERS = 102

# By lesson: what a cell says, and what it says instead. Tiny networks of the CPU train in most of them.
FEWER_STEPS: dict[str, dict[str, str]] = {
    "01_scratch_vs_finetuning": {
        "2 * same_sign[:, 0] + same_sign[:, 1], 400)": "2 * same_sign[:, 0] + same_sign[:, 1], 2)",
        "same_sign[:, question], 200)": "same_sign[:, question], 2)",
    },
    "04_learning_rates": {
        "small_batches(300,": "small_batches(2,",
        "small_batches(400,": "small_batches(12,",
        "torch.randint(256, (200, 32))": "torch.randint(256, (2, 32))",
        "lab.Batches(cells, few, steps=32)": "lab.Batches(cells, few, steps=8)",
    },
    "05_staged_unfreezing": {"steps=150": "steps=2", "steps=400": "steps=2"},
    "06_capstone": {"len(indices) // 16)": "len(indices) // 160)"},  # photographs are asked in fewer parts
}


def begin() -> None:
    """Put the device and the small work in place for the rest of this process; again, it does nothing."""
    from grader.lab import features, flowers, normalising, own_photos, solar_cells, training
    from tests.accelerator.soft_device import DEVICE

    if training.device() == DEVICE:
        return
    for module in (training, features):
        module.device = lambda: DEVICE
    small_input = _of_few_pixels(normalising.network_input)
    for module in (normalising, own_photos, solar_cells, flowers):
        module.network_input = small_input
    features.compute_features = _repeating(features.compute_features)
    training.predict = _repeating(training.predict)
    training.train = _of_few_steps(training.train)
    flowers.load_flowers = lambda size: _noise_in_place_of_flowers(flowers.Flowers, size)


def _of_few_pixels(network_input: Any) -> Any:
    def small(photographs: Any) -> Any:
        if len(photographs) <= 8:  # such as are shown: their maps must fit to them
            return network_input(photographs)
        every = max(1, photographs.shape[1] // PIXELS)
        return network_input(photographs[:, ::every, ::every])

    return small


def _repeating(compute: Any) -> Any:
    """Of a function of a network, images and their indices, whose result has a row for each of these."""

    def few(network: Any, data: Any, indices: np.ndarray, *args: Any, **options: Any) -> Any:
        rows = compute(network, data, indices[:IMAGES], *args, **options)
        return rows[np.arange(len(indices)) % IMAGES]

    return few


def _of_few_steps(train: Any) -> Any:
    def short(model: Any, optimizer: Any, batches: Any, *args: Any, **options: Any) -> Any:
        few = dataclasses.replace(batches, steps=min(STEPS, batches.steps))
        return train(model, optimizer, few, *args, **options)

    return short


def _noise_in_place_of_flowers(kind: Any, size: int) -> Any:
    """A photograph of noise for training and one for testing of each flower: CI fetches no data set."""
    rng, kinds = np.random.default_rng(0), np.tile(np.arange(FLOWERS), 2)
    images = rng.integers(256, size=(2 * FLOWERS, size, size, 3), dtype=np.uint8)
    return kind(images, kinds, np.arange(FLOWERS), np.arange(FLOWERS, 2 * FLOWERS))
