"""What an answer did to a model beside what was asked: left gradients, hooks, another mode or device.

``condition`` is taken in the student's kernel before and after the answer. ``side_effects`` is the one rule, for
every exercise: a side effect costs one point, once, however many there are. A model whose device, dtype or
tensors changed cannot be asked any further, and that costs everything.
"""

from collections.abc import Callable, Collection
from typing import Any

from grader.exercises.kit.tensors import State, moved, snapshot
from grader.exercises.machine import evidence_types
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
PRICE = 1.0  # points


class Condition(StrictEvidence):
    """The condition of a ``torch.nn.Module``.

    Attributes:
        state: the whole ``state_dict``.
        trainable, with_gradient: names of parameters, a shared one by each of its names.
        training, hooked: names of modules; "" is the model itself.
        dtypes, devices: those that occur, sorted.
    """

    state: evidence_types.State
    trainable: list[str]
    with_gradient: list[str]
    training: list[str]
    hooked: list[str]
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
        "hooked": [name for name, module in model.named_modules() if _hooks_of(module, own_hooks)],
        "dtypes": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors}),
        "devices": sorted({tensor.device.type for tensor in tensors}),
    }


def _hooks_of(module: Any, own: Collection[Any]) -> list[Any]:
    hooks = [hook for kind in _HOOKS for hook in getattr(module, kind, {}).values() if hook not in own]
    # A lazy layer of PyTorch's waits for its first batch with a hook of its own.
    return [hook for hook in hooks if getattr(hook, "__name__", "") != "_infer_parameters"]


def is_sound(before: Condition, after: Condition) -> bool:
    """Whether the model can still be asked: same device, same numbers, same tensors."""
    return (
        after.devices == before.devices
        and after.dtypes == before.dtypes
        and _shapes(after.state) == _shapes(before.state)
    )


def _shapes(state: State) -> dict[str, tuple[int, ...]]:
    return {name: values.shape for name, values in state.items()}


def side_effects(*allowed: str) -> list[Mistake]:
    """The table of side effects, for facts with an attribute ``conditions``: pairs of before and after.

    Args:
        allowed: kinds that the exercise asks for, names of ``Condition``'s attributes.
    """
    rows = [row for kind, row in _ROWS if kind not in allowed]
    if "state" not in allowed:
        rows.append(_CHANGED)
    return rows


def _first(difference: Callable[[Condition, Condition], Any]) -> Callable[[Any], Any]:
    """What ``difference`` gives for the first pair of conditions that has one."""
    return lambda facts: next((found for pair in facts.conditions if (found := difference(*pair))), None)


def _other(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        was, now = getattr(before, kind), getattr(after, kind)
        return "" if was == now else f"{' and '.join(now) or 'nothing'}; it was {' and '.join(was)}"

    return _first(difference)


def _changed_name(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        changed = sorted(set(getattr(before, kind)) ^ set(getattr(after, kind)))
        return f"`{changed[0] or 'the model itself'}`" if changed else ""

    return _first(difference)


def _new_name(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        new = [name for name in getattr(after, kind) if name not in getattr(before, kind)]
        return f"`{new[0] or 'the model itself'}`" if new else ""

    return _first(difference)


def _other_tensors(before: Condition, after: Condition) -> str:
    was, now = _shapes(before.state), _shapes(after.state)
    return next((f"`{name}`" for name in [*was, *now] if was.get(name) != now.get(name)), "")


def _other_values(before: Condition, after: Condition) -> str:
    return next((f"`{name}`" for name in moved(before.state, after.state)), "")


def _mode(before: Condition, after: Condition) -> str:
    changed = sorted(set(before.training) ^ set(after.training))
    if not changed:
        return ""
    was = "training" if changed[0] in before.training else "eval"
    return f"`{changed[0] or 'the model itself'}` in {was} mode"


_ROWS: list[tuple[str, Mistake]] = [
    (
        "devices",
        Mistake(
            "device-changed",
            _other("devices"),
            "Afterwards the model lies on {1}.",
            "Leave the model where it is: whoever calls the function decides on the device.",
            costs=EVERYTHING,
        ),
    ),
    (
        "dtypes",
        Mistake(
            "dtype-changed",
            _other("dtypes"),
            "Afterwards the model holds numbers of type {1}.",
            "`model.half()` and `model.double()` change the model itself, not a copy.",
            costs=EVERYTHING,
        ),
    ),
    (
        "state",
        Mistake(
            "tensors-replaced",
            _first(_other_tensors),
            "The model has other tensors than before: {1} is missing, new or of another shape.",
            "Leave the layers of the model that is given as they are: replace none, add none.",
            costs=EVERYTHING,
        ),
    ),
    (
        "training",
        Mistake(
            "mode-changed",
            _first(_mode),
            "The model came in with {1}, and is in the other mode now.",
            "Remember `model.training` before you change the mode, and set it back at the end.",
            costs=PRICE,
        ),
    ),
    (
        "trainable",
        Mistake(
            "flags-changed",
            _changed_name("trainable"),
            "The function changed what is trainable: {1} has another `requires_grad` than before.",
            "Set flags only where the task asks for it.",
            costs=PRICE,
        ),
    ),
    (
        "with_gradient",
        Mistake(
            "gradients-left",
            _new_name("with_gradient"),
            "The function left gradients behind, on {1} among others: the next `backward()` adds to them.",
            "Call `optimizer.zero_grad()` or `model.zero_grad()` at the end, which sets them to None.",
            costs=PRICE,
        ),
    ),
    (
        "hooked",
        Mistake(
            "hook-left",
            _new_name("hooked"),
            "The function left a hook on {1}, which runs in every later forward pass.",
            "Keep what `register_forward_hook` returns and call its `remove()` at the end.",
            costs=PRICE,
        ),
    ),
]
_CHANGED = Mistake(
    "weights-changed",
    _first(_other_values),
    "The function changed the model that it was given: {1} is not what it was.",
    "Here nothing is to be trained or written: which line changes a weight or a statistic?",
    costs=PRICE,
)
