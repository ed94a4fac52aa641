"""What the gradient at the logits tells of a loss, however it is written."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.exercises.kit.batches import KnownBatches, random_batches
from grader.exercises.kit.loss_watch import LossWatch, Pass
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.training_watch import TrainingWatch


@pytest.fixture
def watched():
    """A network, two batches of ten, and the watch on it."""
    spec = network_spec(np.random.default_rng(1), nested=True)
    model, batches = network(spec), random_batches(spec, 2, 2)
    return model, batches, LossWatch(model, KnownBatches({"train": batches}))


LOSSES = {
    "mean": (F.cross_entropy, "cross-entropy", 1.0),
    "sum": (lambda z, y: F.cross_entropy(z, y, reduction="sum"), "cross-entropy", 10.0),
    "by hand": (lambda z, y: -z.log_softmax(1)[range(len(y)), y].mean(), "cross-entropy", 1.0),
    "ascent": (lambda z, y: -F.cross_entropy(z, y), "cross-entropy", -1.0),
    "other labels": (lambda z, y: F.cross_entropy(z, torch.zeros_like(y)), "cross-entropy", 1.0),
    "smoothed": (lambda z, y: F.cross_entropy(z, y, label_smoothing=0.2), "smoothed", 1.0),
    "softmax": (lambda z, y: F.cross_entropy(z.softmax(1), y), "softmax", 1.0),
    "squares": (lambda z, y: z.square().mean(), "other", 0.0),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_known_by_its_gradient(name, watched):
    loss_of, kind, factor = LOSSES[name]
    model, [(images, labels), _], watch = watched
    with watch:
        loss_of(model(images), labels).backward()
    [one] = [Pass.model_validate(record) for record in watch.passes]
    assert (one.batch, one.loss_was) == ("train 0", kind)
    assert one.factor == pytest.approx(factor, abs=1e-3)
    assert one.is_summed == (name == "sum")


def test_copies_report_to_the_same_watch_and_the_check_s_own_passes_do_not(watched):
    model, batches, _ = watched
    known = KnownBatches({"train": batches})
    steps = TrainingWatch(model, known)
    watch = LossWatch(model, known, paused=steps.is_busy)
    with watch, steps:
        twin = copy.deepcopy(model)
        optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
        for images, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(twin(images), labels).backward()
            optimizer.step()
    assert [record["batch"] for record in watch.passes] == ["train 0", "train 1"]


def test_a_step_inside_a_derived_class_s_step_is_one_step(watched):
    class Derived(torch.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    model, batches, _ = watched
    watch = TrainingWatch(model, KnownBatches({"train": batches}))
    optimizer = Derived(model.parameters(), lr=0.1)
    with watch:
        for images, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    assert [step["batch"] for step in watch.steps] == ["train 0", "train 1"]
