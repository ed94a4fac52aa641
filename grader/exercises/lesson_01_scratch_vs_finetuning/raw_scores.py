"""Whether what stands in the head's place gives raw scores, of any sign and size."""

import copy
from collections.abc import Sequence
from typing import Any

from grader.exercises.machine.asking import AnswerRaised, ask

_SMALL = 0.01  # of a matrix's largest number; nn.Linear begins at about 0.4 here


def scores_of(model: Any, head: str, width: int) -> list[float]:
    """The lowest and the highest score that the head gives large features, and how far it is from affine.

    Nothing if there is no such layer, or none that takes ``width`` features: other rows tell that. The model is in
    eval mode, and no gradients are computed. Matrices that are nearly zero, as some start a head, are large here.
    """
    import torch

    features = torch.randn(2, 64, width, generator=torch.Generator().manual_seed(width)) * 1000
    given = features[0], features[1], features.sum(dim=0), torch.zeros_like(features[0])
    try:
        layer = _with_large_weights(ask(copy.deepcopy, model.get_submodule(head)))
        one, other, both, none = (ask(layer, x).double() for x in given)
        off = (both + none - one - other).norm() / (one.norm() + other.norm() + 1e-12)
        return [float(one.min()), float(one.max()), float(off)]
    except (AnswerRaised, AttributeError, RuntimeError, TypeError, ValueError):
        return []


def _with_large_weights(layer: Any) -> Any:
    """The layer, its small matrices filled with numbers around 1: what bends small scores cannot be seen."""
    import torch

    generator = torch.Generator().manual_seed(1)
    for weight in layer.parameters():
        if weight.ndim == 2 and float(weight.abs().max()) < _SMALL:
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return layer


def are_raw(scores: Sequence[float], matrices: int) -> bool:
    """Whether scores, as ``scores_of`` gives them, are of both signs and large; those of a single matrix are affine."""
    if len(scores) != 3:
        return True
    low, high, off = scores
    return low < -1.01 and high > 1.01 and (matrices > 1 or off <= 1e-3)
