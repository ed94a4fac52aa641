"""The one rule for which numbers are taken, wherever an exercise asks for one."""

import numbers
from typing import Any

import numpy as np


def as_number(value: Any) -> float | None:
    """A plain float from a number of any make; ``None`` if it is none.

    Taken are Python's and NumPy's real numbers and arrays or tensors that hold just one number (0-d). Not taken
    are booleans, text, complex numbers and everything with a dimension.
    """
    if hasattr(value, "detach"):  # a tensor, on whatever device
        try:
            value = value.detach().cpu().numpy()
        except (TypeError, RuntimeError):
            return None
    if isinstance(value, np.ndarray):
        if value.ndim != 0:
            return None
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def described(value: Any) -> str:
    """A value of the wrong kind in words: "None", "a list", "a Tensor of shape (3,)"."""
    if value is None:
        return "None"
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    if shape is not None and not callable(shape):
        return f"{article} {kind} of shape {tuple(shape)}"
    return f"{article} {kind}"
