"""Whether two ``checks.json`` say the same, up to the rounding that differs between processors."""

import json
import math
from typing import Any

import numpy as np

from grader.exercises.kit.tensors import same
from grader.exercises.machine.evidence import EvidenceError, decode


def same_but_for_rounding(left: str, right: str) -> bool:
    """Whether two JSON texts have one structure, and numbers that differ by float32's rounding at most.

    Another processor, or another number of threads, adds in another order (PyTorch documentation,
    "Reproducibility"): the last digits of expected values are then others, and nothing is out of date.
    """
    try:
        return left == right or _alike(json.loads(left), json.loads(right))
    except (ValueError, EvidenceError):
        return False


def _alike(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        if left.keys() != right.keys():
            return False
        if "__array__" in left:
            one, other = decode(left), decode(right)
            return one.dtype == other.dtype and (
                same(one, other) or np.array_equal(one, other, equal_nan=True)
            )
        return all(_alike(left[name], right[name]) for name in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(_alike(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=1e-3, abs_tol=1e-5)
    return left == right
