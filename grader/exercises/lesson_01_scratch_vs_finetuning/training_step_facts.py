"""What an answer's training steps show: the evidence and the facts that the tables of mistakes ask for."""

from typing import Annotated, Any

from pydantic import Field

from grader.exercises.kit.condition import Condition
from grader.exercises.kit.loss_mistakes import first_loss
from grader.exercises.kit.loss_watch import Pass
from grader.exercises.kit.tensors import astray, is_weight
from grader.exercises.kit.training_facts import TrainingFacts
from grader.exercises.kit.training_watch import Step
from grader.exercises.machine.evidence_types import Number, StrictEvidence

_CLOSE = 2e-6  # of a loss: float32 in another order differs by less, four decimals by more


class Call(StrictEvidence):
    """One call: what it returned, what happened in it, what a step might have returned."""

    returned: Number | None
    described: str
    keeps_graph: bool
    events: list[str]
    gradients_after: bool
    changed_arguments: list[str]
    changed_settings: list[str]
    losses: dict[str, Number]


class Run(StrictEvidence):
    """Three calls on one network."""

    before: Condition
    after: Condition
    steps: list[Step]
    on_a_copy: bool
    passes: list[Pass]
    own_losses: list[str]
    calls: Annotated[list[Call], Field(min_length=3, max_length=3)]


class Given(StrictEvidence):
    """Both networks."""

    runs: Annotated[list[Run], Field(min_length=2, max_length=2)]


class StepFacts(TrainingFacts):
    """The facts of the first network that ended elsewhere than it should, and of every returned number."""

    def __init__(self, given: Given, expected: dict[str, Any]) -> None:
        pairs = list(zip(given.runs, expected["runs"], strict=False))
        ends = [astray(run.after.state, wanted["state"], wanted["start"]) for run, wanted in pairs]
        index = next((i for i, names in enumerate(ends) if names), 0)
        run, wanted = pairs[index]
        super().__init__(run.steps, [Step.model_validate(step) for step in wanted["steps"]])
        if self.bad is None:
            self._look_without_batches()
        self.astray = ends[index]
        self.weights_astray = [name for name in self.astray if is_weight(name)]
        self.run, self.calls = run, [call for one in given.runs for call in one.calls]
        self.events = run.calls[0].events
        self.closure = any("closure" in call.events for call in run.calls)
        self.steps_a_call = max(sum(event != "forward" for event in call.events) for call in run.calls)
        self.forwards_a_call = max(call.events.count("forward") for call in run.calls)
        self.changed_settings = [words for call in self.calls for words in call.changed_settings]
        self.loss_was, self.own_loss = first_loss(run.passes), next(iter(run.own_losses), "")
        self.changed_arguments = [name for call in self.calls for name in call.changed_arguments]
        self.gradients_after = run.calls[0].gradients_after
        self.conditions = [(one.before, self._told_once(one.before, one.after)) for one in given.runs]

    def _look_without_batches(self) -> None:
        """A step before which no forward pass was recorded, as in `no_grad`, has no batch, and shows no gradient."""
        for number, step in enumerate(self.steps, start=1):
            if step.gradient in ("none", "zeros"):
                self.bad_number, self.gradient = number, step.gradient
                return

    def _told_once(self, before: Condition, after: Condition) -> Condition:
        """What the training itself shows is no second mistake: mode and flags as they were before, then."""
        update: dict[str, Any] = {}
        if self.wrong_mode:
            update["training"] = before.training
        if self.frozen:
            update["trainable"] = before.trainable
        return after.model_copy(update=update)

    @property
    def step_first(self) -> bool:
        """Whether a call begins with the optimizer's step, before the images came."""
        return self.events[:1] in (["step"], ["other step"]) and "forward" in self.events

    @property
    def step_left_out(self) -> int:
        """Number of the first call without a step, where another one made one, counted from 1; 0 if there is none."""
        with_step = [any(event != "forward" for event in call.events) for call in self.run.calls]
        return with_step.index(False) + 1 if any(with_step) and not all(with_step) else 0

    @property
    def changed_setting(self) -> tuple[str, float, float] | None:
        """A setting of the optimizer that is not what it was given with: name, value got, value given."""
        if self.rate:
            return "lr", self.rate[1], self.rate[2]
        if self.momentum:
            return "momentum", *self.momentum
        if self.other_setting:
            return *self.other_setting, 0.0
        return None

    @property
    def overwritten(self) -> str:
        """A weight that something other than a step changed."""
        return next((name for step in self.steps for name in step.rewritten), "")

    @property
    def frozen(self) -> str:
        """A parameter that a step did not move, though the reference's did."""
        unmoved = (
            name for got, want in self.pairs for name in want.moved if got.moved and name not in got.moved
        )
        return next(unmoved, "")

    @property
    def asked_again(self) -> bool:
        """Whether only the statistics are astray, since the model was asked for its loss after the update."""
        return bool(self.astray) and not self.weights_astray and self.returns("mean after the update")

    @property
    def loss_follows(self) -> bool:
        """Whether the returned number may be wrong for the same reason as the update."""
        return bool(
            self.astray
            and not self.asked_again
            and (
                self.gradient in ("scaled", "negated", "softmax twice", "zero labels", "other")
                or self.wrong_mode
                or "other" in self.batches
                or self.overwritten
                or self.run.on_a_copy
                or self.step_first
                or max(self.steps_a_call, self.forwards_a_call) > 1
            )
        )

    def returns(self, kind: str) -> bool:
        """Whether every call returned the number that ``kind`` is."""
        return all(_close(call.returned, call.losses.get(kind)) for call in self.calls)

    @property
    def wrong_call(self) -> Call | None:
        """The first call whose number is not the batch's mean loss before the update."""
        return next((c for c in self.calls if not _close(c.returned, c.losses.get("mean"))), None)

    @property
    def decimals(self) -> int | None:
        """To how many decimals every returned loss was rounded, if it was."""
        for places in range(6):
            if all(
                c.returned is not None
                and "mean" in c.losses
                and round(c.losses["mean"], places) == round(c.returned, 7)
                for c in self.calls
            ):
                return places
        return None


def _close(got: float | None, want: float | None) -> bool:
    return got is not None and want is not None and abs(got - want) <= _CLOSE * max(1.0, abs(want))
