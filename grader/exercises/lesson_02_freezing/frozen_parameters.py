"""Networks whose parameters are frozen in a fixed pattern, and flags that were set where nobody reads them."""

from collections.abc import Iterable
from typing import Any, Literal

from grader.exercises.machine.evidence_types import StrictEvidence


class NewAttribute(StrictEvidence):
    """A yes or no that an answer noted as an attribute: of a module, or of a parameter."""

    on: Literal["module", "parameter"]
    name: str
    attribute: str

    @property
    def place(self) -> str:
        """Of what it is an attribute, in words."""
        return f"`{self.name}`" if self.name else "the model itself"


def freeze_every_second(model: Any, trainable: Iterable[str] = (), frozen: Iterable[str] = ()) -> Any:
    """``model`` with every second parameter frozen, but for those inside of the modules that are named.

    Which these are depends on the structure alone, so that a mistake shows on every network or on none.

    Args:
        trainable, frozen: names of modules or of parameters; ``frozen`` has the last word.
    """
    for index, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(index % 2 == 0)
    for flag, names in ((True, trainable), (False, frozen)):
        for name in names:
            module, _, own = name.rpartition(".")
            part = getattr(model.get_submodule(module), own)
            part.requires_grad_(flag)
    return model


def attributes_of(model: Any) -> set[tuple[str, str, str]]:
    """Every attribute of a module or a parameter that is a bool: on what, its name, the attribute's name."""
    owners: list[tuple[str, str, Any]] = [("module", name, module) for name, module in model.named_modules()]
    owners += [("parameter", name, parameter) for name, parameter in model.named_parameters()]
    return {
        (on, name, attribute)
        for on, name, owner in owners
        for attribute, value in getattr(owner, "__dict__", {}).items()
        if isinstance(value, bool) and attribute != "training"
    }


def new_attributes(before: set[tuple[str, str, str]], model: Any) -> list[dict[str, str]]:
    """What ``attributes_of`` gives now and did not give ``before``, as evidence for ``NewAttribute``."""
    new = sorted(attributes_of(model) - before)
    return [{"on": on, "name": name, "attribute": attribute} for on, name, attribute in new]
