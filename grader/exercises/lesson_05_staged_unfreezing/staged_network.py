"""The networks of this lesson: random ones as pretrained ones are, with old gradients left on them."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import Batch, random_batches
from grader.exercises.kit.networks import Spec, head_norm, network, network_spec
from grader.exercises.kit.statistics import settle_statistics

_DROPPED = 0.25
_BATCH = 4  # images; few of them make large gradients
_FEATURES = 2.0  # standard deviation of the features that the head is given
_STURDY = (
    10.0  # factor on the stages' convolutions: the norms behind take it out again, and their gradients shrink
)
_HEAD_GRADIENT, _STAGE_GRADIENT = (
    (1.3, 5.0),
    (0.3, 2.5),
)  # norms that are taken, of the first batch's gradients


def trainable_spec(rng: np.random.Generator, data_seed: int) -> Spec:
    """A network whose gradients are large enough to be clipped at 1, and small enough for steps at 0.05.

    Its head has two layers; its stages and its head lie inside other modules.
    """
    while True:
        spec = network_spec(rng, nested=True, deep_head=True, gain=2.0)
        head, stage = _gradient_norms(spec, staged_batches(spec, data_seed, 1)[0])
        if (
            _HEAD_GRADIENT[0] <= head <= _HEAD_GRADIENT[1]
            and _STAGE_GRADIENT[0] <= stage <= _STAGE_GRADIENT[1]
        ):
            return spec


def staged_batches(spec: Spec, seed: int, count: int) -> list[Batch]:
    """Images and labels: float32 ``(4, 3, H, W)`` and int64 ``(4,)``, ``count`` times."""
    return random_batches(spec, seed, count, _BATCH)


def pretrained(spec: Spec) -> Any:
    """The network of ``spec`` in training mode, with statistics that fit its images.

    A gradient is left on each parameter, as by somebody's last ``backward()``. In which mode they are shows of
    every part that may train: the head has a BatchNorm, and the last stage a dropout that is always the same.
    """
    import torch

    from grader.exercises.kit.layers import SteadyDropout

    model = network(spec)
    head, last = model.get_submodule(spec["head"]), model.get_submodule(spec["stages"][-1])
    head[1] = torch.nn.BatchNorm1d(head[1].normalized_shape[0])
    last[2] = torch.nn.Sequential(last[2], SteadyDropout(_DROPPED))
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the statistics become those of the one batch that follows
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith(tuple(spec["stages"])) and weight.ndim == 4:
                weight.mul_(_STURDY)
        shape, seeded = (32, 3, spec["size"], spec["size"]), torch.Generator().manual_seed(spec["seed"])
        images = (
            3.4 * torch.rand(shape, generator=seeded, dtype=torch.float64) - 1.2
        )  # as random_batches' are
        settle_statistics(model, lambda copied: copied(images))
        model.get_submodule(head_norm(spec)).weight.mul_(_FEATURES)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    generator = torch.Generator().manual_seed(spec["seed"])
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return model


def _gradient_norms(spec: Spec, batch: Batch) -> tuple[float, float]:
    """Norms of the gradients of head and last stage for one batch, in eval mode."""
    import torch

    model = pretrained(spec).eval()
    model.zero_grad()
    images, labels = batch
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    parts = (model.get_submodule(name) for name in (spec["head"], spec["stages"][-1]))
    return tuple(float(torch.nn.utils.get_total_norm([p.grad for p in part.parameters()])) for part in parts)  # type: ignore[return-value]
