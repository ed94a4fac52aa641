"""What a repaired fine-tuning function did: the evidence and the facts that the tables of mistakes ask for."""

from typing import Any

import numpy as np

from grader.exercises.kit.condition import Condition
from grader.exercises.kit.loss_mistakes import first_loss
from grader.exercises.kit.loss_watch import Pass
from grader.exercises.kit.tensors import astray, inside, is_weight, same
from grader.exercises.kit.training_facts import TrainingFacts, rates_by_name
from grader.exercises.kit.training_watch import Step
from grader.exercises.lesson_01_scratch_vs_finetuning.raw_scores import are_raw
from grader.exercises.machine import evidence_types
from grader.exercises.machine.evidence_types import NumberArray, StrictEvidence

IMAGES = 4  # of which the shape of the outputs is taken


class Tuned(StrictEvidence):
    """What the function did.

    Attributes:
        returned: in words what came back instead of a model; "" if a model did.
        is_given: whether it is the very model that the function was given.
        on_a_copy: whether batches went to another model than that.
        before, after: condition of the model that was given.
        first: state of the trained model when its first batch came.
        final: state of the model that came back, or else of the one that was given.
        rewritten_at_end: weights of ``final`` that the last step did not leave so.
        forms: few pixels of what the model was given, by a step's ``view``.
    """

    returned: str
    is_given: bool
    on_a_copy: bool
    before: Condition
    after: Condition
    first: evidence_types.State
    final: evidence_types.State
    rewritten_at_end: list[str]
    outputs: list[int]
    scores: list[float]
    error: str
    steps: list[Step]
    forms: list[NumberArray]
    passes: list[Pass]
    own_losses: list[str]
    changed_arguments: list[str]
    changed_settings: list[str]


