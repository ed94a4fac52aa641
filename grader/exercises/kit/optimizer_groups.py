"""How an optimizer is set, in plain numbers: which parameters each of its groups holds, and with what settings."""

from typing import Any

from grader.exercises.machine.evidence_types import Number, StrictEvidence

_SETTINGS = ("lr", "momentum", "weight_decay", "dampening", "nesterov", "maximize")


class Group(StrictEvidence):
    """One group of an optimizer's parameters, by their names in the model; "" is a parameter of no model seen."""

    names: list[str]
    lr: Number
    momentum: Number
    weight_decay: Number
    dampening: Number
    nesterov: Number
    maximize: Number


def groups_of(optimizer: Any, model: Any) -> list[dict[str, Any]]:
    """One dict a group of the optimizer's, as evidence for ``Group``."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    return [
        {
            "names": [names.get(id(weight), "") for weight in group["params"]],
            **{setting: _as_float(group.get(setting)) for setting in _SETTINGS},
        }
        for group in optimizer.param_groups
    ]


def _as_float(value: Any) -> float:
    """A setting of an optimizer as a plain number; NaN if it is none, 0 if it is missing."""
    try:
        return float(value or 0)
    except (TypeError, ValueError, RuntimeError):
        return float("nan")
