"""Tensors and ``state_dict``s as evidence: copies, names, and when two are the same."""

from collections.abc import Iterable
from typing import Any

import numpy as np

# float32 sums in another order differ by about 1e-6; every mistake that we know by far more.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5

State = dict[str, np.ndarray]


def plain(tensor: Any) -> np.ndarray | None:
    """A copy that can be evidence, from any device and of any dtype; ``None`` of what holds no numbers yet."""
    import torch

    unmade = torch.nn.parameter.UninitializedTensorMixin  # type: ignore[attr-defined]  # missing in PyTorch's types
    if isinstance(tensor, unmade) or tensor.device.type == "meta":
        return None
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


def snapshot(model: Any) -> State:
    """A copy of the whole ``state_dict``, buffers too, as NumPy arrays; what a lazy layer has not made is absent."""
    copies = {name: plain(tensor) for name, tensor in model.state_dict().items() if hasattr(tensor, "detach")}
    return {name: copy for name, copy in copies.items() if copy is not None}


def is_weight(name: str) -> bool:
    """Whether the ``state_dict``'s tensor ``name`` is a parameter, not one of BatchNorm's buffers."""
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def inside(names: Iterable[str], *modules: str) -> list[str]:
    """Those of ``names`` that belong to one of ``modules`` ("" is the whole model)."""
    return [name for name in names if any(not m or name.startswith(f"{m}.") for m in modules)]


def moved(before: State, after: State, names: Iterable[str] | None = None) -> list[str]:
    """Those of ``names`` (by default all of ``before``) that changed, were it by the last bit."""
    return [
        name for name in (before if names is None else names) if not _equal(before.get(name), after.get(name))
    ]


def _equal(left: np.ndarray | None, right: np.ndarray | None) -> bool:
    """Whether two arrays are equal, NaN at the same places included, or both are missing."""
    if left is None or right is None:
        return left is right
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f" and right.dtype.kind == "f"))


def same(left: object, right: object) -> bool:
    """Whether two arrays of numbers have one shape and agree up to the rounding of float32."""
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape or left.dtype.kind not in "fiub" or right.dtype.kind not in "fiub":
        return False
    return bool(np.allclose(left.astype(float), right.astype(float), rtol=_RELATIVE, atol=_ABSOLUTE))


def same_state(left: object, right: State) -> bool:
    """Whether two ``state_dict``s have the same names and, up to rounding, the same values."""
    if not isinstance(left, dict):
        return False
    return left.keys() == right.keys() and all(same(left[name], right[name]) for name in right)


def astray(state: State, wanted: State, start: State, tolerance: float = 2e-4) -> list[str]:
    """Names of the tensors that did not go from ``start`` to where ``wanted`` says.

    A tensor that was to stand still must not have moved at all. One that was to move may miss its target by
    ``tolerance`` of the way and a few roundings of float32: steps through BatchNorm enlarge those.
    """
    wrong = [name for name in wanted if name not in state or state[name].shape != wanted[name].shape]
    wrong += [name for name in state if name not in wanted]
    for name in wanted.keys() & state.keys():
        got, target = state[name].astype(float), wanted[name].astype(float)
        if got.shape != target.shape:
            continue
        way = (
            target - start[name].astype(float)
            if name in start and start[name].shape == target.shape
            else target
        )
        if not np.any(way):
            if not np.allclose(got, target, rtol=1e-6, atol=1e-8):  # the bits of another machine
                wrong.append(name)
            continue
        allowed = (
            tolerance * np.linalg.norm(way) + 1e-6 * np.sqrt(target.size) + 1e-6 * np.linalg.norm(target)
        )
        if not np.linalg.norm(got - target) <= allowed:  # NaN is astray
            wrong.append(name)
    order = {name: index for index, name in enumerate([*wanted, *state])}
    return sorted(set(wrong), key=order.__getitem__)
