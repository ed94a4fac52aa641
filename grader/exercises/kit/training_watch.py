"""Watches how an answer trains a model: every forward pass with gradients, every step of whatever optimizer.

A training is right if weights and buffers end where the reference's do; what is recorded here says *why* they do
not, and says only what was seen: which batch came, in which mode, how the gradient relates to the one that the
batch's mean cross-entropy gives, what the optimizer held and how it was set.
"""

import contextlib
import copy
from typing import Any, Literal

from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.gradients import relation
from grader.exercises.kit.optimizer_groups import Group, groups_of
from grader.exercises.kit.tensors import State, plain, snapshot
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.random_numbers import kept_random_numbers, random_state

MOST_STEPS = 60  # that are recorded

Relation = Literal[
    "right",
    "scaled",
    "negated",
    "piled up",
    "stale",
    "softmax twice",
    "zero labels",
    "none",
    "zeros",
    "other",
]


class Step(StrictEvidence):
    """One call of an optimizer's ``step``.

    Attributes:
        batch: which was given last, such as "head 0"; "other" for images of no batch, "" if none came since the
            step before.
        view: in which form its images came, as ``KnownBatches`` names it.
        forwards: forward passes with gradients since the step before.
        training: names of the modules in training mode when the batch came.
        kind: the optimizer's class.
        gradient, factor: how the gradients relate to those of the batch's mean cross-entropy.
        moved: names of the parameters that this step changed.
        rewritten: names of the weights that something else changed since the step before.
        renewed: whether the optimizer is another object than at the step before.
        again: whether the gradients are, to the last bit, those of the step before.
    """

    batch: str
    view: str
    forwards: int
    training: list[str]
    kind: str
    groups: list[Group]
    gradient: Relation
    factor: Number
    moved: list[str]
    rewritten: list[str]
    renewed: bool
    again: bool


