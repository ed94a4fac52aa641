"""The unseen networks: plain JSON in, the same network out, and nothing else disturbed."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises.kit.models import head_name, random_batch, random_cnn, random_cnn_spec, snapshot

SPECS = [random_cnn_spec(np.random.default_rng(seed)) for seed in range(50)]


def linear_layers(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def test_a_spec_is_plain_json():
    for spec in SPECS:
        assert json.loads(json.dumps(spec, allow_nan=False)) == spec


def test_a_spec_depends_on_its_generator_alone():
    np.random.seed(3)  # the global generator must not matter
    again = [random_cnn_spec(np.random.default_rng(seed)) for seed in range(50)]
    assert again == SPECS
    assert len({json.dumps(spec) for spec in SPECS}) == 50


def test_the_specs_differ_where_a_careless_answer_would_trip():
    assert {spec["nested_head"] for spec in SPECS} == {True, False}
    assert {len(spec["widths"]) for spec in SPECS} == {2, 3}
    assert len({spec["names"]["head"] for spec in SPECS}) > 2
    assert {spec["dropout"] for spec in SPECS} == {0.0, 0.2}


def test_every_network_takes_its_batch_and_learns_from_it():
    for spec in SPECS:
        images, labels = random_batch(spec, seed=0, size=3)
        assert (images.shape, images.dtype) == ((3, 3, spec["size"], spec["size"]), torch.float32)
        assert (labels.shape, labels.dtype) == ((3,), torch.int64)
        model = random_cnn(spec)
        logits = model(images)
        assert logits.shape == (3, spec["num_classes"])
        nn.functional.cross_entropy(logits, labels).backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


def test_no_network_is_born_dead():
    """With features that are all 0 a head gets no gradient, and a right answer would earn nothing."""
    for seed in range(60):
        spec = random_cnn_spec(np.random.default_rng(seed))
        model = random_cnn(spec)
        head = model.get_submodule(head_name(spec))
        for training in (True, False):
            model.train(training).zero_grad()
            images, labels = random_batch(spec, seed, 6)
            nn.functional.cross_entropy(model(images * 0.2 + 0.5), labels).backward()
            assert (head.weight.grad != 0).any(dim=0).float().mean() > 0.5, (seed, training)
            first = next(model.parameters())
            assert (first.grad != 0).any(), (seed, training)


def test_labels_stay_within_the_classes_and_reach_each_of_them():
    for spec in SPECS[:10]:
        _, labels = random_batch(spec, seed=1, size=200)
        assert set(labels.tolist()) == set(range(spec["num_classes"]))


def test_the_head_is_the_last_linear_layer_and_never_the_first():
    for spec in SPECS:
        model = random_cnn(spec)
        layers = linear_layers(model)
        head = model.get_submodule(head_name(spec))
        assert len(layers) >= 2
        assert head is layers[-1]
        assert head is not layers[0]
        assert head.out_features == spec["num_classes"]
        assert head_name(spec).split(".")[0] == spec["names"]["head"]
        assert any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def test_the_head_is_what_the_outputs_come_from():
    for spec in SPECS[:10]:
        model = random_cnn(spec).eval()
        with torch.no_grad():
            linear_layers(model)[-1].weight.zero_()
            linear_layers(model)[-1].bias.fill_(5)
            images, _ = random_batch(spec, seed=0, size=2)
            assert torch.equal(model(images), torch.full((2, spec["num_classes"]), 5.0))


@pytest.mark.parametrize("make", [random_cnn, lambda spec: random_batch(spec, seed=3, size=4)])
def test_pytorchs_global_random_numbers_neither_matter_nor_move(make):
    def numbers(made):
        return (
            list(snapshot(made).values()) if isinstance(made, nn.Module) else [part.numpy() for part in made]
        )

    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = numbers(make(SPECS[0]))
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, numbers(make(SPECS[0])), strict=True))


def test_another_seed_gives_other_weights_in_the_same_architecture():
    one, other = snapshot(random_cnn(SPECS[0])), snapshot(random_cnn({**SPECS[0], "seed": 1}))
    assert {name: values.shape for name, values in one.items()} == {
        name: values.shape for name, values in other.items()
    }
    head = f"{head_name(SPECS[0])}.weight"
    assert not np.array_equal(one[head], other[head])


def test_a_snapshot_is_a_copy_with_the_buffers():
    model = random_cnn(SPECS[0])
    before = snapshot(model)
    kept = {name: values.copy() for name, values in before.items()}
    assert before.keys() == model.state_dict().keys()
    assert any("running_mean" in name for name in before)
    model.train()(random_batch(SPECS[0], 0, 4)[0])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    after = snapshot(model)
    for name in before:
        assert np.array_equal(before[name], kept[name])
        assert not np.array_equal(before[name], after[name])
