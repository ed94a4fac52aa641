"""When two results are the same: up to the rounding of float32, and no further."""

import numpy as np

# float32 sums in another order differ by about 1e-6; every mistake that we know by far more.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5


def same(left: object, right: object) -> bool:
    """Whether two arrays of numbers have one shape and agree up to the rounding of float32."""
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape or left.dtype.kind not in "fiub" or right.dtype.kind not in "fiub":
        return False
    return bool(np.allclose(left.astype(float), right.astype(float), rtol=_RELATIVE, atol=_ABSOLUTE))


def nearest(state: object, known: dict[str, dict]) -> str:
    """The known result whose numbers ``state`` holds by the same names, "" if it holds those of none.

    Where a network hardly moves, several agree up to rounding: then the nearest of them is the one.
    """
    if not isinstance(state, dict):
        return ""
    distances = {
        which: sum(
            float(np.abs(_floats(state[name]) - _floats(values)).sum()) for name, values in wanted.items()
        )
        for which, wanted in known.items()
        if all(name in state and same(state[name], values) for name, values in wanted.items())
    }
    return min(distances, key=lambda which: distances[which], default="")


def _floats(values: object) -> np.ndarray:
    return np.asarray(values).astype(float)


def same_state(left: object, right: dict) -> bool:
    """Whether two ``state_dict``s have the same names and, up to rounding, the same values."""
    if not isinstance(left, dict):
        return False
    return left.keys() == right.keys() and all(same(left[name], right[name]) for name in right)