class TrainingWatch:
    """A context in which an answer trains ``model``.

    Args:
        model: that the answer is given.
        batches: that it is given.

    Attributes:
        steps: one dict a step, as evidence for ``Step``.
        first_states: by purpose of the batches, the state before its first batch came.
        on_a_copy: whether the batches went to another model than the one that was given.
    """

    def __init__(self, model: Any, batches: KnownBatches) -> None:
        self._given, self._module, self._batches = model, model, batches
        self.steps: list[dict[str, Any]] = []
        self.first_states: dict[str, State] = {}
        self.on_a_copy = False
        self._busy, self._depth = False, 0
        self._failure: Exception | None = None
        self._optimizer: Any = None
        self._after_step: dict[str, Any] = {}
        self._gradients: dict[str, Any] = {}
        self._forget_forward()

    def __deepcopy__(self, memo: dict) -> "TrainingWatch":
        return self  # a copied model carries its hook along: both report to this one watch

    def is_busy(self) -> bool:
        """Whether the watch itself is running a copy of the model: nothing of that is the answer's."""
        return self._busy

    @property
    def last_weights(self) -> State:
        """The weights as the last step left them."""
        copies = {name: plain(weight) for name, weight in self._after_step.items()}
        return {name: copy for name, copy in copies.items() if copy is not None}

    @property
    def hooks(self) -> list[Any]:
        """The functions that are registered on the model: no side effect of the answer's."""
        return [self._on_forward]

    @property
    def trained(self) -> Any:
        """The model that was trained last: the one that was given, or a copy of it."""
        return self._module

    def __enter__(self) -> "TrainingWatch":
        from torch.optim import optimizer

        self._handles = [
            self._given.register_forward_pre_hook(self._on_forward),
            optimizer.register_optimizer_step_pre_hook(self._before_step),
            optimizer.register_optimizer_step_post_hook(self._after_step_of),
        ]
        self._after_step = self._weights()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        if self._failure is not None and kind is None:
            raise RuntimeError("a training could not be watched") from self._failure

    def _forget_forward(self) -> None:
        self._forwards, self._batch, self._view = 0, "", ""
        self._twin: Any = None
        self._images: Any = None
        self._labels: Any = None
        self._stale: dict[str, Any] = {}
        self._training: list[str] = []

    def _on_forward(self, module: Any, inputs: tuple) -> None:
        import torch

        if self._busy or not torch.is_grad_enabled() or len(self.steps) >= MOST_STEPS:
            return
        self._depth = 0
        with self._guarded():
            self._module = module
            self.on_a_copy = self.on_a_copy or module is not self._given
            given = inputs[0] if inputs else None
            self._batch, self._view, self._labels = self._batches.recognise(given)
            self._forwards += 1
            self._training = [name for name, part in module.named_modules() if part.training]
            purpose = self._batch.rpartition(" ")[0]
            if purpose and purpose not in self.first_states:
                self.first_states[purpose] = snapshot(module)
            self._stale = {n: p.grad.clone() for n, p in module.named_parameters() if p.grad is not None}
            self._random = random_state()
            self._images = given.detach().clone() if isinstance(given, torch.Tensor) else None
            with contextlib.suppress(
                Exception
            ):  # a model that cannot be copied: then no gradient is compared
                self._twin = copy.deepcopy(module)

    def _before_step(self, optimizer: Any, *_: object) -> None:
        if self._busy or len(self.steps) >= MOST_STEPS:
            return
        self._depth += 1
        if self._depth > 1:  # a class derived from an optimizer's calls the step of that one: it is one step
            return
        with self._guarded():
            weights = self._weights()
            every = {n: p.grad for n, p in self._module.named_parameters() if p.grad is not None}
            gradients = self._used_by(optimizer, every)
            which, factor = relation(
                gradients, self._stale, self._twin, self._images, self._labels, getattr(self, "_random", None)
            )
            self._now = weights
            self._record = {
                "batch": self._batch,
                "view": self._view,
                "forwards": self._forwards,
                "training": self._training,
                "kind": type(optimizer).__name__,
                "groups": groups_of(optimizer, self._module),
                "gradient": which,
                "factor": factor,
                "rewritten": _different(self._after_step, weights),
                "renewed": self._optimizer is not None and optimizer is not self._optimizer,
                "again": bool(every) and not _different(self._gradients, every),
            }
            self._gradients = {name: gradient.clone() for name, gradient in every.items()}
            self._optimizer = optimizer

    def _after_step_of(self, *_: object) -> None:
        if self._busy or len(self.steps) >= MOST_STEPS:
            return
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        with self._guarded():
            self._after_step = self._weights()
            self.steps.append({**self._record, "moved": _different(self._now, self._after_step)})
            self._forget_forward()

    def _used_by(self, optimizer: Any, gradients: dict[str, Any]) -> dict[str, Any]:
        """Those of the parameters that it holds: on others gradients may pile up and do no harm."""
        held = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
        names = [name for name, weight in self._module.named_parameters() if id(weight) in held]
        return {name: gradients[name] for name in names if name in gradients} if names else gradients

    def _weights(self) -> dict[str, Any]:
        return {name: weight.detach().clone() for name, weight in self._module.named_parameters()}

    @contextlib.contextmanager
    def _guarded(self):
        """What fails in here is the check's fault and must not be raised in the midst of the student's code."""
        self._busy = True
        try:
            with kept_random_numbers():
                yield
        except Exception as failure:
            self._failure = self._failure or failure
        finally:
            self._busy = False


def _different(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of the tensors that are not what they were."""
    return [
        name
        for name, weight in after.items()
        if name not in before or before[name].shape != weight.shape or not _equal(before[name], weight)
    ]


def _equal(left: Any, right: Any) -> bool:
    """To the last bit; NaN equals NaN."""
    import torch

    if "meta" in (left.device.type, right.device.type):  # nothing that could be compared
        return left.device == right.device
    left, right = left.cpu(), right.cpu()  # a model may have moved meanwhile
    return bool(((left == right) | (torch.isnan(left) & torch.isnan(right))).all())
