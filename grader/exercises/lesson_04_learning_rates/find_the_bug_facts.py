"""What a repaired ``fine_tune`` did, beside what it should do: its end, its losses, its rates."""

from typing import Any

import numpy as np

from grader.exercises.kit.condition import given, is_sound
from grader.exercises.kit.tensors import astray, inside, is_weight, same_state
from grader.exercises.kit.training_facts import TrainingFacts, rates_by_name
from grader.exercises.kit.training_watch import Step

_CLOSE = 1e-4  # relative


class Repair(TrainingFacts):
    """One training, beside the reference's.

    Attributes:
        ends_right: whether weights and buffers end where the reference's do.
        mean_is_seen, sum_is_seen: whether the losses were means, or sums, of the batches.
        rates: of each step those of the backbone and of the head; ``None`` where a part has none or several.
    """

    def __init__(self, evidence: Any, expected: dict[str, Any]) -> None:
        super().__init__(evidence.steps, [Step.model_validate(step) for step in expected["steps"]])
        self.evidence, self.returned = evidence, evidence.returned
        self.before, self.after = given(expected["before"], evidence.settings_before), evidence.after
        self.conditions = [(self.before, self.after)]
        self.changed_arguments, self.changed_settings = evidence.changed_arguments, evidence.changed_settings
        self.is_usable = is_sound(self.before, self.after)
        state, start, self.final = self.after.state, self.before.state, expected["final"]
        self.stray = astray(state, self.final, start)
        self.ends_right = not self.stray
        self.is_untrained = same_state(state, start)
        self.is_finite = all(np.isfinite(values).all() for values in state.values())
        self.passes = [p for p in evidence.passes if p.with_gradient]
        losses = [p for p in evidence.passes if p.loss_was and p.loss_was != "other"]
        self.sum_is_seen = bool(losses) and all(p.is_summed for p in losses)
        self.mean_is_seen = bool(losses) and not self.sum_is_seen
        self.backbone_rate, self.head_rate = expected["backbone_rate"], expected["head_rate"]
        self.warm_up, self.count = expected["warm_up"], len(expected["steps"])
        self.head_name, norm = expected["head"], expected["norm"]
        weights = [name for name in start if is_weight(name)]
        self.head = inside(weights, self.head_name)
        self.norm = inside(weights, norm)
        self.backbone = [name for name in weights if name not in (*self.head, *self.norm)]
        self.rates = [(self._rate(step, self.backbone), self._rate(step, self.head)) for step in self.steps]

    def _rate(self, step: Step, names: list[str]) -> float | None:
        held = rates_by_name(step.groups)
        rates = {held[name] for name in names if name in held}
        return rates.pop() if len(rates) == 1 else None

    @property
    def is_rate_mended(self) -> bool:
        """Whether the backbone's rate stands to the head's, at the end, as it should."""
        if self.ends_right:
            return True
        if self.last_rates is None or not all(self.last_rates):
            return False
        backbone, head = self.last_rates
        return _near(backbone / head, self.backbone_rate / self.head_rate)

    @property
    def mended(self) -> int:
        """How many of the two bugs are seen to be mended."""
        return (self.ends_right or self.mean_is_seen) + self.is_rate_mended

    @property
    def has_both_bugs(self) -> bool:
        """Whether the loss is a sum and both parts have the head's rate, as in the given function.

        Where that one ends would tell nothing: its steps are so large that they enlarge the rounding of another
        processor, or of another PyTorch, to some per cent of a weight's way.
        """
        return not self.ends_right and self.sum_is_seen and self.has_one_rate == "head"

    @property
    def has_one_rate(self) -> str:
        """Of which part the rate is that both parts have at the end: "head", "backbone"; "" for neither."""
        if self.last_rates is None or not _near(*self.last_rates):
            return ""
        rate = self.last_rates[0]
        factors = {"head": rate / self.head_rate, "backbone": rate / self.backbone_rate}
        return min(factors, key=lambda part: abs(factors[part] - 1))

    @property
    def is_swapped(self) -> bool:
        """Whether the backbone has the head's rate and the head the backbone's, at the end."""
        if self.last_rates is None or not all(self.last_rates):
            return False
        backbone, head = self.last_rates
        return _near(backbone / head, self.head_rate / self.backbone_rate)

    @property
    def last_number(self) -> int:
        """Number of the last step at which a rate is not 0; 0 if there is none."""
        return next((i for i in range(len(self.rates), 0, -1) if any(self.rates[i - 1])), 0)

    @property
    def last_rates(self) -> tuple[float, float] | None:
        """Rates of backbone and head at that step, where both are known."""
        backbone, head = self.rates[self.last_number - 1] if self.last_number else (None, None)
        return None if backbone is None or head is None else (backbone, head)

    @property
    def lacking(self) -> str:
        """A tensor of the model's that what came back does not have; "" where it lies on another device."""
        if self.after.devices != self.before.devices:
            return ""
        return next((name for name in self.before.state if name not in self.after.state), "")

    @property
    def factors(self) -> list[tuple[float, float]]:
        """By which factor each step's full rates were multiplied, backbone and head; empty where nothing is known.

        Where both have one rate, or each the other's, the factor is that to the rate which they have.
        """
        if not self.rates or any(rate is None for pair in self.rates for rate in pair):
            return []
        full = (self.backbone_rate, self.head_rate)
        if not self.is_rate_mended:
            if part := self.has_one_rate:
                full = (getattr(self, f"{part}_rate"),) * 2
            elif self.is_swapped:
                full = full[::-1]
            else:
                return []
        return [(b / full[0], h / full[1]) for b, h in self.rates]  # type: ignore[operator]

    def follows(self, backbone: Any, head: Any = None) -> bool:
        """Whether the factors are ``backbone(k)`` and ``head(k)``, by default the same, in every step k from 1."""
        head = head or backbone
        wanted = [(backbone(k), head(k)) for k in range(1, len(self.factors) + 1)]
        return bool(wanted) and bool(np.allclose(self.factors, wanted, rtol=1e-3, atol=1e-6))

    @property
    def is_off_schedule(self) -> bool:
        """Whether the steps' factors are known and are not those that were asked for."""
        return bool(self.factors) and not self.follows(lambda k: min(1, k / self.warm_up))

    @property
    def off_step(self) -> tuple[int, str, float, float] | None:
        """The first step off the schedule: its number, the part, its rate and the rate that it should have."""
        for number, pair in enumerate(self.factors):
            wanted = min(1, (number + 1) / self.warm_up)
            for part, factor, rate in zip(("backbone", "head"), pair, self.rates[number], strict=True):
                if not _near(factor, wanted):
                    return number + 1, part, rate, rate / factor * wanted if factor else wanted  # type: ignore[operator, return-value]
        return None

    @property
    def norm_with_head(self) -> str:
        """A parameter of the head's namesake that has the head's rate and not the backbone's."""
        for step, (backbone, head) in zip(self.steps, self.rates, strict=True):
            held = rates_by_name(step.groups)
            for name in self.norm:
                if name in held and head != backbone and held[name] == head:
                    return name
        return ""

    @property
    def stuck(self) -> str:
        """A weight that was to be trained and is, to the last bit, what it was."""
        start, state = self.before.state, self.after.state
        return next(
            (n for n in self.stray if is_weight(n) and n in state and np.array_equal(start[n], state[n])), ""
        )


def _near(got: float, wanted: float) -> bool:
    return abs(got - wanted) <= _CLOSE * abs(wanted)
