"""The unseen networks: plain JSON in, the same network out, and nothing else disturbed."""

import json

import numpy as np
import torch
from torch import nn

from grader.exercises.models import random_batch, random_cnn, random_cnn_spec, snapshot

SPECS = [random_cnn_spec(np.random.default_rng(seed)) for seed in range(40)]


def test_specs_are_json_and_every_one_of_them_works():
    for spec in SPECS:
        assert json.loads(json.dumps(spec)) == spec
        images, labels = random_batch(spec, seed=0, size=3)
        logits = random_cnn(spec)(images)
        assert logits.shape == (3, spec["num_classes"])
        assert labels.max() < spec["num_classes"]


def test_the_head_is_the_last_linear_layer_and_never_the_first():
    for spec in SPECS:
        linear = [layer for layer in random_cnn(spec).modules() if isinstance(layer, nn.Linear)]
        assert len(linear) >= 2
        assert linear[-1].out_features == spec["num_classes"]


def test_weights_follow_the_spec_alone_and_leave_the_global_numbers():
    torch.manual_seed(1)
    first = snapshot(random_cnn(SPECS[0]))
    drawn = torch.rand(1)
    torch.manual_seed(2)
    again = snapshot(random_cnn(SPECS[0]))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)


def test_a_snapshot_is_a_copy_with_the_buffers():
    model = random_cnn(SPECS[0])
    taken = snapshot(model)
    assert any("running_mean" in name for name in taken)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    assert not np.array_equal(taken[next(iter(taken))], snapshot(model)[next(iter(taken))])
