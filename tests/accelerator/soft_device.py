"""An accelerator in software: tensors of the device "soft" compute on the CPU, but will not mix with its own.

CI has no GPU. With ``lab.device()`` answering this device, what would stop on a GPU stops here: tensors of
two devices in one operation (``tests.accelerator.rules``), ``.numpy()`` of a device's tensor, a generator of
the CPU's, float64 as on MPS. And it draws random numbers of its own.

It is made of PyTorch's key for devices that are not its own, PrivateUse1, whose backend may be written in
Python. A ``SoftTensor`` holds a CPU tensor; every operation takes the held ones out, computes, and wraps the
result. Above that key everything is PyTorch's own: autograd, modules, optimizers.

From CUDA it differs as another device that PyTorch supports (XLA) does: ``module.to`` makes new parameters
instead of keeping the old ones, so that an optimizer from before the move trains nothing. PyTorch asks for
the order that is right on both (documentation of ``torch.nn.Module.cuda``). ``rules.as_on_cuda()`` takes this
away, and the ban on float64.

It has no storages of its own: ``torch.load(…, map_location="soft")`` and whatever else moves storages fails.

Importing this module registers the device for the rest of the process; PyTorch cannot take that back. It must
come before the first ``backward()``, with which PyTorch starts a thread for each device that it knows.
"""

from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from tests.accelerator.random_numbers import BackendModule
from tests.accelerator.rules import refuse_float64, refuse_to_mix

NAME = "soft"
_backend = BackendModule()
_setup_privateuseone_for_python_backend(NAME, backend_module=_backend)
DEVICE = torch.device(NAME, 0)


class SoftTensor(torch.Tensor):
    """A tensor of the device.

    Attributes:
        held: the CPU tensor that holds its numbers; of a view it is a view.
    """

    held: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "SoftTensor":
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=DEVICE,
        )
        tensor.held = held
        return tensor

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(op, args, kwargs or {})

    @property
    def data(self) -> "SoftTensor":
        return self.detach()

    @data.setter
    def data(self, new: torch.Tensor) -> None:
        # `weight.data -= …` ends in this setter, and `module.half()`. PyTorch's own leaves `held` behind.
        torch.Tensor.data.__set__(self, new)  # refuses what is no tensor of the device
        self.held = new.held

    def untyped_storage(self) -> torch.UntypedStorage:
        """The held tensor's: its address tells which tensors share their memory, as on CUDA."""
        return self.held.untyped_storage()

    def data_ptr(self) -> int:
        return self.held.data_ptr()

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    def numpy(self, **_: object) -> Any:
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor "
            "to host memory first."
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "SoftTensor":
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError("Only Tensors created explicitly by the user support the deepcopy protocol.")
        memo[id(self)] = copied = self.detach().clone().requires_grad_(self.requires_grad)
        copied._is_param = getattr(self, "_is_param", False)
        if self.grad is not None:
            copied.grad = self.grad.detach().clone()
        return copied

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        """As PyTorch stores tensors of a device whose memory it cannot read: on the CPU, with its name."""
        if getattr(self, "_is_param", False):
            return torch._utils._rebuild_parameter, (self.detach(), self.requires_grad, {})
        fields = (self.detach().cpu(), self.dtype, str(self.device), self.requires_grad)
        return torch._utils._rebuild_device_tensor_from_cpu_tensor, fields

    def __repr__(self, **_: object) -> str:
        return f"{repr(self.held).removesuffix(')')}, device='{self.device}')"


def _is_soft(value: Any) -> bool:
    return isinstance(value, SoftTensor)


def _compute(op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The operation on what the tensors hold; the result is the device's, unless another one is asked for."""
    name = op._schema.name
    if name == "aten::_has_compatible_shallow_copy_type":  # of CPU and device not: `.to` makes new parameters
        return _is_soft(args[0]) == _is_soft(args[1])
    refuse_to_mix(op, args, kwargs, _is_soft)
    asked = kwargs.get("device")
    stays = asked is None or torch.device(asked).type == NAME
    if asked is not None and stays:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    given = {id(leaf.held): leaf for leaf in tree_leaves((args, kwargs)) if _is_soft(leaf)}
    held_args, held_kwargs = tree_map(_held, (args, kwargs))
    if torch.Tag.nondeterministic_seeded in op.tags:
        with _backend.drawing():
            result = op(*held_args, **held_kwargs)
    else:
        result = op(*held_args, **held_kwargs)
    if not stays or (name == "aten::copy_" and not _is_soft(args[0])):  # from the device to the CPU
        return result
    refuse_float64(tree_leaves(result))
    return tree_map(lambda one: _wrapped(one, given), result)


def _held(value: Any) -> Any:
    return value.held if _is_soft(value) else value


def _wrapped(value: Any, given: dict[int, SoftTensor]) -> Any:
    """A result as the device's tensor: the very argument where the operation changed one in place."""
    if not isinstance(value, torch.Tensor):
        return value
    tensor = given.get(id(value))
    if tensor is None:
        return SoftTensor(value)
    if tensor.shape != value.shape or tensor.stride() != value.stride():  # `as_strided_`, `arange(out=…)`
        tensor.data = SoftTensor(value)
    return tensor


# What makes a tensor on the device has none of it among its arguments: it comes by the key of the device.
_everything = torch.library.Library("_", "IMPL")
_everything.fallback(lambda op, *args, **kwargs: _compute(op, args, kwargs), "PrivateUse1")
# PyTorch has a kernel of its own for this one, which `torch.tensor(…, device="soft")` would end in.
_copies = torch.library.Library("aten", "IMPL")
_copies.impl("copy_", lambda *args: _compute(torch.ops.aten.copy_.default, args, {}), "PrivateUse1")
