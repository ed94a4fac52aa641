"""Whether what stands in the head's place gives raw scores, of any sign and size."""

from collections.abc import Sequence
from typing import Any

from grader.exercises.machine.asking import AnswerRaised, ask


def scores_of(model: Any, head: str, width: int) -> list[float]:
    """The lowest and the highest score that the head gives large features, and how far it is from affine.

    Nothing if there is no such layer, or none that takes ``width`` features: other rows tell that. The model is in
    eval mode, and no gradients are computed.
    """
    import torch

    features = torch.randn(2, 64, width, generator=torch.Generator().manual_seed(width)) * 1000
    given = features[0], features[1], features.sum(dim=0), torch.zeros_like(features[0])
    try:
        layer = model.get_submodule(head)
        one, other, both, none = (ask(layer, x).double() for x in given)
        off = (both + none - one - other).norm() / (one.norm() + other.norm() + 1e-12)
        return [float(one.min()), float(one.max()), float(off)]
    except (AnswerRaised, AttributeError, RuntimeError, TypeError, ValueError):
        return []


def are_raw(scores: Sequence[float], matrices: int) -> bool:
    """Whether scores, as ``scores_of`` gives them, are of both signs and large; those of a single matrix are affine."""
    if len(scores) != 3:
        return True
    low, high, off = scores
    return low < -1.01 and high > 1.01 and (matrices > 1 or off <= 1e-3)
