"""Watches one stage while a model trains: its flags, and the gradients that an optimizer finds on it."""

from typing import Any

from grader.exercises.kit.training_watch import MOST_STEPS, TrainingWatch
from grader.exercises.machine.evidence_types import StrictEvidence


class StageAtStep(StrictEvidence):
    """The stage in front of one step of an optimizer.

    Attributes:
        step: how many steps came before.
        open: names of the stage's parameters that are trainable.
        closed_elsewhere: names of frozen parameters outside the stage.
        kept: names of the stage's parameters that the optimizer holds and whose gradient lies in the same tensor as
            at the step before: it was not set to None meanwhile.
        not_none: names of the stage's *frozen* parameters that the optimizer holds and that have a gradient.
        all_zero: whether the gradients of ``not_none`` are zeros.
    """

    step: int
    open: list[str]
    closed_elsewhere: list[str]
    kept: list[str]
    not_none: list[str]
    all_zero: bool


class StageWatch:
    """A context beside a ``TrainingWatch`` of the same model; ``records`` are evidence for ``StageAtStep``."""

    def __init__(self, model: Any, stage: str, watch: TrainingWatch) -> None:
        self._given, self._module, self._watch = model, model, watch
        self._inside = f"{stage}."
        self._gradients: dict[str, Any] = {}
        self.records: list[dict[str, Any]] = []

    def __deepcopy__(self, memo: dict) -> "StageWatch":
        return self  # a copied model carries its hook along, and reports to this watch

    @property
    def hooks(self) -> list[Any]:
        """The functions that are registered on the model: no side effect of the answer's."""
        return [self._on_forward]

    def __enter__(self) -> "StageWatch":
        from torch.optim import optimizer

        self._handles = [
            self._given.register_forward_pre_hook(self._on_forward),
            optimizer.register_optimizer_step_pre_hook(self._before_step),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _on_forward(self, module: Any, _inputs: tuple) -> None:
        if not self._watch.is_busy():
            self._module = module

    def _before_step(self, optimizer: Any, *_: object) -> None:
        if self._watch.is_busy() or len(self.records) >= MOST_STEPS:
            return
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        named = dict(self._module.named_parameters())
        own = {name: parameter for name, parameter in named.items() if name.startswith(self._inside)}
        frozen = [
            name
            for name, parameter in own.items()
            if not parameter.requires_grad and id(parameter) in held and parameter.grad is not None
        ]
        self.records.append(
            {
                "step": len(self._watch.steps),
                "open": [name for name, parameter in own.items() if parameter.requires_grad],
                "closed_elsewhere": [n for n, p in named.items() if n not in own and not p.requires_grad],
                "kept": [
                    name
                    for name, parameter in own.items()
                    if id(parameter) in held
                    and parameter.grad is not None
                    and parameter.grad is self._gradients.get(name)
                ],
                "not_none": frozen,
                "all_zero": not any(bool(own[name].grad.any()) for name in frozen),
            }
        )
        # The tensors themselves are kept, so that none is taken for another that lies at the same place.
        self._gradients = {name: parameter.grad for name, parameter in own.items()}
