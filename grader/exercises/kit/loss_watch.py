"""Watches the losses of a training: what each forward pass is worth, and how its loss was reduced to a number.

The gradient at the logits tells it, however the loss is written and whatever became of the weights' gradients
afterwards: of cross-entropy it is ``factor / n * (softmax - labels)``, with a factor of 1 for the mean over n images.
"""

from collections.abc import Callable
from typing import Any, Literal

from grader.exercises.kit.batches import KnownBatches
from grader.exercises.machine.evidence_types import Number, StrictEvidence

MOST_PASSES = 120  # that are recorded
_CLOSE = 1e-3  # of the gradient's norm


class Pass(StrictEvidence):
    """One forward pass of the watched model.

    Attributes:
        batch: which it was, as ``KnownBatches`` names it.
        size: number of images.
        loss: mean cross-entropy of its logits and the batch's labels; NaN if the images are of no batch.
        training: whether the model was in training mode.
        with_gradient: whether ``backward()`` could start from it.
        loss_was: "cross-entropy" of whatever labels, "smoothed" labels or a "softmax" before it, as the gradient at
            the logits tells; "other"; "" if none came back.
        factor: of that gradient, 1 for the mean over the batch, n for the sum, negative for an ascent.
    """

    batch: str
    size: int
    loss: Number
    training: bool
    with_gradient: bool
    loss_was: Literal["", "cross-entropy", "smoothed", "softmax", "other"]
    factor: Number

    @property
    def is_summed(self) -> bool:
        """Whether the loss was a sum over the batch."""
        return bool(self.loss_was) and self.size > 1 and abs(abs(self.factor) - self.size) < 0.02 * self.size


class LossWatch:
    """A context in which the forward passes of ``model``, and of its copies, are recorded.

    Args:
        model: that the answer is given.
        batches: that it is given.
        paused: whether a pass is the check's own, which is not recorded.

    Attributes:
        passes: one dict a pass, as evidence for ``Pass``.
    """

    def __init__(self, model: Any, batches: KnownBatches, paused: Callable[[], bool] = lambda: False) -> None:
        self._model, self._batches, self._paused = model, batches, paused
        self.passes: list[dict[str, Any]] = []

    def __deepcopy__(self, memo: dict) -> "LossWatch":
        return self  # a copied model reports to the same watch

    @property
    def hooks(self) -> list[Any]:
        """The functions that are registered on the model: no side effect of the answer's."""
        return [self._on_output]

    def __enter__(self) -> "LossWatch":
        self._handle = self._model.register_forward_hook(self._on_output)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _on_output(self, module: Any, inputs: tuple, logits: Any) -> None:
        import torch

        if self._paused() or len(self.passes) >= MOST_PASSES or not _are_logits(logits):
            return
        name, _, labels = self._batches.recognise(inputs[0] if inputs else None)
        if labels is not None and len(labels) != len(logits):
            labels = None
        plain = logits.detach().cpu().double().clone()  # in this order: MPS has no float64
        record = {
            "batch": name,
            "size": len(plain),
            "loss": float("nan")
            if labels is None
            else float(torch.nn.functional.cross_entropy(plain, labels)),
            "training": module.training,
            "with_gradient": bool(logits.requires_grad),
            "loss_was": "",
            "factor": 0.0,
        }
        self.passes.append(record)
        if logits.requires_grad:
            logits.register_hook(lambda gradient: _note(record, gradient, plain, labels))


def _are_logits(value: Any) -> bool:
    import torch

    return (
        isinstance(value, torch.Tensor) and value.ndim == 2 and value.is_floating_point() and len(value) > 0
    )


def _note(record: dict[str, Any], gradient: Any, logits: Any, labels: Any) -> None:
    record["loss_was"], record["factor"] = _loss_behind(gradient.detach().cpu().double(), logits, labels)


def _loss_behind(gradient: Any, logits: Any, labels: Any) -> tuple[str, float]:
    """Which loss has this gradient at these logits, and the factor to its mean over the batch."""
    import torch

    if not bool(torch.isfinite(gradient).all()) or not bool(torch.isfinite(logits).all()):
        return "other", 0.0
    with torch.no_grad():
        shares = logits.softmax(dim=1)
        # Whichever labels were taken: only theirs pull the other way.
        for taken in (gradient.argmin(dim=1), gradient.argmax(dim=1)):
            chosen = torch.nn.functional.one_hot(taken, logits.shape[1]).double()
            columns = torch.stack([shares, chosen, torch.ones_like(shares)], dim=-1).flatten(end_dim=1)
            weights = torch.linalg.lstsq(columns, gradient.flatten()[:, None], driver="gelsd").solution
            rest = float((columns @ weights - gradient.flatten()[:, None]).norm())
            if rest <= _CLOSE * float(gradient.norm()):
                scale, pull = float(weights[0]), -float(weights[1])
                kind = "cross-entropy" if abs(pull - scale) <= _CLOSE * abs(scale) else "smoothed"
                return kind, scale * len(logits)
    if labels is not None:
        with torch.enable_grad():
            leaf = logits.clone().requires_grad_()
            loss = torch.nn.functional.cross_entropy(leaf.softmax(dim=1), labels)
            [wanted] = torch.autograd.grad(loss, [leaf])
        factor = float((gradient * wanted).sum() / wanted.square().sum().clamp_min(1e-30))
        if float((gradient - factor * wanted).norm()) <= _CLOSE * float(gradient.norm()):
            return "softmax", factor
    return "other", 0.0
