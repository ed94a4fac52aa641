"""What the bug hunt trains: a network with old gradients, and batches of which the first has a high loss."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.networks import network
from grader.exercises.kit.tensors import snapshot

_HIGH = 5.3  # a loss
_ROUNDING = 2.0**-22  # a few times that of float32
_STEADY = 5e-5  # of a weight's way: rounding must not decide where a training ends


def hunted_network(challenge: dict) -> Any:
    """The network, in eval mode, with gradients of long ago."""
    import torch

    model = network(challenge["spec"]).eval()
    generator = torch.Generator().manual_seed(challenge["data_seed"])
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return model


def sized_batches(challenge: dict) -> list[tuple]:
    """The batches, of different sizes: a sum over a batch is no fixed multiple of its mean.

    The first has hard labels: its loss is above 5, and who stops at a high loss stops there.
    """
    import torch

    batches = [
        random_batches(challenge["spec"], challenge["data_seed"] + number, 1, size)[0]
        for number, size in enumerate(challenge["sizes"])
    ]
    images = batches[0][0]
    with torch.no_grad():
        batches[0] = (images, network(challenge["spec"])(images).argmin(dim=1))
    return batches


def is_fit(challenge: dict) -> bool:
    """Whether the first loss is high, and a right training ends at the same place whatever the rounding.

    Both trainings are in double precision, one from weights that are a little off: so every machine draws the same.
    """
    first, ends = _trained(challenge, off=0.0)
    if first <= _HIGH:
        return False
    _, others = _trained(challenge, off=_ROUNDING)
    start = snapshot(hunted_network(challenge))
    return all(
        np.linalg.norm(ends[name] - others[name]) <= _STEADY * np.linalg.norm(ends[name] - start[name]) + 1e-6
        for name in ends
    )


def _trained(challenge: dict, off: float) -> tuple[float, dict[str, Any]]:
    """The first loss, and the weights after a right training from weights that are ``off`` by that share."""
    import torch

    model, first = hunted_network(challenge).train().double(), 0.0
    generator = torch.Generator().manual_seed(challenge["data_seed"])
    head, rates = challenge["spec"]["head"], (challenge["backbone_rate"], challenge["head_rate"])
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    for weight in weights.values():
        weight.data.mul_(1 + off * torch.randn(weight.shape, generator=generator, dtype=torch.float64))
    for step, (images, labels) in enumerate(sized_batches(challenge), start=1):
        with torch.enable_grad():
            loss = torch.nn.functional.cross_entropy(model(images.double()), labels)
        first = first or loss.item()
        gradients = torch.autograd.grad(loss, list(weights.values()))
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
            rate = rates[name.startswith(f"{head}.")] * min(1, step / challenge["warm_up"])
            weight.data.sub_(gradient, alpha=rate)
    return first, {name: weight.detach().numpy().astype(float) for name, weight in weights.items()}
