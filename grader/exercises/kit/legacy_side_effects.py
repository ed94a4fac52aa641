"""What an answer did to a model beside what was asked: left gradients, hooks, another mode or device.

``condition`` is taken in the student's kernel before and after the answer; ``side_effects`` compares the
two where the verdict is made.
"""

from collections.abc import Collection
from typing import Any

from grader.exercises.kit.comparing import same_state
from grader.exercises.machine.verdict import Finding

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def condition(model: Any) -> dict[str, Any]:
    """The condition of a ``torch.nn.Module``, as evidence.

    Returns:
        ``state``: the whole ``state_dict`` as float64-safe arrays; ``trainable``, ``with_gradient``: names of
        parameters; ``training``, ``hooked``: names of modules ("" is the model itself); ``dtypes`` and
        ``devices``: those that occur, sorted.
    """
    named = list(model.named_parameters(remove_duplicate=False))
    tensors = list(model.state_dict().values())
    return {
        "state": {name: _plain(tensor) for name, tensor in model.state_dict().items()},
        "trainable": [name for name, parameter in named if parameter.requires_grad],
        "with_gradient": [name for name, parameter in named if parameter.grad is not None],
        "training": [name for name, module in model.named_modules() if module.training],
        "hooked": [name for name, module in model.named_modules() if any(getattr(module, h) for h in _HOOKS)],
        "dtypes": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors}),
        "devices": sorted({tensor.device.type for tensor in tensors}),
    }


def _plain(tensor: Any) -> Any:
    """A copy that can be evidence, from any device and of any dtype."""
    import torch

    if tensor.device.type == "meta":  # shapes without values
        return None
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


def side_effects(before: dict, after: dict, allowed: Collection[str] = ()) -> list[Finding]:
    """One finding for each kind of change that the answer made and was not asked for.

    Args:
        before, after: from ``condition``; ``after`` is untrusted.
        allowed: kinds that the exercise asks for, keys of ``condition``'s result.
    """
    checks = {
        "devices": _device,
        "dtypes": _dtype,
        "state": _state,
        "trainable": _trainable,
        "training": _mode,
        "with_gradient": _gradient,
        "hooked": _hook,
    }
    found = [check(before, after) for kind, check in checks.items() if kind not in allowed]
    return [finding for finding in found if finding is not None]


def _device(before: dict, after: dict) -> Finding | None:
    if after["devices"] == before["devices"]:
        return None
    return Finding(
        text=f"Afterwards the model lies on {' and '.join(map(str, after['devices']))}; it was given on "
        f"{' and '.join(before['devices'])}.",
        hint="Leave the model where it is: whoever calls the function decides on the device.",
    )


def _dtype(before: dict, after: dict) -> Finding | None:
    if after["dtypes"] == before["dtypes"]:
        return None
    return Finding(
        text=f"Afterwards the model holds numbers of type {', '.join(map(str, after['dtypes']))}; it was given "
        f"with {', '.join(before['dtypes'])}.",
        hint="`model.half()` and `model.double()` change the model itself, not a copy.",
    )


def _state(before: dict, after: dict) -> Finding | None:
    # Numbers of another dtype, or none on another device, are told above.
    if after["devices"] != before["devices"] or after["dtypes"] != before["dtypes"]:
        return None
    if same_state(after["state"], before["state"]):
        return None
    changed = [
        n for n in before["state"] if not same_state({n: after["state"].get(n)}, {n: before["state"][n]})
    ]
    name = changed[0] if changed else next(iter(after["state"].keys() - before["state"].keys()), "a tensor")
    return Finding(
        text=f"The function changed the model that it was given: `{name}` is not what it was.",
        hint="Look, count and measure without training; work on `copy.deepcopy(model)` where you must change it.",
    )


def _trainable(before: dict, after: dict) -> Finding | None:
    changed = sorted(set(before["trainable"]) ^ set(map(str, after["trainable"])))
    if not changed:
        return None
    return Finding(
        text=f"The function changed what is trainable: `{changed[0]}` has another `requires_grad` than before.",
        hint="Set flags only where the task asks for it.",
    )


def _mode(before: dict, after: dict) -> Finding | None:
    changed = sorted(set(before["training"]) ^ set(map(str, after["training"])))
    if not changed:
        return None
    was = "training" if changed[0] in before["training"] else "eval"
    return Finding(
        text=f"The model came in with `{changed[0] or 'the model itself'}` in {was} mode and is in the other mode now.",
        hint="Remember `model.training` before you change the mode, and set it back at the end.",
    )


def _gradient(before: dict, after: dict) -> Finding | None:
    left = [name for name in after["with_gradient"] if name not in before["with_gradient"]]
    if not left:
        return None
    return Finding(
        text=f"The function left gradients behind, on `{left[0]}` among others: the next `backward()` adds to them.",
        hint="Call `optimizer.zero_grad()` or `model.zero_grad()` at the end, which sets them to None.",
    )


def _hook(before: dict, after: dict) -> Finding | None:
    left = [name for name in after["hooked"] if name not in before["hooked"]]
    if not left:
        return None
    return Finding(
        text=f"The function left a hook on `{left[0] or 'the model itself'}`, which runs in every later forward pass.",
        hint="Keep what `register_forward_hook` returns and call its `remove()` at the end.",
    )
