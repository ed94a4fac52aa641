"""From uint8 pixels to the backbone's input."""

import warnings

import numpy as np
import pytest
import torch

from grader.errors import CourseError
from grader.lab.normalising import network_input

GREY = np.arange(2 * 4 * 6, dtype=np.uint8).reshape(2, 4, 6) * 5
RGB = np.stack([GREY, GREY // 2, 255 - GREY], axis=-1)


def test_grey_goes_into_three_equal_channels():
    images = network_input(GREY)
    assert (images.shape, images.dtype) == ((2, 3, 4, 6), torch.float32)
    np.testing.assert_allclose(images[:, 0], GREY / 255 * 2 - 1, atol=1e-6)
    assert torch.equal(images[:, 0], images[:, 1])
    assert torch.equal(images[:, 0], images[:, 2])


def test_colours_keep_their_place():
    images = network_input(RGB)
    np.testing.assert_allclose(images.permute(0, 2, 3, 1), RGB / 255 * 2 - 1, atol=1e-6)


@pytest.mark.parametrize("photographs", [GREY, RGB])
def test_it_lies_in_channels_last_order_and_reaches_from_minus_1_to_1(photographs):
    images = network_input(np.concatenate([np.zeros_like(photographs), np.full_like(photographs, 255)]))
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert (images.min(), images.max()) == (-1, 1)


@pytest.mark.parametrize(
    "make", [torch.from_numpy, lambda pixels: pixels[:, ::-1], lambda pixels: pixels[:, :, ::-1]]
)
def test_tensors_and_flipped_arrays_are_taken(make):
    photographs = make(GREY.copy())
    expected = np.asarray(photographs).astype(np.float32) / 255 * 2 - 1
    np.testing.assert_allclose(network_input(photographs)[:, 0], expected, atol=1e-6)


def test_a_read_only_array_is_taken_in_silence_and_not_written_to():
    pixels = GREY.copy()
    pixels.setflags(write=False)
    with warnings.catch_warnings(action="error"):
        network_input(pixels)
    assert np.array_equal(pixels, GREY)


@pytest.mark.parametrize(
    "wrong", [GREY / 255, GREY[0], RGB.transpose(0, 3, 1, 2), RGB[..., :2], GREY.astype(np.int64)]
)
def test_other_input_is_one_sentence_and_stays_as_it_was(wrong):
    before = wrong.copy()
    with pytest.raises(CourseError, match="takes uint8 photographs"):
        network_input(wrong)
    with pytest.raises(CourseError):
        network_input(torch.from_numpy(wrong.copy()))
    assert np.array_equal(wrong, before)


def test_no_photograph_at_all():
    assert network_input(GREY[:0]).shape == (0, 3, 4, 6)
