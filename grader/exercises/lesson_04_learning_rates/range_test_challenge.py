"""What a range test is asked: networks and batches whose losses rise in the midst of the test, for everybody."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.tensors import same

_TRIES = 200
_DROPPED = 0.3


def range_run(rng: np.random.Generator, nested: bool, count: int) -> dict[str, Any]:
    """One run as plain JSON, of ``count`` batches.

    The nested network comes in training mode, the flat one in eval mode with old gradients; in either one stage is
    in the other mode, and a dropout that is always the same stands before the head.
    The labels of the first batch are easy ones and those of the last but one hard ones, so that a test that
    stops where the loss rises, by whatever rule, stops too early.
    """
    for _ in range(_TRIES):
        spec = network_spec(rng, nested=nested, deep_head=nested, gain=18.0 if nested else 9.0)
        run = {
            "spec": spec,
            "training": nested,
            "old_gradients": not nested,
            "batches": count,
            "lowest": float(rng.uniform(2e-3, 4e-3)),
            "highest": float(rng.uniform(0.8, 1.2)),
            "data_seed": int(rng.integers(2**30)),
            "labels": {},
            "breaks_at": None,
        }
        losses, run["labels"] = _rehearsal(run, double=False)
        if _rises(losses) and same(losses, _rehearsal(run, double=True)[0]):  # else they depend on rounding
            return run
    raise RuntimeError("no run was found whose losses rise")


def breaking_run(rng: np.random.Generator, count: int) -> dict[str, Any]:
    """One run whose last two losses are no finite numbers, whatever was trained before."""
    return {
        "spec": network_spec(rng, nested=False),
        "training": True,
        "old_gradients": False,
        "batches": count,
        "lowest": float(rng.uniform(0.05, 0.1)),  # the first step already shows
        "highest": float(rng.uniform(0.8, 1.2)),
        "data_seed": int(rng.integers(2**30)),
        "labels": {},
        "breaks_at": count - 2,
    }


def range_network(run: dict[str, Any]) -> Any:
    """The model of one run, in its modes, with its old gradients."""
    import torch

    from grader.exercises.kit.layers import SteadyDropout

    model, spec = network(run["spec"]).train(run["training"]), run["spec"]
    model.set_submodule(spec["dropout_name"], SteadyDropout(_DROPPED).train(run["training"]))
    model.get_submodule(spec["stages"][0]).train(not run["training"])
    if run["old_gradients"]:
        generator = torch.Generator().manual_seed(run["data_seed"])
        for parameter in model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
    return model


def range_batches(run: dict[str, Any]) -> list[tuple]:
    """Images and labels for one run."""
    import torch

    batches = random_batches(run["spec"], run["data_seed"], run["batches"])
    for number, labels in run["labels"].items():
        batches[int(number)] = (batches[int(number)][0], torch.tensor(labels))
    if run["breaks_at"] is not None:  # a broken photograph: from there on no loss is a number
        batches[run["breaks_at"]][0][0, 0, 0, 0] = float("inf")
    return batches


def _rises(losses: list[float]) -> bool:
    """Whether the losses rise, before the last one, as every usual rule for stopping has it."""
    earlier = losses[:-1]
    best = np.minimum.accumulate(earlier)
    return (
        bool(np.isfinite(losses).all())
        and min(losses) > 0.6  # then three decimal places are as good as all
        and 12 < max(losses) < 60  # who cuts off at 10 is seen
        and any(loss > 4.2 * low for loss, low in zip(earlier[1:], best, strict=False))
        and max(earlier) > 2.2 * losses[0]
    )


def _rehearsal(run: dict[str, Any], double: bool) -> tuple[list[float], dict[str, list[int]]]:
    """The losses on the way, and the labels of the two batches that get labels of their own."""
    import torch

    model, losses = range_network(run).train(), []
    model = model.double() if double else model
    labels_of = {number: list(labels) for number, labels in run["labels"].items()}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    growth = (run["highest"] / run["lowest"]) ** (1 / (run["batches"] - 1))
    for number, (images, labels) in enumerate(range_batches(run)):
        with torch.enable_grad():
            logits = model(images.double() if double else images)
            if not run["labels"] and number in (0, run["batches"] - 2):
                labels = _easy(logits.detach()) if number == 0 else logits.argmin(dim=1)
                labels_of[str(number)] = labels.tolist()
            loss = torch.nn.functional.cross_entropy(logits, labels)
        for parameter, gradient in zip(trainable, torch.autograd.grad(loss, trainable), strict=True):
            parameter.data.sub_(gradient, alpha=run["lowest"] * growth**number)
        losses.append(loss.item())
    return losses, labels_of


def _easy(logits: Any) -> Any:
    """The likeliest labels, and the second likeliest for as many as it takes to make the loss no tiny one."""
    import torch

    first, second = logits.topk(2).indices.unbind(dim=1)
    labels = first.clone()
    for place in range(len(labels)):
        if torch.nn.functional.cross_entropy(logits, labels) > 0.8:
            break
        labels[place] = second[place]
    return labels
