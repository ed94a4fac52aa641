"""The unseen networks: plain JSON in, the same network out, the same traps in every one of them."""

import copy
import itertools
import json
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from grader.exercises.kit.batches import KnownBatches, random_batches
from grader.exercises.kit.networks import batch_norms, derived_norms, head_norm, network, network_spec
from grader.exercises.kit.tensors import snapshot

KINDS = [
    {"nested": nested, "deep_head": deep, "head_last": last}
    for nested, deep, last in itertools.product([False, True], repeat=3)
]
SPECS = [network_spec(np.random.default_rng(seed), **KINDS[seed % 8]) for seed in range(48)]


def test_a_spec_is_plain_json_and_depends_on_its_generator_alone():
    np.random.seed(3)  # the global generator must not matter
    again = [network_spec(np.random.default_rng(seed), **KINDS[seed % 8]) for seed in range(48)]
    assert again == SPECS
    for spec in SPECS:
        assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert len({json.dumps(spec) for spec in SPECS}) == 48


def test_what_is_random_is_never_the_structure():
    for kind in KINDS:
        specs = [network_spec(np.random.default_rng(seed), **kind) for seed in range(20)]
        assert len({len(spec["stages"]) for spec in specs}) == 1
        assert len({len(network(spec).state_dict()) for spec in specs}) == 1
        assert len({spec["head"] for spec in specs}) > 2


@pytest.mark.parametrize("spec", SPECS, ids=range(48))
def test_every_network_has_every_trap(spec):
    model = network(spec)
    first, last = spec["stages"][0], spec["stages"][-1]
    assert first.startswith(last)  # a stage's name begins like another's
    assert head_norm(spec).startswith(spec["head"])  # and a norm's like the head's
    own = spec["head"].rpartition(".")[2]
    namesakes = [name for name, _ in model.named_modules() if name.rpartition(".")[2] == own]
    assert len(namesakes) == 2  # another module has the head's last name
    assert [name for name, _ in model.named_parameters() if "." not in name] == ["contrast"]
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    assert len(names) == len(list(model.parameters())) + 1  # two layers share a weight
    for stage in spec["stages"]:
        inside = {
            norm.removeprefix(f"{stage}."): norm for norm in batch_norms(spec) if norm.startswith(f"{stage}.")
        }
        assert len(inside) == 3
        assert {norm.count(".") for norm in inside} == {0, 1}  # some are not children of the stage's own
        assert nn.BatchNorm1d in {type(model.get_submodule(norm)) for norm in inside.values()}
    for norm in map(model.get_submodule, batch_norms(spec)):  # statistics that setting back would change
        assert norm.num_batches_tracked > 0
        assert norm.running_mean.any()
    kinds = {type(model.get_submodule(norm)) for norm in batch_norms(spec)}
    assert kinds - {nn.BatchNorm1d, nn.BatchNorm2d}
    assert {nn.BatchNorm1d, nn.BatchNorm2d} <= kinds
    assert all(type(model.get_submodule(norm)) is not nn.BatchNorm2d for norm in derived_norms(spec))
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    children = [name for name, _ in model.named_children()]
    if spec["head_last"]:
        assert linear[-1].startswith(spec["head"])
    else:
        assert not linear[-1].startswith(spec["head"])
        assert spec["head"] not in (children[0], children[-1])


@pytest.mark.parametrize("spec", SPECS[:16], ids=range(16))
def test_every_network_takes_its_batch_and_learns_from_it(spec):
    [(images, labels)] = random_batches(spec, 0, 1)
    assert (images.shape, images.dtype) == ((10, 3, spec["size"], spec["size"]), torch.float32)
    assert (labels.shape, labels.dtype) == ((10,), torch.int64)
    model = network(spec)
    logits = model(images)
    assert logits.shape == (10, spec["num_classes"])
    nn.functional.cross_entropy(logits, labels).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.any()), name  # no unit is off: whatever trains, moves


def test_the_head_is_what_the_outputs_come_from():
    for spec in SPECS[:8]:
        model = network(spec).eval()
        head = model.get_submodule(spec["head"])
        last = head[-1] if spec["deep_head"] else head
        with torch.no_grad():
            last.weight.zero_()
            last.bias.fill_(5)
            [(images, _)] = random_batches(spec, 0, 1)
            assert torch.equal(model(images), torch.full((10, spec["num_classes"]), 5.0))


def test_pytorchs_global_random_numbers_neither_matter_nor_move():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = snapshot(network(SPECS[0]))
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    again = snapshot(network(SPECS[0]))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    other = snapshot(network({**SPECS[0], "seed": 1}))
    assert not np.array_equal(first["contrast"] * first[f"{SPECS[0]['stem']}.0.weight"].sum(), 0)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_network_can_be_copied_and_pickled(copied):
    model = network(SPECS[3]).eval()
    [(images, _)] = random_batches(SPECS[3], 0, 1)
    assert torch.equal(copied(model)(images), model(images))


def test_batches_are_recognised_by_their_numbers():
    batches = random_batches(SPECS[0], 5, 3)
    known = KnownBatches({"train": batches[:2], "test": batches[2:]}, {"halved": lambda images: images / 2})
    assert known.recognise(batches[1][0].clone())[:2] == ("train 1", "")
    name, view, labels = known.recognise(batches[2][0] / 2)
    assert (name, view) == ("test 0", "halved")
    assert torch.equal(labels, batches[2][1])
    batches[0][0].zero_()  # an answer may write into what it was given
    assert known.recognise(batches[0][0])[0] == "other"
    assert known.recognise(None) == ("other", "", None)
