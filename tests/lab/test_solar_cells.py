"""The cells are those of the data set, and every split holds what it says."""

import hashlib

import numpy as np
import pytest
import torch
from elpv_dataset.utils import load_dataset

from grader.errors import CourseError
from grader.lab.elpv_files import COUNT
from grader.lab.solar_cells import load_solar_cells


@pytest.fixture
def cells(prepared_cache):
    return load_solar_cells(32)


def test_the_counts_are_those_of_the_data_set(cells):
    counts = {
        kind: [
            int(((cells.module_type == kind) & np.isclose(cells.probability, share)).sum())
            for share in (0, 1 / 3, 2 / 3, 1)
        ]
        for kind in ("mono", "poly")
    }
    assert counts == {"mono": [588, 117, 56, 313], "poly": [920, 178, 50, 402]}
    assert cells.images.shape == (COUNT, 32, 32)
    assert cells.images.dtype == np.uint8


def test_images_stand_in_the_order_of_their_labels(prepared_cache):
    cells = load_solar_cells(96)
    photographs, probability, kinds = load_dataset()
    assert np.allclose(cells.probability, probability, atol=1e-3)
    assert (cells.module_type == kinds).all()
    for index in (0, 777, 2623):  # a third of the size: the brightness of each region stays
        regions = photographs[index].reshape(3, 100, 3, 100).mean(axis=(1, 3))
        small = cells.images[index].reshape(3, 32, 3, 32).mean(axis=(1, 3))
        assert np.abs(regions - small).max() < 2


@pytest.mark.parametrize("kind", ["stratified", "blocks"])
def test_a_split_uses_each_cell_once(cells, kind):
    train, test = cells.split(kind)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(COUNT))
    assert 0.23 < len(test) / COUNT < 0.27


def test_the_stratified_split_keeps_every_share(cells):
    train, test = cells.split("stratified")
    assert (len(train), len(test)) == (1968, 656)
    for kind in ("mono", "poly"):
        for share in np.unique(cells.probability):
            chosen = (cells.module_type == kind) & (cells.probability == share)
            assert abs(chosen[test].sum() - chosen.sum() / 4) <= 1


def test_the_block_split_holds_out_whole_stretches(cells):
    _, test = cells.split("blocks")
    stretches = np.split(test, np.flatnonzero(np.diff(test) > 1) + 1)
    assert len(stretches) <= 12
    assert set(cells.module_type[test]) == {"mono", "poly"}
    assert abs(cells.defective[test].mean() - cells.defective.mean()) < 0.02


def test_the_splits_never_change(cells):
    """Recorded results and grades refer to these very cells."""
    digests = {
        kind: hashlib.sha256(cells.split(kind)[1].astype("<i8").tobytes()).hexdigest()[:16]
        for kind in ("stratified", "blocks")
    }
    assert digests == {"stratified": "9290037d33ffbed7", "blocks": "bf6c6f838281fbb9"}


def test_an_unknown_split_is_one_sentence(cells):
    with pytest.raises(CourseError, match="stratified"):
        cells.split("random")


def test_few_labels_are_stratified_and_nested(cells):
    train, _ = cells.split()
    small, large = cells.few_labels(train, 50, seed=3), cells.few_labels(train, 200, seed=3)
    assert len(set(small)) == 50
    assert set(small) <= set(large) <= set(train)
    assert abs(cells.defective[large].mean() - cells.defective[train].mean()) < 0.02
    assert set(small) != set(cells.few_labels(train, 50, seed=4))
    with pytest.raises(CourseError, match="cannot be drawn"):
        cells.few_labels(train, 2000, seed=0)


def test_batches_are_as_the_backbone_wants_them(cells):
    indices = np.array([5, 3])
    images = cells.batch(indices)
    assert images.shape == (2, 3, 32, 32)
    assert images.dtype == torch.float32
    wanted = (cells.images[3].astype(np.float32) / 255 - 0.5) / 0.5
    assert np.allclose(images[1, 0].numpy(), wanted, atol=1e-6)
    assert torch.equal(images[:, 0], images[:, 2])
    assert cells.labels(indices).dtype == torch.int64


def test_the_majority_baseline(cells):
    _, test = cells.split()
    assert cells.majority_baseline(test) == pytest.approx(451 / 656)
