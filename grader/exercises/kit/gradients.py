"""How the gradients in front of an optimizer's step relate to those of the batch's mean cross-entropy."""

from typing import Any

from grader.exercises.machine.random_numbers import set_random_state

_CLOSE = 1e-3  # of the gradient's norm


def relation(
    gradients: dict[str, Any], stale: dict[str, Any], twin: Any, images: Any, labels: Any, random: Any
) -> tuple[str, float]:
    """Which of the known relations holds, and by which factor.

    Args:
        gradients: of the parameters by name, as the optimizer is about to use them.
        stale: what lay on them already when the batch came.
        twin: a copy of the model, taken when the batch came; ``None`` if none could be made.
        images, labels: of the batch; ``None`` if it is none of those that were given.
        random: ``random_state()`` when the batch came, for dropout.

    Returns:
        "right"; "scaled" (a factor other than 1: the sum, a clipped norm); "negated"; "piled up" (with what lay
        there before); "stale" (nothing but what lay there before); "softmax twice"; "zero labels"; "none"; "zeros";
        "other", also where nothing can be said.
    """
    import torch

    if not gradients:
        return "none", 0.0
    if not any(bool(gradient.any()) for gradient in gradients.values()):
        return "zeros", 0.0
    if all(name in stale and torch.equal(gradient, stale[name]) for name, gradient in gradients.items()):
        return "stale", 0.0
    if twin is None or images is None or labels is None:
        return "other", 0.0
    try:
        with torch.enable_grad():
            mean = _of(twin, images, random, lambda logits: _entropy(logits, labels))
            factor = _factor(gradients, mean)
            if factor is not None:
                if abs(factor - 1) <= _CLOSE:
                    return "right", 1.0
                return ("scaled" if factor > 0 else "negated"), factor
            if stale:
                rest = {n: g - stale[n] if n in stale else g for n, g in gradients.items()}
                factor = _factor(rest, mean)
                if factor is not None and factor > 0:
                    return "piled up", factor
            softmax = _of(twin, images, random, lambda logits: _entropy(logits.softmax(dim=1), labels))
            if (factor := _factor(gradients, softmax)) is not None:
                return "softmax twice", factor
            zero = _of(twin, images, random, lambda logits: _entropy(logits, torch.zeros_like(labels)))
            if (factor := _factor(gradients, zero)) is not None:
                return "zero labels", factor
    except (
        RuntimeError,
        ValueError,
        IndexError,
        TypeError,
    ):  # a model that takes no such batch, or loses no gradient
        return "other", 0.0
    return "other", 0.0


def _entropy(logits: Any, labels: Any) -> Any:
    import torch

    return torch.nn.functional.cross_entropy(logits, labels.to(logits.device))


def _of(twin: Any, images: Any, random: Any, loss: Any) -> dict[str, Any]:
    """The gradients of ``loss`` of the twin's logits; the twin's statistics may move, its weights do not."""
    twin.zero_grad(set_to_none=True)
    set_random_state(random)
    loss(twin(images)).backward()
    return {name: weight.grad.clone() for name, weight in twin.named_parameters() if weight.grad is not None}


def _factor(gradients: dict[str, Any], wanted: dict[str, Any]) -> float | None:
    """The number by which ``wanted`` must be multiplied to give ``gradients``; ``None`` if there is none.

    Parameters without a gradient in one of the two are left out: they are frozen, or in no optimizer.
    """
    import torch

    shared = [n for n in gradients if n in wanted and wanted[n].shape == gradients[n].shape]
    if not shared:
        return None
    got = torch.cat([gradients[name].cpu().flatten().double() for name in shared])  # MPS has no float64
    want = torch.cat([wanted[name].cpu().flatten().double() for name in shared])
    length = float(want @ want)
    if length == 0 or not bool(torch.isfinite(got).all()):
        return None
    factor = float(got @ want) / length
    if factor == 0 or float((got - factor * want).norm()) > _CLOSE * float(got.norm()) + 1e-9:
        return None
    return factor
