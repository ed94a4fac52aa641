"""Which labels a loss took, as the gradient at the logits tells."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.loss_mistakes import OwnLoss

LOSSES = {
    "mean": (F.cross_entropy, "own"),
    "sum": (lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"), "own"),
    "ascent": (lambda logits, labels: -F.cross_entropy(logits, labels), "own"),
    "smoothed": (lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.2), "smoothed"),
    "other labels": (lambda logits, labels: F.cross_entropy(logits, (labels + 1) % 3), "other"),
    "without a logarithm": (F.nll_loss, "other"),
    "squares": (lambda logits, labels: F.mse_loss(logits, F.one_hot(labels, 3).float()), "other"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_known_by_its_gradient_at_the_logits(name):
    loss, kind = LOSSES[name]
    torch.manual_seed(0)
    model, images, labels = nn.Linear(4, 3), torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    watch = OwnLoss(model, KnownBatches({"batch": [(images, labels)]}))
    with watch:
        loss(model(images), labels).backward()
    assert watch.kinds == [kind]


def test_what_it_was_not_given_is_not_its_own():
    model, labels = nn.Linear(4, 3), torch.tensor([0, 1])
    watch = OwnLoss(model, KnownBatches({"batch": [(torch.ones(2, 4), labels)]}))
    with watch:
        F.cross_entropy(model(torch.zeros(2, 4)), labels).backward()
    assert watch.kinds == ["other"]