class TuningFacts(TrainingFacts):
    """The facts of one run."""

    def __init__(self, tuned: Tuned, expected: dict[str, Any]) -> None:
        super().__init__(tuned.steps, [Step.model_validate(step) for step in expected["steps"]])
        self.tuned, self.expected, self.head = tuned, expected, expected["head"]
        self.classes, self.outputs, self.error = expected["num_classes"], tuned.outputs, tuned.error
        self.astray = astray(tuned.final, expected["final"], expected["first"])
        self.head_names = inside(tuned.first, self.head) or inside(expected["first"], self.head)
        self.loss_was, self.own_loss = first_loss(tuned.passes), next(iter(tuned.own_losses), "")
        self.changed_arguments, self.changed_settings = tuned.changed_arguments, tuned.changed_settings
        self.forms = [self._form(step) for step in self.steps if step.view]
        self.odd = next((form for form in self.forms if form[0] != "pretrained"), ("", -1.0, 1.0))
        self.form_mended = bool(self.forms) and self.odd[0] == ""
        self.by_hand = not self.steps and not self.astray  # steps without an optimizer, and the right ones
        self.form_mended = self.form_mended or self.by_hand
        self.head_mended = self.by_hand or (bool(self.steps) and not self.unheld)
        self.mended = self.head_mended + self.form_mended
        self.is_released = not astray(tuned.final, expected["released"], expected["first"])
        self.conditions = [self._conditions()]

    @property
    def head_attempted(self) -> bool:
        """Whether some step's optimizer held some of the new head."""
        return any(name in rates_by_name(step.groups) for step in self.steps for name in self.head_names)

    @property
    def form_attempted(self) -> bool:
        """Whether the images came in another form than in the function that was given."""
        return any(form[0] != "own statistics" for form in self.forms)

    @property
    def attempted(self) -> bool:
        """Whether anything of the two mistakes is other than in the function that was given."""
        return self.head_attempted or self.form_attempted

    @property
    def unheld(self) -> int:
        """Number of the first step at which no optimizer held all of the new head, counted from 1; 0 if none is."""
        for number, step in enumerate(self.steps[:1] if self.head_again else self.steps, start=1):
            if step.batch and any(name not in rates_by_name(step.groups) for name in self.head_names):
                return number
        return 0

    @property
    def head_again(self) -> str:
        """A weight of the head, if after the first step something but a step changed the head and nothing else."""
        for step in self.steps[1:]:
            if step.rewritten and all(map(self._of_head, step.rewritten)):
                return step.rewritten[0]
        return ""

    def _form(self, step: Step) -> tuple[str, float, float]:
        """In which form the images of a step came: its name, the lowest and the highest of the pixels kept."""
        place = int(step.view) if step.view.isdecimal() else -1
        if not 0 <= place < len(self.tuned.forms):
            return "unknown", float("nan"), float("nan")
        pixels = self.tuned.forms[place]
        low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
        if step.batch == "other":
            grid = (pixels.astype(float) + 1) * 127.5
            exact = (
                len(np.unique(grid)) > 2  # not black and white
                and bool(np.all(np.abs(grid - np.round(grid)) < 1e-2))
                and low >= -1.01
                and high <= 1.01
            )
            return ("pretrained" if exact else "unknown"), low, high
        last = step.batch.rpartition(" ")[2]
        number = int(last) if last.isdecimal() else -1
        views = self.expected["views"]
        name = next(
            (
                n
                for n, made in views.items()
                if any(same(pixels, one[number]) for one in made if 0 <= number < len(one))
            ),
            "unknown",
        )
        return name, low, high

    @property
    def batches_left_out(self) -> str:
        """The batches that made no step, in words."""
        return " and ".join(f"`{name}`" for name in self.missing_batches)

    @property
    def order_of_batches(self) -> str:
        """The batches in the order of their steps, in words."""
        return ", ".join(name.removeprefix("batch ") or "none" for name in self.batches)

    @property
    def backbone_unheld(self) -> str:
        """A parameter of the backbone that an optimizer should hold at a step and none does."""
        for got, want in self.pairs:
            rates = rates_by_name(got.groups)
            for name in rates_by_name(want.groups):
                if name not in rates and name not in self.head_names and not self._of_head(name):
                    return name
        return ""

    def _of_head(self, name: str) -> bool:
        return name == self.head or name.startswith(f"{self.head}.")

    @property
    def wrong_mode(self) -> tuple[str, str] | None:
        """As in ``TrainingFacts``, but for the modules of the new head, which may have other names."""
        for got, want in self.pairs:
            names = sorted(set(got.training) ^ set(want.training)) if got.forwards else []
            for name in names:
                if not self._of_head(name):
                    return name or "the model", "training" if name in got.training else "eval"
        return None

    @property
    def frozen(self) -> bool:
        """Whether a part of the backbone that came in trainable is frozen afterwards."""
        before, after = self.tuned.before.trainable, self.tuned.after.trainable
        return any(name not in after and not self._of_head(name) for name in before)

    @property
    def stands_still(self) -> str:
        """A parameter that an optimizer held and a step did not move, though the reference's moves.

        In another mode gradients may be too small to move a weight: then only what is frozen counts.
        """
        if self.wrong_mode and not self.frozen:
            return ""
        for got, want in self.pairs:
            rates = rates_by_name(got.groups)
            for name in want.moved:
                if (got.gradient == "right" or self.frozen) and name in rates and name not in got.moved:
                    return name
        return ""

    @property
    def overwritten(self) -> str:
        """A weight that something other than a step changed, but for the new head before the first step."""
        before = (n for step in self.steps[:1] for n in step.rewritten if not self._of_head(n))
        between = (n for step in self.steps[1:] for n in step.rewritten)
        told = self.tuned.is_given and not self.tuned.on_a_copy and not self.by_hand
        at_end = self.tuned.rewritten_at_end if told else []
        return next(before, "") or next(between, "") or next(iter(at_end), "")

    @property
    def keeps_rows(self) -> bool:
        """Whether the first rows of the new head are the old one's."""
        new, old = self.tuned.first.get(f"{self.head}.weight"), self.expected["old_head"]
        return (
            new is not None and new.ndim == 2 and len(new) > len(old) and np.array_equal(new[: len(old)], old)
        )

    @property
    def bends_scores(self) -> bool:
        """Whether what stands in the head's place cuts, bounds or bends the scores."""
        matrices = [n for n in inside(self.tuned.final, self.head) if self.tuned.final[n].ndim == 2]
        return not are_raw(self.tuned.scores, len(matrices))

    @property
    def other_head(self) -> bool:
        """Whether the new head begins otherwise than an ``nn.Linear`` as it is made: then only steps can be compared."""
        first, wanted = self.tuned.first, self.expected["first"]
        names = inside(wanted, self.head)
        return any(name not in first or not same(first[name], wanted[name]) for name in names)

    @property
    def ends_elsewhere(self) -> str:
        """A tensor that ends elsewhere, although both mistakes are mended; of another head only the statistics."""
        if self.mended < 2:
            return ""
        counts = [name for name in self.astray if name.endswith("num_batches_tracked")]
        return next(iter(counts if self.other_head else self.astray), "")

    @property
    def weights_astray(self) -> list[str]:
        """Weights that end elsewhere than they should; none are known of another head, whose steps are compared."""
        return [] if self.other_head else [name for name in self.astray if is_weight(name)]

    def _conditions(self) -> tuple[Condition, Condition]:
        """Before and after, but for the head, which is new."""
        pair = []
        for one in (self.tuned.before, self.tuned.after):
            names = [] if self.stands_still else [name for name in one.trainable if not self._of_head(name)]
            attributes = {name: of for name, of in one.attributes.items() if not self._of_head(name)}
            pair.append(one.model_copy(update={"trainable": names, "attributes": attributes}))
        return pair[0], pair[1]
