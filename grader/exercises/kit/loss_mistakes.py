"""Which loss was trained on, where the gradients are not the batch's own: rows for an exercise's tables."""

from collections.abc import Callable, Sequence
from typing import Any

from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.loss_watch import Pass
from grader.exercises.machine.mistakes import Mistake

_CLOSE = 1e-3  # of the gradient's norm


class OwnLoss:
    """A context that notes of each ``backward()`` through ``model`` how its loss used the batch's own labels.

    Args:
        model: that the answer is given.
        batches: that it is given.
        paused: whether a pass is the check's own.

    Attributes:
        kinds: one a ``backward()``, from the gradient at the logits: "own" for cross-entropy of the batch's labels,
            "smoothed" for smoothed ones, "other" for anything else.
    """

    def __init__(self, model: Any, batches: KnownBatches, paused: Callable[[], bool] = lambda: False) -> None:
        self._model, self._batches, self._paused = model, batches, paused
        self.kinds: list[str] = []

    def __deepcopy__(self, memo: dict) -> "OwnLoss":
        return self  # a copied model reports to the same one

    @property
    def hooks(self) -> list[Any]:
        """The functions that are registered on the model: no side effect of the answer's."""
        return [self._on_output]

    def __enter__(self) -> "OwnLoss":
        self._handle = self._model.register_forward_hook(self._on_output)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _on_output(self, module: Any, inputs: tuple, logits: Any) -> None:
        if self._paused() or len(self.kinds) >= 60 or not getattr(logits, "requires_grad", False):
            return
        labels = self._batches.recognise(inputs[0] if inputs else None)[2]
        shown = logits.detach().cpu().double().clone()
        logits.register_hook(lambda gradient: self.kinds.append(_kind(gradient, shown, labels)))


def _kind(gradient: Any, logits: Any, labels: Any) -> str:
    """How the gradient at the logits comes from the labels: of cross-entropy it is ``scale * (softmax - labels)``."""
    import torch

    if (
        labels is None
        or logits.ndim != 2
        or len(labels) != len(logits)
        or int(labels.max()) >= logits.shape[1]
    ):
        return "other"
    got, shares = gradient.detach().cpu().double().flatten()[:, None], logits.softmax(dim=1)
    if not bool(torch.isfinite(got).all()) or not bool(torch.isfinite(shares).all()):
        return "other"
    with torch.no_grad():
        own = torch.nn.functional.one_hot(labels, logits.shape[1]).double()
        columns = torch.stack([shares, own, torch.ones_like(own)], dim=-1).flatten(end_dim=1)
        weights = torch.linalg.lstsq(columns, got, driver="gelsd").solution
        scale, pull = float(weights[0]), -float(weights[1])
        if float((columns @ weights - got).norm()) > _CLOSE * float(got.norm()) or abs(scale) < _CLOSE * abs(
            pull
        ):
            return "other"
    return "own" if abs(scale - pull) <= _CLOSE * abs(scale) else "smoothed"


def first_loss(passes: Sequence[Pass]) -> str:
    """What the first loss was that ``backward()`` came from, as ``Pass.loss_was`` says; "" if there was none."""
    return next((one.loss_was for one in passes if one.loss_was), "")


def loss_mistakes(costs: float) -> list[Mistake]:
    """Rows for facts with the attributes of ``TrainingFacts``, ``loss_was`` and ``own_loss``, the first of
    ``OwnLoss.kinds``.

    They stand in front of ``gradient_mistakes``, whose last row says no more than that the gradients are others.
    """

    def row(name: str, shows: Callable[[Any], Any], text: str, hint: str) -> Mistake:
        return Mistake(
            name,
            lambda f: f.gradient == "other" and "other" not in f.batches and shows(f),
            text,
            hint,
            costs=costs,
        )

    return [
        row(
            "other-labels",
            lambda f: f.loss_was == "cross-entropy" and f.own_loss == "other",
            "The loss was a cross-entropy, but it took other labels than those of the batch.",
            "Which labels does the loss get? They come with the images, in the same order.",
        ),
        row(
            "labels-smoothed",
            lambda f: f.own_loss == "smoothed",
            "The loss was a cross-entropy with smoothed labels, not the plain mean.",
            "Leave the settings of `F.cross_entropy` as they are.",
        ),
        row(
            "gradients-changed",
            lambda f: f.own_loss == "own",
            "The loss held the batch's mean cross-entropy, but the gradients in front of the step were not its own: "
            "they were clipped, written to or computed in lower precision, or a penalty on the weights was added.",
            "Between `backward()` and `optimizer.step()` nothing has to be done, and the loss has one term.",
        ),
        row(
            "other-loss",
            lambda f: f.loss_was and f.own_loss,
            "The loss was not the mean cross-entropy of the model's raw logits and the batch's labels.",
            "`F.cross_entropy(logits, labels)`, with what the model gives as it gives it.",
        ),
    ]
