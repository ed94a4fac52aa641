"""What a range test did and told, beside what a right one does and tells."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.exercises.kit.condition import given, is_sound
from grader.exercises.kit.loss_watch import Pass
from grader.exercises.kit.tensors import is_weight, same
from grader.exercises.kit.training_facts import TrainingFacts, rates_by_name
from grader.exercises.kit.training_watch import Step

_SHOWN = 6  # numbers of a list


def near(got: Any, wanted: Any) -> bool:
    """Whether rates agree: they span several powers of ten, and are compared by their ratio."""
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    return got.shape == wanted.shape and bool(np.all(np.abs(got - wanted) <= 2e-3 * np.abs(wanted)))


def listed(numbers: Sequence[float]) -> str:
    """The first few numbers of a list."""
    shown = ", ".join(f"{number:.4g}" for number in numbers[:_SHOWN])
    return f"[{shown}{', …' if len(numbers) > _SHOWN else ''}]"


class RunFacts(TrainingFacts):
    """One call, beside what is expected of it.

    Attributes:
        told_rates, told_losses: as returned; empty if they are not as many numbers as there are batches. Of the
            losses only those in front of the first that is no finite number; ``told_broken`` are the others.
        seen: of each batch the losses of the passes that ``backward()`` started from, in their order: the mean
            cross-entropy, and what it is if that is not what was trained on.
    """

    def __init__(self, run: Any, wanted: dict[str, Any]) -> None:
        self.settled = int(
            np.isfinite(wanted["losses"]).sum()
        )  # batches, up to the first loss that is no number
        broken = [f"batch {index}" for index in range(self.settled, wanted["batches"])]
        super().__init__(
            [step for step in run.steps if step.batch not in broken],
            [step for step in map(Step.model_validate, wanted["steps"]) if step.batch not in broken],
        )
        self.run, self.count, self.form = run, wanted["batches"], run.form
        self.right_rates, self.right_losses = wanted["rates"], wanted["losses"][: self.settled]
        self.known_rates = wanted["known_rates"]
        self.untouched = {mode: losses[: self.settled] for mode, losses in wanted["untouched"].items()}
        self.before, self.after = given(wanted["before"], run.settings_before), run.after
        rates, losses = _numbers(run.rates), _numbers(run.losses)
        self.lengths = (len(run.rates), len(run.losses))
        self.is_counted = not self.form and self.lengths == (self.count, self.count)
        self.told_rates, self.told_losses = (rates, losses[: self.settled]) if self.is_counted else ([], [])
        self.told_broken = losses[self.settled :] if self.is_counted else []
        self.is_swapped = (
            self.is_counted and near(losses, self.right_rates) and not near(rates, self.right_rates)
        )
        self.is_usable = self.is_counted and not self.is_swapped
        self.names = [f"batch {index}" for index in range(self.settled)]
        self.seen = {
            name: [told for p in self._passes(name) if p.loss_was for told in self._ways_to_tell(p)]
            for name in self.names
        }
        self.used_rates = [self._used(name) for name in self.names]

    def _passes(self, name: str) -> list[Pass]:
        return [p for p in self.run.passes if p.batch == name]

    def _ways_to_tell(self, one: Pass) -> list[float]:
        """A pass's mean loss; and its sum or its negative, if that is what was trained on."""
        ways = [one.loss, one.loss * one.factor]
        if self.gradient == "scaled":
            ways += [one.loss * one.size, one.loss / one.size]
        return [*ways, -one.loss] if self.gradient == "negated" else ways

    def _used(self, name: str) -> float | None:
        """The one rate at which the batch's first step was made; ``None`` if there is none."""
        for step in self.steps:
            if step.batch == name:
                rates = set(rates_by_name(step.groups).values())
                return rates.pop() if len(rates) == 1 else None
        return None

    @property
    def ends(self) -> str:
        """First and last of the rates, as told and as they should be."""
        told, right = self.told_rates, self.right_rates
        return f"from {told[0]:.4g} to {told[-1]:.4g}, where they should run from {right[0]:.4g} to {right[-1]:.4g}"

    @property
    def rates_are_off(self) -> bool:
        """Whether the rates that it told are not the right ones."""
        return self.is_usable and not near(self.told_rates, self.right_rates)

    @property
    def losses_are_off(self) -> bool:
        """Whether the losses are neither the right ones nor those of a right training at the rates that it told."""
        if not self.is_usable:
            return False
        if same(self.told_losses, self.right_losses):
            return bool(self.places) or bool(self.told_finite)
        return not (self.rates_are_off and self.is_clean and not self.told_is_off)

    @property
    def places(self) -> str:
        """To how many places all losses are rounded, as a text; "" if they are not."""
        told, seen = np.array(self.told_losses), np.array(self.first_seen)
        for places in range(6):
            unit = 10.0**-places
            rounded = np.allclose(np.round(told, places), told, rtol=0, atol=1e-9)
            if len(told) > 2 and rounded and np.all(np.abs(told - seen) <= 0.5001 * unit + 1e-3 * seen):
                return f"{places}"
        return ""

    @property
    def told_finite(self) -> tuple[int, float] | None:
        """Number of a batch whose loss was no finite number, and the finite one that is told for it."""
        pairs = enumerate(self.told_broken, self.settled + 1)
        return next(((number, told) for number, told in pairs if np.isfinite(told)), None)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong with the steps, apart from rates that it told as they were."""
        wrong = (
            self.kind,
            self.momentum,
            self.other_setting,
            self.not_held,
            self.wrong_mode,
            self.rewritten,
            self.rate_differs,
        )
        return self.in_order and self.gradient == "right" and not any(wrong) and not self.foreign

    @property
    def rate_differs(self) -> int:
        """Number of the first batch whose step was made at another rate than the function tells; 0 for none."""
        used = self.used_rates
        if near([rate if rate is not None else np.nan for rate in used], self.right_rates[: self.settled]):
            return 0
        pairs = zip(used, self.told_rates, strict=False)
        return next(
            (i for i, (got, told) in enumerate(pairs, 1) if got is not None and not near(got, told)), 0
        )

    @property
    def told_is_off(self) -> int:
        """Number of the first batch whose loss is none that it had in front of its ``backward()``; 0 for none.

        Nothing is known of a loss that is no cross-entropy of the batch: that is a mistake of the training.
        """
        if self.gradient in ("softmax twice", "zero labels", "other"):
            return 0
        if self.places:
            return 1
        in_order = [p.loss for p in self.run.passes if p.loss_was]
        if not self.in_order and same(self.told_losses, in_order[: self.settled]):
            return 0  # that the batches came in another order is told elsewhere
        for number, (name, told) in enumerate(zip(self.names, self.told_losses, strict=False), 1):
            if self.seen[name] and not any(same(told, loss) for loss in self.seen[name]):
                return number
        return 0

    @property
    def first_seen(self) -> list[float]:
        """Of each batch the loss in front of its first ``backward()``, NaN for one that never had any."""
        return [(self.seen[name] or [float("nan")])[0] for name in self.names]

    def told_is(self, numbers: Any) -> bool:
        """Whether the losses that it told are these numbers."""
        return bool(self.told_losses) and same(self.told_losses, numbers)

    def told_is_of_pass(self, where: str) -> bool:
        """Whether each loss is that of a pass "after" the batch's own, or "before" it in "eval" mode."""
        for name, told in zip(self.names, self.told_losses, strict=False):
            passes = self._passes(name)
            own = next((i for i, p in enumerate(passes) if p.loss_was), len(passes))
            chosen = passes[own + 1 :] if where == "after" else [p for p in passes[:own] if not p.training]
            if not any(same(told, p.loss) for p in chosen):
                return False
        return bool(self.told_losses)

    @property
    def changed(self) -> list[str]:
        """Names of the model's tensors that are not what they were."""
        if not is_sound(self.before, self.after):
            return []
        before, after = self.before.state, self.after.state
        return [name for name in before if not same(after[name], before[name])]


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


