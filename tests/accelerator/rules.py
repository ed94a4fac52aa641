"""What the soft device refuses: of each rule the strictest that an accelerator of a student's has.

As on CUDA, tensors of two devices do not meet in one operation, apart from a number (0-d) that the CPU hands
to an operation element by element, and from indices into a tensor of the device. As on MPS, nothing is
float64.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

# Between devices by their nature.
_CROSSING = {"aten::copy_", "aten::_to_copy"}
# ``tensor[indices]``: CUDA takes indices that lie on the CPU.
_INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
_too_wide = {torch.float64, torch.complex128}


def refuse_to_mix(
    op: Any, args: Sequence[Any], kwargs: dict[str, Any], is_soft: Callable[[Any], bool]
) -> None:
    """Raise what CUDA raises where tensors of two devices meet.

    Raises:
        RuntimeError: a tensor of another device is among the arguments, or another device's generator.
    """
    name = op._schema.name
    if (generator := kwargs.get("generator")) is not None:
        raise RuntimeError(f"Expected a 'soft' device type for generator but found '{generator.device.type}'")
    if name in _CROSSING:
        return
    asked = [args[0], *args[2:]] if name in _INDEXING and is_soft(args[0]) else args
    tensors = [leaf for leaf in tree_leaves((asked, kwargs)) if isinstance(leaf, torch.Tensor)]
    if not any(map(is_soft, tensors)):
        return
    numbers_may_come = torch.Tag.pointwise in op.tags or name in _INDEXING
    for tensor in tensors:
        if not is_soft(tensor) and not (numbers_may_come and tensor.ndim == 0):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, soft:0 and "
                f"{tensor.device}! (when checking an argument of {name})"
            )


def refuse_float64(tensors: Iterable[Any]) -> None:
    """Raise what MPS raises where a tensor of the device would be float64.

    Raises:
        TypeError: one is.
    """
    if any(isinstance(tensor, torch.Tensor) and tensor.dtype in _too_wide for tensor in tensors):
        raise TypeError(
            "Cannot convert a soft Tensor to float64 dtype as the soft framework doesn't support float64. "
            "Please use float32 instead."
        )


@contextlib.contextmanager
def as_on_cuda() -> Iterator[None]:
    """Inside, the device takes float64, and ``module.to`` keeps a module's parameters."""
    kept, wide = torch.__future__.get_swap_module_params_on_conversion(), set(_too_wide)
    torch.__future__.set_swap_module_params_on_conversion(True)
    _too_wide.clear()
    try:
        yield
    finally:
        torch.__future__.set_swap_module_params_on_conversion(kept)
        _too_wide.update(wide)
