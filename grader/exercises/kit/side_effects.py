"""What an answer did to a model beside what was asked: left gradients, hooks, another mode or device.

``side_effects`` is the one rule, for every exercise: a side effect costs one point, once, however many there are. A
model whose device, dtype or tensors changed cannot be asked any further, and that costs everything.
"""

from collections.abc import Callable
from typing import Any

from grader.exercises.kit.condition import Condition, shapes
from grader.exercises.kit.tensors import moved
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

PRICE = 1.0  # points


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
        # One that is gone went with its tensors, which is another finding.
        return f"{' and '.join(now)}; it was {' and '.join(was)}" if set(now) - set(was) else ""

    return _first(difference)


def _changed_name(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        changed = sorted(set(getattr(before, kind)) ^ set(getattr(after, kind)))
        return _called(changed[0]) if changed else ""

    return _first(difference)


def _new_name(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        new = [name for name in getattr(after, kind) if name not in getattr(before, kind)]
        return _called(new[0]) if new else ""

    return _first(difference)


def _gone_name(kind: str) -> Callable[[Any], Any]:
    def difference(before: Condition, after: Condition) -> str:
        gone = [name for name in getattr(before, kind) if name not in getattr(after, kind)]
        return f"`{gone[0]}`" if gone else ""

    return _first(difference)


def _other_attributes(before: Condition, after: Condition) -> str:
    """A layer in the place of another has settings of its own: only what is the same object counts."""
    for name, (owner, settings) in after.attributes.items():
        was = before.attributes.get(name)
        if was is not None and was[0] == owner and was[1] != settings:
            return _called(name)
    return ""


def _other_layout(before: Condition, after: Condition) -> str:
    return next(
        (
            f"`{name}`"
            for name, strides in before.layouts.items()
            if name in after.layouts
            and after.layouts[name] != strides
            and after.state.get(name) is not None
            and before.state.get(name) is not None
            and after.state[name].shape == before.state[name].shape
        ),
        "",
    )


def _other_tensors(before: Condition, after: Condition) -> str:
    was, now = shapes(before.state), shapes(after.state)
    return next((f"`{name}`" for name in [*was, *now] if was.get(name) != now.get(name)), "")


def _other_values(before: Condition, after: Condition) -> str:
    return next((f"`{name}`" for name in moved(before.state, after.state)), "")


def _mode(before: Condition, after: Condition) -> str:
    changed = sorted(set(before.training) ^ set(after.training))
    if not changed:
        return ""
    was = "training" if changed[0] in before.training else "eval"
    return f"{_called(changed[0])} is no longer in {was} mode, in which it came"


def _called(name: str) -> str:
    return f"`{name}`" if name else "the model itself"


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
            "Afterwards {1}.",
            "Remember `training` of each module that you switch, and set it back at the end: `model.train(…)` sets all of "
            "them alike.",
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
            "Where there was none before, `parameter.grad = None` takes it away; `model.zero_grad()` would take those "
            "as well that the model came with. Or try it on a copy.",
            costs=PRICE,
        ),
    ),
    (
        "with_gradient",
        Mistake(
            "gradients-cleared",
            _gone_name("with_gradient"),
            "The gradients that the model came with are gone, on {1} among others.",
            "Whoever calls the function may still want them: here is nothing to be cleared.",
            costs=PRICE,
        ),
    ),
    (
        "hooked",
        Mistake(
            "hook-left",
            _new_name("hooked"),
            "The function left a hook on {1}, which runs in every later pass.",
            "Keep what `register_forward_hook` or `register_hook` returns, and call its `remove()` at the end.",
            costs=PRICE,
        ),
    ),
    (
        "attributes",
        Mistake(
            "attributes-changed",
            _first(_other_attributes),
            "Something of {1} is not as it was: the function changed a setting of it, wrote something on it, or put "
            "another function in the place of one of its methods.",
            "Leave the settings of layers as they are, and keep notes of your own in a variable of your own.",
            costs=PRICE,
        ),
    ),
    (
        "layouts",
        Mistake(
            "layout-changed",
            _first(_other_layout),
            "{1} lies in another order in memory than before.",
            "`contiguous()` gives a copy in order; what `.data`, `.to(memory_format=…)` and `_()` change is the "
            "model's own.",
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
