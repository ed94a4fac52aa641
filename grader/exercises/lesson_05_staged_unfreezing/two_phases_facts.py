"""How a training in two phases went, beside the reference: facts for the table of mistakes."""

from typing import Any

from grader.exercises.kit.tensors import astray, inside, is_weight, moved
from grader.exercises.kit.training_facts import TrainingFacts, rates_by_name
from grader.exercises.kit.training_watch import Step


class TwoPhasesFacts(TrainingFacts):
    """Where the model ended, where it stood between the phases, and the steps.

    ``expected`` holds the reference's states at the ``start``, ``between`` the phases and at the ``end``, its
    ``steps``, and the names of ``head`` and ``stages``.
    """

    def __init__(self, evidence: Any, expected: dict[str, Any]) -> None:
        super().__init__(evidence.steps, [Step.model_validate(step) for step in expected["steps"]])
        self.start, self.end = expected["start"], evidence.after.state
        self.head, self.stages, self.last = expected["head"], expected["stages"], expected["stages"][-1]
        self.returned = evidence.returned
        self.untouched = not moved(self.start, self.end) and bool(moved(self.start, evidence.trained))
        self.other_tensors = sorted(self.start.keys() ^ self.end.keys())
        if self.untouched or self.other_tensors:  # another model was trained: how is judged on that one
            self.end = {name: value for name, value in evidence.trained.items() if name in self.start}
        self.missed = astray(self.end, expected["end"], self.start)
        self.right = not self.missed
        compared = not self.other_tensors or evidence.before.devices != evidence.after.devices
        self.conditions = [(evidence.before, evidence.after)] if compared else []
        self.changed_arguments, self.changed_settings = evidence.changed_arguments, evidence.changed_settings
        self.began = evidence.head_began
        self.cached = any(step.batch == "" for step in self.steps)
        self.tune_ran = bool(evidence.tune_began) or self._ran("tune")
        self.head_ran = bool(evidence.head_began) or self._ran("head")
        self.between = evidence.tune_began or (None if self.tune_ran or self.cached else self.end)
        self.second_start = self.between or self.start
        self.first = self._moved(self.start, self.between) if self.between else []
        self.second = self._moved(self.second_start, self.end)
        self.head_names = inside(self.start, self.head)
        self.last_names = inside(self.start, self.last)

    def _ran(self, phase: str) -> bool:
        return any(step.batch.startswith(phase) for step in self.steps)

    def _moved(self, before: Any, after: Any) -> list[str]:
        return [name for name in moved(before, after) if name in after]

    def _weights(self, names: list[str], *, besides: list[str]) -> list[str]:
        return [name for name in names if is_weight(name) and name not in besides]

    @property
    def moves(self) -> bool:
        """Whether a weight differs from the start."""
        return any(is_weight(name) for name in moved(self.start, self.end))

    @property
    def phases(self) -> list[str]:
        """Of each step on a batch the phase that it is for."""
        return [step.batch.partition(" ")[0] for step in self.steps if step.batch not in ("", "other")]

    @property
    def swapped(self) -> bool:
        """Whether all of phase 2 came before all of phase 1."""
        return self.phases == sorted(self.phases, reverse=True) and len(set(self.phases)) == 2

    @property
    def mixed(self) -> bool:
        """Whether batches of the two phases came among each other."""
        return self.phases != sorted(self.phases) and not self.swapped

    @property
    def head_missing(self) -> bool:
        """Whether no batch of phase 1 came, not even as cached features."""
        before_tune = self.steps[: self.batches.index(tune)] if (tune := self._first_tune) else self.steps
        return not self.head_ran and not any(step.batch in ("", "other") for step in before_tune)

    @property
    def _first_tune(self) -> str:
        return next((batch for batch in self.batches if batch.startswith("tune")), "")

    @property
    def tune_missing(self) -> bool:
        """Whether no batch of phase 2 came, not even as cached features."""
        return not self.tune_ran and not self.cached and "other" not in self.batches

    @property
    def order_of_batches(self) -> str:
        """The batches of the steps, in words."""
        return ", ".join(name or "none" for name in self.batches[:12]) + (
            ", …" if len(self.batches) > 12 else ""
        )

    # ------------------------------------------------------------ what moved

    @property
    def backbone_first(self) -> list[str]:
        """Weights outside the head that moved in phase 1."""
        return self._weights(self.first, besides=self.head_names)

    @property
    def head_batches_again(self) -> str:
        """A backbone weight that moved only after ``head_batches`` had been gone through once, and came again."""
        heads = [step for step in self.steps if step.batch.startswith("head")]
        once = len({step.batch for step in heads})
        late = [name for step in heads[once:] for name in step.moved if name in self.backbone_first]
        early = {name for step in heads[:once] for name in step.moved if name not in self.head_names}
        return late[0] if late and not early and len({s.batch for s in heads[:once]}) == once else ""

    @property
    def others_second(self) -> list[str]:
        """Weights outside head and last stage that moved in phase 2."""
        return self._weights(self.second, besides=[*self.head_names, *self.last_names])

    @property
    def at_once(self) -> bool:
        """Whether weights in front of the last stage moved in both phases."""
        return bool(self.others_second) and bool(set(self.others_second) & set(self.backbone_first))

    @property
    def head_first(self) -> list[str]:
        """Weights of the head that moved in phase 1."""
        return [name for name in self.head_names if is_weight(name) and name in self.first]

    @property
    def head_stood(self) -> bool:
        """Whether the head did not move in phase 1, though the phase is known."""
        return self.between is not None and not self.head_first

    @property
    def head_second(self) -> list[str]:
        """Weights of the head that moved in phase 2."""
        return [name for name in self.head_names if is_weight(name) and name in self.second]

    @property
    def last_second(self) -> list[str]:
        """Weights of the last stage that moved in phase 2."""
        return [name for name in self.last_names if is_weight(name) and name in self.second]

    @property
    def other_stage(self) -> str:
        """A stage that trained in phase 2 instead of the last."""
        if self.last_second or not self.others_second:
            return ""
        return next((stage for stage in self.stages if inside(self.others_second, stage)), "")

    @property
    def statistics_first(self) -> list[str]:
        """Running statistics outside the head that moved in phase 1."""
        return [name for name in self.first if not is_weight(name) and name not in self.head_names]

    @property
    def statistics_reset(self) -> str:
        """A running mean that is all zeros, with variances of one, when phase 2 begins, and had been others."""
        between = self.between or {}
        for name in self.statistics_first:
            path, _, last = name.rpartition(".")
            variances = between.get(f"{path}.running_var") if last == "running_mean" else None
            if variances is not None and not between[name].any() and (variances == 1).all():
                return name
        return ""

    @property
    def statistics_second(self) -> list[str]:
        """Running statistics of frozen parts that moved in phase 2."""
        own = [*self.last_names, *self.head_names]
        return [name for name in self.second if not is_weight(name) and name not in own]

    @property
    def head_statistics(self) -> tuple[int, str] | None:
        """The first phase in which a running statistic of the head moved, and which one."""
        for phase, names in ((1, self.first), (2, self.second)):
            for name in names:
                if not is_weight(name) and name in self.head_names:
                    return phase, name
        return None

    @property
    def still_statistics(self) -> list[str]:
        """Running statistics of the last stage that stood still in phase 2, though its weights moved."""
        own = [name for name in self.last_names if not is_weight(name)]
        return [name for name in own if name not in self.second] if self.last_second else []

    @property
    def changed_before(self) -> list[str]:
        """What was not as it was given when the first batch of phase 1 came."""
        changed = [*moved(self.start, self.began), *(name for name in self.began if name not in self.start)]
        return changed if self.began else []

    @property
    def replaced_between(self) -> list[str]:
        """Weights of the head that something else than an optimizer changed between the phases."""
        first = next((step for step in self.steps if step.batch.startswith("tune")), None)
        elsewhere = [step for step in self.steps[1:] if step.rewritten and step is not first]
        names = first.rewritten if first and self.head_ran and not elsewhere else []
        return [name for name in names if name.startswith(f"{self.head}.")]

    # ------------------------------------------------------------ rates

    @property
    def _tune_rates(self) -> tuple[set[float], set[float]] | None:
        """Rates of head and last stage in phase 2."""
        for step in self.steps:
            if step.batch.startswith("tune"):
                rates = rates_by_name(step.groups)
                head = {rate for name, rate in rates.items() if name in self.head_names}
                return head, {rate for name, rate in rates.items() if name in self.last_names}
        return None

    @property
    def _wanted_rates(self) -> tuple[float, float]:
        rates = rates_by_name(self.wanted[-1].groups)
        return rates[self.head_names[0]], next(rates[name] for name in self.last_names if name in rates)

    @property
    def rates_swapped(self) -> bool:
        """Whether head and last stage have each other's rate in phase 2."""
        head, stage = self._wanted_rates
        return self._tune_rates == ({stage}, {head})

    @property
    def one_rate(self) -> float | None:
        """The rate that both have in phase 2."""
        rates = self._tune_rates
        return next(iter(rates[0])) if rates and len(rates[0]) == 1 and rates[0] == rates[1] else None

    @property
    def left_out(self) -> tuple[str, str] | None:
        """A parameter that was to be trained on a batch, and that the optimizer did not hold then."""
        for got, want in self.pairs:
            for name in rates_by_name(want.groups):
                if name not in rates_by_name(got.groups):
                    return name, got.batch
        return None
