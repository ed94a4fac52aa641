"""Grad-CAM: maps from 0 to 1, and a model that comes back exactly as it was given."""

import copy

import numpy as np
import pytest
import torch

from grader.lab.attention import where_it_looks
from grader.lab.backbone import load_backbone


@pytest.fixture
def model():
    torch.manual_seed(0)
    return load_backbone(num_classes=3, pretrained=False)


@pytest.fixture
def images():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


WANTED = torch.tensor([0, 2])


def reference(model, images, wanted):
    """Grad-CAM by hand: the last maps, weighted by the mean gradient of the class's score."""
    model.eval()
    maps = model.forward_features(images)
    scores = model.forward_head(maps)[torch.arange(len(images)), wanted].sum()
    weights = torch.autograd.grad(scores, maps)[0].mean(dim=(2, 3), keepdim=True)
    return torch.relu((weights * maps).sum(dim=1)).detach().numpy()


def test_it_is_grad_cam(model, images):
    seen = where_it_looks(model, images, WANTED)
    assert (seen.shape, seen.dtype) == ((2, 64, 64), np.float32)
    assert seen.min() >= 0
    coarse = torch.from_numpy(reference(model, images, WANTED))[:, None]
    fine = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bilinear")[:, 0].numpy()
    for one, expected in zip(seen, fine, strict=True):
        np.testing.assert_allclose(one, expected / max(expected.max(), 1e-12), atol=1e-4)


def test_the_answer_does_not_depend_on_what_is_frozen(model, images):
    trainable = where_it_looks(model, images, WANTED)
    np.testing.assert_allclose(where_it_looks(model.requires_grad_(False), images, WANTED), trainable)


@pytest.mark.parametrize("guard", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_switched_off(model, images, guard):
    with guard():
        assert where_it_looks(model, images, WANTED).shape == (2, 64, 64)


def test_modes_flags_gradients_and_state_stay(model, images):
    """Also what a student has set layer by layer: a frozen stage in eval mode, gradients not yet used."""
    model.train()
    model.blocks[:3].requires_grad_(False).eval()
    model.classifier.weight.grad = torch.ones_like(model.classifier.weight)
    modes = [module.training for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    state = copy.deepcopy(model.state_dict())

    where_it_looks(model, images, WANTED)

    assert [module.training for module in model.modules()] == modes
    assert [parameter.requires_grad for parameter in model.parameters()] == flags
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(model.classifier.weight.grad, torch.ones_like(model.classifier.weight))
    assert model.conv_stem.weight.grad is None
    assert not images.requires_grad
    assert not any(module._forward_hooks for module in model.modules())


def test_a_failure_leaves_the_model_as_it_was(model, images):
    model.train()
    with pytest.raises(RuntimeError, match="out of bounds"):
        where_it_looks(model, images, torch.tensor([0, 99]))  # there is no such class
    assert model.training


def test_an_image_in_which_nothing_speaks_for_the_class_is_0_everywhere(model, images):
    torch.nn.init.zeros_(model.classifier.weight)
    assert where_it_looks(model, images, WANTED).max() == 0
