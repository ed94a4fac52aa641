"""What a repaired ``freeze_midway`` does to the stage and to the rest, beside the reference."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.exercises.kit.condition import is_sound
from grader.exercises.kit.tensors import astray, inside, is_weight, moved
from grader.exercises.kit.training_facts import TrainingFacts
from grader.exercises.kit.training_watch import Step


class Midway(TrainingFacts):
    """The three mistakes of the program, each by itself, and what else is not as it should be.

    Attributes:
        weights, norms: names of the stage's parameters, and of its BatchNorm layers.
        open: those of the weights that are trainable at the last step on ``more_batches``.
        flags_open: whether any is.
        frozen_from: the number of the first such step from which on none is; 0 if they are open to the end.
        last_open: the number of the last such step at which one is, if they are not open to the end.
    """

    def __init__(self, evidence: Any, expected: dict[str, Any]) -> None:
        super().__init__(evidence.steps, [Step.model_validate(step) for step in expected["steps"]])
        self.evidence, self.stage = evidence, expected["stage"]
        self.conditions = [(evidence.before, evidence.after)]
        self.changed_arguments, self.changed_settings = evidence.changed_arguments, evidence.changed_settings
        self.returned = evidence.returned
        start, self.state = evidence.before.state, evidence.after.state
        self.weights = [name for name in inside(start, self.stage) if is_weight(name)]
        self.norms = inside(expected["norms"], self.stage)
        self.other_norms = [name for name in expected["norms"] if name not in self.norms]
        self.sound = is_sound(evidence.before, evidence.after)
        self.finite = all(np.isfinite(values).all() for values in self.state.values())
        self.as_released = not astray(self.state, expected["released"], start)
        self.same_tensors = {n: v.shape for n, v in start.items()} == {
            n: v.shape for n, v in self.state.items()
        }
        self._endings, self._between, self._start = expected["endings"], expected["between"], start
        # Six steps through BatchNorm enlarge rounding. A near miss with other settings is their doing, not rounding's.
        settings_differ = self.kind or self.momentum or self.other_setting or self.rate
        tolerance = 2e-4 if settings_differ else 5e-3
        at_an_end = self.sound and any(
            not astray(self.state, end, start, tolerance) for end in expected["endings"]
        )
        if not self.finite or self.foreign:  # then the gradients are not what went wrong first
            self.gradient = "right"
        self._phases = _phases(evidence.steps, sum(name.startswith("first") for name in self.wanted_batches))
        self.more = [record for record in evidence.stage if self._phase(record.step) == "more"]
        self.first = [record for record in evidence.stage if self._phase(record.step) == "first"]
        self._look_at_flags()
        self.frozen_records = self.more[self.frozen_from - 1 :] if self.frozen_from else self.more
        self.ends_right = at_an_end and not self.flags_open
        self._look_at_weights()
        self._look_at_modes()

    def _phase(self, number: int) -> str:
        return self._phases[number] if 0 <= number < len(self._phases) else ""

    def _step(self, record: Any) -> Step | None:
        steps = self.evidence.steps
        return steps[record.step] if 0 <= record.step < len(steps) else None

    def _look_at_flags(self) -> None:
        open_at_the_end = inside(self.evidence.after.trainable, self.stage)
        self.open = self.more[-1].open if self.more else open_at_the_end
        self.flags_open = bool(self.open)
        closed = [not record.open for record in self.more]
        self.frozen_from = len(closed) - closed[::-1].index(False) + 1 if False in closed else 1
        if self.flags_open or not self.more:
            self.frozen_from = 0
        self.last_open = max(0, self.frozen_from - 1)
        self.was_closed = any(closed)
        self.closed_at_the_end = not open_at_the_end
        self.opened_again = not self.flags_open and open_at_the_end
        self.closed_early = next((n for r in self.first for n in self.weights if n not in r.open), "")
        self.attribute = next((a for a in self.evidence.attributes if a.on == "module"), None)
        self.closed_elsewhere = [n for r in [*self.first, *self.more] for n in r.closed_elsewhere]

    def _look_at_weights(self) -> None:
        """Whether something moves the stage's weights, or would, once they are frozen."""
        own = set(self.weights)
        steps = [step for record in self.frozen_records if (step := self._step(record))]
        self.moved_weight = next((name for step in steps for name in step.moved if name in own), "")
        renewed = bool(self.more) and bool((step := self._step(self.more[0])) and step.renewed)
        # A second step for one batch finds the gradients of the first, of course.
        after_a_batch = [r for r in self.more if (step := self._step(r)) and step.forwards]
        self.kept = next((name for record in after_a_batch for name in record.kept), "")
        self.zeros = all(record.all_zero for record in self.frozen_records)
        if self.flags_open:  # then it is seen by the tensors in which the gradients lie
            self.gradients_stay = bool(self.kept) and not renewed
        else:
            self.gradients_stay = bool(self.moved_weight)
        if self.ends_right:
            self.gradients_stay = False

    def _look_at_modes(self) -> None:
        """Which BatchNorm of the stage is in training mode when a batch comes."""
        steps = [step for record in self.frozen_records if (step := self._step(record)) and step.forwards]
        self.norms_in_training = [n for n in self.norms if any(n in step.training for step in steps)]
        names = [name for name in inside(self.state, self.stage) if not is_weight(name)]
        between = self.evidence.between
        followed = moved(between, self.state, names) if between else []
        self.moved_statistics = [name for name in followed if not name.endswith("num_batches_tracked")]
        self.statistics_move = bool(self.norms_in_training) and not self.ends_right
        if (
            self.statistics_move and not self.moved_statistics
        ):  # a setting did it: told as a mistake of its own
            before, after = self.conditions[0]
            self.conditions = [(before, after.model_copy(update={"attributes": before.attributes}))]
        self.eval_at_last = bool(steps) and not any(name in steps[-1].training for name in self.norms)

    @property
    def phases(self) -> list[str]:
        """The parts to which the steps belong, in their order."""
        return [phase for phase in self._phases if phase]

    @property
    def wrong_mode(self) -> tuple[str, str] | None:
        """A BatchNorm in another mode than it should have when a batch came, but for the stage's own later on."""
        if self.ends_right:
            return None
        for got, want in self.pairs:
            watched = self.other_norms if want.batch.startswith("more") else [*self.other_norms, *self.norms]
            for name in watched:
                if got.forwards and name not in got.training:
                    return name, "eval"
        return None

    @property
    def renewed_at(self) -> int:
        """The number of the first step that another optimizer made than the step before, within one part."""
        numbers = range(1, len(self.evidence.steps))
        steps, phases = self.evidence.steps, self._phases
        within = [n for n in numbers if steps[n].renewed and steps[n].forwards and phases[n] == phases[n - 1]]
        return within[0] + 1 if within else 0

    @property
    def stray(self) -> str:
        """A tensor that does not end where the nearer of the right endings has it, the first that goes astray."""
        early = self._astray_between
        late = min((astray(self.state, end, self._start) for end in self._endings), key=len, default=[""])
        return next((name for name in late if name in early), next(iter(late), ""))

    @property
    def since(self) -> str:
        """Whether this began on the first batches, in words."""
        return ", from the first part on" if self.stray in self._astray_between else ""

    @property
    def _astray_between(self) -> list[str]:
        """Tensors that are not where they should be when the first of the later batches comes."""
        return astray(self.evidence.between, self._between, self._start)

    @property
    def early_statistics(self) -> str:
        """A statistic that is astray when the first of the later batches comes, if no weight is."""
        early = self._astray_between
        return early[0] if early and not any(map(is_weight, early)) else ""

    @property
    def trained_elsewhere(self) -> bool:
        """Whether a copy was trained and the model that was given came back, or another that never trained."""
        untrained = not moved(self.evidence.before.state, self.state)
        return bool(self.steps) and untrained and any(step.moved for step in self.steps)


def _phases(steps: Sequence[Step], first: int) -> list[str]:
    """For each step the part of the training to which it belongs: that of the last batch that came.

    Images of no batch belong to the part that is due: the second after ``first`` steps.
    """
    phases, phase = [], ""
    for number, step in enumerate(steps):
        if step.batch == "other":
            phase = "more" if number >= first else "first"
        else:
            phase = step.batch.rpartition(" ")[0] or phase
        phases.append(phase)
    return phases
