"""What an answer's training steps are, beside those of the reference: facts for the tables of mistakes."""

from collections import Counter
from collections.abc import Iterator, Sequence

from grader.exercises.kit.merged_steps import merged_steps
from grader.exercises.kit.optimizer_groups import Group
from grader.exercises.kit.training_watch import Step

_OPTIMIZER_SETTINGS = ("weight_decay", "dampening", "nesterov", "maximize")


class TrainingFacts:
    """What an answer's steps are, beside those of the reference.

    Args:
        steps: of the answer.
        wanted: of the reference, to the same batches.

    Attributes:
        order: how the batches differ from the wanted order, in words; "" if they do not.
        gradient: the first step whose gradients are not the batch's own: its relation; "right" if none is.
    """

    def __init__(self, steps: Sequence[Step], wanted: Sequence[Step]) -> None:
        self.steps, self.wanted = merged_steps(steps), merged_steps(wanted)
        self.batches = [step.batch for step in self.steps]
        self.wanted_batches = [step.batch for step in self.wanted]
        self.pairs = list(_pairs(self.steps, self.wanted))
        wanted_counts = Counter(self.wanted_batches)
        self.repeated = next(
            (
                n
                for n, count in Counter(self.batches).items()
                if n not in ("", "other") and count > wanted_counts[n]
            ),
            "",
        )
        self.again = sum(step.batch == "" and step.again for step in self.steps)
        self.missing_batches = [name for name in self.wanted_batches if name not in self.batches]
        self.in_order = self.batches == self.wanted_batches
        bad = next((i for i, step in enumerate(self.steps) if step.batch and step.gradient != "right"), None)
        self.bad_number = 0 if bad is None else bad + 1
        self.bad = None if bad is None else self.steps[bad]
        self.gradient = "right" if self.bad is None else self.bad.gradient
        self.factor = 1.0 if self.bad is None else self.bad.factor

    @property
    def kind(self) -> str:
        """The first optimizer's class that is not the wanted one."""
        return next((got.kind for got, want in self.pairs if got.kind != want.kind), "")

    @property
    def wanted_kind(self) -> str:
        """The reference's optimizer."""
        return self.wanted[0].kind if self.wanted else "SGD"

    @property
    def momentum(self) -> tuple[float, float] | None:
        """Momentum got and wanted, where they differ first."""
        return self._setting("momentum")

    @property
    def other_setting(self) -> tuple[str, float] | None:
        """The first further setting of an optimizer that the reference does not have, and its value."""
        for name in _OPTIMIZER_SETTINGS:
            if differs := self._setting(name):
                return name, differs[0]
        return None

    def _setting(self, name: str) -> tuple[float, float] | None:
        for got, want in self.pairs:
            wanted = next((getattr(group, name) for group in want.groups if group.names), 0.0)
            for group in got.groups:
                if group.names and getattr(group, name) != wanted:
                    return getattr(group, name), wanted
        return None

    @property
    def rate(self) -> tuple[str, float, float] | None:
        """A parameter whose learning rate is not the wanted one: its name, the rate got and the rate wanted."""
        for got, want in self.pairs:
            rates, wanted = rates_by_name(got.groups), rates_by_name(want.groups)
            for name, rate in wanted.items():
                if name in rates and abs(rates[name] - rate) > 1e-6 * max(abs(rate), 1e-12):
                    return name, rates[name], rate
        return None

    @property
    def not_held(self) -> str:
        """A parameter that the reference's optimizer holds at a step and the answer's does not."""
        for got, want in self.pairs:
            rates = rates_by_name(got.groups)
            for name in rates_by_name(want.groups):
                if name not in rates:
                    return name
        return ""

    @property
    def foreign(self) -> bool:
        """Whether an optimizer holds a parameter that is not the model's: of an old head, of a copy."""
        return any("" in group.names for step in self.steps for group in step.groups)

    @property
    def wrong_mode(self) -> tuple[str, str] | None:
        """A module in another mode than it should have when a batch came, and the mode that it has."""
        for got, want in self.pairs:
            if not got.forwards:  # then nothing is known of the mode
                continue
            for name in sorted(set(got.training) ^ set(want.training)):
                return name or "the model", "training" if name in got.training else "eval"
        return None

    @property
    def rewritten(self) -> str:
        """A weight that something other than an optimizer's step changed between two steps."""
        return next((name for step in self.steps[1:] for name in step.rewritten), "")


def _pairs(steps: Sequence[Step], wanted: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """Each step and the reference's step on the same batch, the first with the first of that batch.

    A step without a forward pass of the model, on cached features or a second time, is compared with the step of
    its number if there are as many, and else with none; so is one on images of no batch.
    """
    of_batch: dict[str, list[Step]] = {}
    for step in wanted:
        of_batch.setdefault(step.batch, []).append(step)
    for number, step in enumerate(steps):
        same = of_batch.get(step.batch, [])
        if same:
            yield step, same.pop(0)
        elif step.batch in ("", "other") and len(steps) == len(wanted):
            yield step, wanted[number]


def rates_by_name(groups: Sequence[Group]) -> dict[str, float]:
    """Learning rate of each parameter that the groups hold, by name."""
    return {name: group.lr for group in groups for name in group.names if name}