class RangeFacts:
    """Several calls: of each aspect the first one that shows something wrong.

    Attributes:
        conditions, changed_arguments, changed_settings: as the tables of side effects read them.
        rates_of, losses_of: the call whose rates, whose losses are off; ``None`` if none is.
    """

    def __init__(self, runs: Sequence[Any], wanted: Sequence[dict[str, Any]]) -> None:
        self.calls = [RunFacts(run, expected) for run, expected in zip(runs, wanted, strict=False)]
        self.form = next((call.form for call in self.calls if call.form), "")
        self.miscounted = next((c for c in self.calls if not c.form and not c.is_counted), None)
        self.swapped = next((call for call in self.calls if call.is_swapped), None)
        self.rates_of = next((call for call in self.calls if call.rates_are_off), None)
        self.losses_of = next((call for call in self.calls if call.losses_are_off), None)
        self.changed = next((call.changed for call in self.calls if call.changed), [])
        self.only_statistics = not any(is_weight(name) for call in self.calls for name in call.changed)
        self.kind = next((kind for call in self.calls for kind in call.run.kinds), "")
        self.conditions = [(call.before, call.after) for call in self.calls]
        self.changed_arguments: list[str] = next(
            (c.run.changed_arguments for c in self.calls if c.run.changed_arguments), []
        )
        self.changed_settings: list[str] = next(
            (c.run.changed_settings for c in self.calls if c.run.changed_settings), []
        )
