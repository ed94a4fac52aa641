"""What a model is like before and after an answer: numbers, flags, modes, hooks, settings, layout."""

import re
import zlib
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field

from grader.exercises.kit.tensors import State, snapshot
from grader.exercises.machine import evidence_types
from grader.exercises.machine.evidence_types import StrictEvidence

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_PLAIN = (bool, int, float, str, tuple, type(None))
# `module.requires_grad = False` sets no flag, but it is no change of a layer either: exercises on flags tell it.
_MEANT_AS_FLAG = re.compile("grad|train|fr[eo]e?z")

Attributes = dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]]


class Condition(StrictEvidence):
    """The condition of a ``torch.nn.Module``.

    Attributes:
        state: the whole ``state_dict``.
        trainable, with_gradient: names of parameters, a shared one by each of its names.
        training: names of modules; "" is the model itself.
        hooked: names of modules, and of parameters that bear a hook.
        attributes: of each module and parameter, a number for the object, and a checksum of its plain
            attributes (numbers, texts) and of what hides a method of its class; flags and modes are not among them.
        layouts: of each tensor, its strides.
        dtypes, devices: those that occur, sorted.
    """

    state: evidence_types.State
    trainable: list[str]
    with_gradient: list[str]
    training: list[str]
    hooked: list[str]
    attributes: Attributes
    layouts: dict[str, list[int]]
    dtypes: list[str]
    devices: list[str]


def condition(model: Any, own_hooks: Collection[Any] = ()) -> dict[str, Any]:
    """The condition of a ``torch.nn.Module``, as evidence for ``Condition``.

    Args:
        own_hooks: functions that the check itself registered, which are nobody's side effect.
    """
    named = list(model.named_parameters(remove_duplicate=False))
    tensors = [tensor for tensor in model.state_dict().values() if hasattr(tensor, "detach")]
    return {
        "state": snapshot(model),
        "trainable": [name for name, parameter in named if parameter.requires_grad],
        "with_gradient": [name for name, parameter in named if parameter.grad is not None],
        "training": [name for name, module in model.named_modules() if module.training],
        "hooked": [name for name, module in model.named_modules() if _hooks_of(module, own_hooks)]
        + [name for name, parameter in named if parameter._backward_hooks],
        "attributes": {
            name: [id(owner) % 2**31, zlib.crc32(repr(_plain_attributes(owner)).encode())]
            for name, owner in [*model.named_modules(), *named]
        },
        "layouts": {name: list(tensor.stride()) for name, tensor in _with_strides(model)},
        "dtypes": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors}),
        "devices": sorted({tensor.device.type for tensor in tensors}),
    }


def expected_condition(model: Any) -> dict[str, Any]:
    """``condition`` for expected values, the same wherever they are computed.

    Without attributes, which tell objects of one process apart: ``given`` takes those that the kernel saw.
    """
    return condition(model) | {"attributes": {}}


def _plain_attributes(owner: Any) -> list[tuple[str, str]]:
    """What an answer may have set or written on a module or a parameter, by name."""
    return sorted(
        (name, repr(value) if isinstance(value, _PLAIN) else "hides a method")
        for name, value in getattr(owner, "__dict__", {}).items()
        if name != "training"
        and not name.startswith("_")
        and (_is_setting(name, value) or (callable(value) and hasattr(type(owner), name)))
    )


def _is_setting(name: str, value: Any) -> bool:
    return isinstance(value, _PLAIN) and not (isinstance(value, bool) and _MEANT_AS_FLAG.search(name))


def _with_strides(model: Any) -> list[tuple[str, Any]]:
    import torch

    unmade = torch.nn.parameter.UninitializedTensorMixin  # type: ignore[attr-defined]  # missing in PyTorch's types
    return [
        (n, t) for n, t in model.state_dict().items() if hasattr(t, "stride") and not isinstance(t, unmade)
    ]


def _hooks_of(module: Any, own: Collection[Any]) -> list[Any]:
    hooks = [hook for kind in _HOOKS for hook in getattr(module, kind, {}).values() if hook not in own]
    # A lazy layer of PyTorch's waits for its first batch with a hook of its own.
    return [hook for hook in hooks if getattr(hook, "__name__", "") != "_infer_parameters"]


def given(expected: dict[str, Any], attributes: Attributes) -> Condition:
    """The condition before a call, from expected values; ``attributes`` are those of the very model that was given."""
    return Condition.model_validate(expected).model_copy(update={"attributes": attributes})


def is_sound(before: Condition, after: Condition) -> bool:
    """Whether the model can still be asked: same device, same numbers, same tensors."""
    return (
        after.devices == before.devices
        and after.dtypes == before.dtypes
        and shapes(after.state) == shapes(before.state)
    )


def shapes(state: State) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor."""
    return {name: values.shape for name, values in state.items()}
