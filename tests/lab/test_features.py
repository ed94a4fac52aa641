"""Cached features of a frozen prefix are the uncached computation, done once."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.errors import CourseError
from grader.lab import features
from grader.lab.backbone import load_backbone
from grader.lab.batches import Batches
from grader.lab.features import CachedFeatures, compute_features, split_backbone
from grader.lab.solar_cells import load_solar_cells

INDICES = np.array([7, 2000, 13, 1500, 400, 1])


@pytest.fixture
def cells(prepared_cache):
    return load_solar_cells(32)


@pytest.mark.parametrize("stages", [None, 0, 5, 7])
def test_the_two_parts_are_the_whole(cells, stages):
    model = load_backbone(num_classes=2).eval()
    prefix, rest = split_backbone(model, stages)
    with torch.inference_mode():
        assert torch.equal(rest(prefix(cells.batch(INDICES))), model(cells.batch(INDICES)))
    together = [*prefix.parameters(), *rest.parameters()]
    assert {id(p) for p in together} == {id(p) for p in model.parameters()}


def test_an_impossible_cut_is_one_sentence(prepared_cache):
    with pytest.raises(CourseError, match="between 0 and 7"):
        split_backbone(load_backbone(), stages=8)


def test_cached_features_are_those_of_the_prefix(cells):
    prefix, _ = split_backbone(load_backbone(), stages=5)
    prefix.eval()
    with torch.inference_mode():
        direct = prefix(cells.batch(INDICES))
    assert torch.equal(compute_features(prefix, cells, INDICES), direct)
    cached = CachedFeatures(prefix, cells, INDICES)
    assert torch.equal(cached.batch(INDICES[[4, 0]]), direct[[4, 0]])
    assert torch.equal(cached.labels(INDICES), cells.labels(INDICES))
    with pytest.raises(CourseError, match="no cached features"):
        cached.batch(np.array([99]))


def test_features_of_cached_features_flip_the_images(cells):
    """And not what was cached: the features of a flipped image are not the flipped features."""
    model = load_backbone().eval()
    (start, middle), (prefix, _) = split_backbone(model, stages=3), split_backbone(model)
    later = torch.nn.Sequential(*middle[:-1])
    in_two = CachedFeatures(later, CachedFeatures(start, cells, INDICES, flips=True), INDICES, flips=True)
    at_once = CachedFeatures(prefix, cells, INDICES, flips=True)
    flips = np.array([[True, False, True, False, True, False], [True, True, False, False, True, True]])
    torch.testing.assert_close(in_two.flipped_batch(INDICES, flips), at_once.flipped_batch(INDICES, flips))
    with pytest.raises(CourseError, match="without flips"):
        CachedFeatures(later, CachedFeatures(start, cells, INDICES), INDICES, flips=True)


def test_training_on_cached_features_moves_the_top_exactly_as_the_whole_network_does(cells):
    """Three steps of the top stages: once through everything, once on the cache."""
    torch.manual_seed(0)
    model = load_backbone(num_classes=2)
    twin = copy.deepcopy(model)

    def three_steps(prefix, rest, inputs):
        prefix.eval()
        rest.eval()  # the same arithmetic in both; statistics do not move
        optimizer = torch.optim.SGD(rest.parameters(), lr=0.05)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(rest(inputs()), cells.labels(INDICES)).backward()
            optimizer.step()
        return torch.cat([p.detach().flatten() for p in rest.parameters()])

    prefix, rest = split_backbone(model, stages=5)
    for parameter in prefix.parameters():
        parameter.requires_grad = False
    uncached = three_steps(prefix, rest, lambda: prefix(cells.batch(INDICES)))

    prefix, rest = split_backbone(twin, stages=5)
    cache = CachedFeatures(prefix, cells, INDICES)
    cached = three_steps(prefix, rest, lambda: cache.batch(INDICES))
    assert torch.equal(uncached, cached)


def test_making_features_leaves_mode_and_statistics_alone(cells):
    prefix, _ = split_backbone(load_backbone())
    prefix.train()
    before = copy.deepcopy(prefix.state_dict())
    assert compute_features(prefix, cells, INDICES).shape == (6, 1280)
    assert prefix.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in prefix.state_dict().items())


def test_cached_flips_are_the_prefix_of_flipped_images_in_the_same_order(cells):
    """One seed gives the same batches with and without the cache, flips and all."""
    prefix, _ = split_backbone(load_backbone(), stages=3)
    prefix.eval()
    cache = CachedFeatures(prefix, cells, INDICES, flips=True)
    straight = Batches(cells, INDICES, steps=3, batch_size=4, seed=5)
    cached = Batches(cache, INDICES, steps=3, batch_size=4, seed=5)
    with torch.inference_mode():
        for (images, labels), (features, same_labels) in zip(straight, cached, strict=True):
            torch.testing.assert_close(prefix(images), features)
            assert torch.equal(labels, same_labels)


def test_flipping_features_that_were_cached_without_is_one_sentence(cells):
    prefix, _ = split_backbone(load_backbone(), stages=3)
    cache = CachedFeatures(prefix, cells, INDICES)
    with pytest.raises(CourseError, match="flips=True"):
        next(iter(Batches(cache, INDICES, steps=1)))


def test_half_precision_takes_half_the_memory_and_gives_float32(cells):
    prefix, _ = split_backbone(load_backbone(), stages=3)
    full = CachedFeatures(prefix, cells, INDICES)
    half = CachedFeatures(prefix, cells, INDICES, dtype=torch.float16)
    assert half.megabytes == full.megabytes / 2
    assert half.batch(INDICES).dtype == torch.float32
    torch.testing.assert_close(half.batch(INDICES), full.batch(INDICES), rtol=2e-3, atol=2e-3)


class Squares:
    """Eight grey images, for prefixes that are no network."""

    def batch(self, indices):
        return torch.ones(len(indices), 3, 4, 4)


def test_something_moves_while_features_are_cached(monkeypatch):
    """And the stop button says how far they came."""
    moved, bars = [], []

    class Bar(features.ProgressBar):
        def __init__(self, total, name, unit):
            bars.append(name)
            super().__init__(total, name, unit)

        def update(self, n=1):
            moved.append(n)
            if len(moved) == 7:
                raise KeyboardInterrupt
            super().update(n)

    monkeypatch.setattr(features, "ProgressBar", Bar)
    eight = np.arange(8)
    CachedFeatures(torch.nn.AvgPool2d(4), Squares(), eight, flips=True, name="frozen stages")
    assert bars == ["frozen stages"]
    assert moved == [8, 8, 8, 8]
    with pytest.raises(KeyboardInterrupt, match="frozen stages: stopped after 16 of 32 images"):
        CachedFeatures(torch.nn.AvgPool2d(4), Squares(), eight, flips=True, name="frozen stages")
