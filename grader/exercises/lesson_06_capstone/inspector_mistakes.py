"""What can be wrong with an inspector, and the facts that show it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE
from grader.exercises.machine.evidence_types import StrictEvidence, array
from grader.exercises.machine.mistakes import Mistake

# Largest difference of one photograph's logits between two calls, relative to their range over all
# photographs. Other batch sizes change float32 by about 2e-6 (measured on the CPU); TensorFloat-32, which
# GPUs use for convolutions, and bfloat16 keep three digits at most. BatchNorm in training mode: above 0.1.
_TOLERANCE = 1e-2
_ROUNDING = 1e-5  # relative to the largest logit: of float32, where the range is small
_FAR_TOO_GOOD = 0.97  # the paper's best is 0.884
# Right answers that 256 changed cells may cost, less those won. Sixteen honest inspectors lost -0.6 to 7.9 in
# the mean, with standard deviations of 2.5 to 3.6 over draws of cells: data_scripts/calibrate_inspector.py.
_FEWER = 24

_Logits = array("float64", (None, 2))


class Form(StrictEvidence):
    """What the function returned instead of logits for so many ``photographs``; no ``shape`` if it was no tensor."""

    type: str
    photographs: int
    shape: list[int] | None
    whole_numbers: bool


class Answers(StrictEvidence):
    """What the function gave.

    Attributes:
        refuses: what a model said that does not take photographs as they are.
        form: of the last result that was not ``(N, 2)``.
        logits: of all photographs that are asked for points, in the order of asking.
        again: of the first batch once more.
        together, alone: of some photographs in other company, and of a few one by one.
        alone_error: the exception for a batch of one.
        changed: of some photographs that were changed a little.
        test_logits: of the test cells where others are asked for points: for the model card.
    """

    refuses: str
    form: Form | None
    logits: _Logits | None  # type: ignore[valid-type]
    again: _Logits | None  # type: ignore[valid-type]
    together: _Logits | None  # type: ignore[valid-type]
    alone: _Logits | None  # type: ignore[valid-type]
    alone_error: str
    changed: _Logits | None  # type: ignore[valid-type]
    test_logits: _Logits | None  # type: ignore[valid-type]
    needs_gradient: bool
    changed_input: bool
    changed_settings: list[str]


@dataclass(frozen=True)
class Measured:
    """How many cells an inspector calls rightly."""

    correct: int
    total: int
    by_class: tuple[float, float]  # shares of the good and of the defective cells

    @property
    def balanced(self) -> float:
        """Balanced accuracy."""
        return sum(self.by_class) / 2

    @classmethod
    def of(cls, logits: np.ndarray | None, labels: np.ndarray) -> "Measured | None":
        """From logits ``(N, 2)``; None if some are missing or not finite."""
        if logits is None or len(logits) != len(labels) or not np.isfinite(logits).all():
            return None
        right = logits.argmax(axis=1) == labels
        of_class = [float(right[labels == kind].mean()) for kind in (0, 1)]
        return cls(int(right.sum()), len(labels), (of_class[0], of_class[1]))


class Inspected:
    """What the inspector got right, all in all and by class, and how it behaves.

    Attributes:
        part: which cells bring the points, "validation" at the desk and "test" when graded.
        test: what it reaches on the test cells; None if it did not answer there.
        earned: points for accuracy and for balanced accuracy, set by the judge.
        unchanged_accuracy, changed_accuracy: of the cells that were asked both ways.
        fewer: right answers lost on them by the change, less those won.
        counted: accuracy and balanced accuracy that points follow.
    """

    earned: tuple[float, float] = (0.0, 0.0)

    def __init__(self, given: Answers, expected: dict[str, Any]) -> None:
        self.given, self.form, self.part = given, given.form, str(expected["part"])
        labels = np.asarray(expected["labels"])
        self.total = len(labels)
        self.logits: np.ndarray = np.zeros((0, 2)) if given.logits is None else given.logits
        self.complete = len(self.logits) == self.total
        self.broken = int((~np.isfinite(self.logits)).any(axis=1).sum()) if self.complete else 0
        if not self.complete or self.broken:
            return
        guesses, reached = self.logits.argmax(axis=1), Measured.of(self.logits, labels)
        assert reached is not None  # complete, and nothing broken
        self.guessed = sorted(set(guesses.tolist()))
        self.correct, self.accuracy = reached.correct, reached.correct / self.total
        self.by_class, self.balanced = reached.by_class, reached.balanced
        self.test: Measured | None = reached
        if self.at_the_desk:
            self.test = Measured.of(given.test_logits, np.asarray(expected["test_labels"]))
        self.baseline = max(float(labels.mean()), 1 - float(labels.mean()))
        self.flipped = float((self.logits[:, ::-1].argmax(axis=1) == labels).mean())
        self.name = ("good", "defective")[self.guessed[0]]
        self._low, self._high = expected["intervals"][self.correct]
        self._expected = expected
        self._compare_with_changed(labels)

    def _compare_with_changed(self, labels: np.ndarray) -> None:
        places, told = np.asarray(self._expected["changed"]), self.given.changed
        labels, before = labels[places], self.logits[places].argmax(axis=1) == labels[places]
        readable = told is not None and len(told) == len(places) and np.isfinite(told).all()
        after = told.argmax(axis=1) == labels if told is not None and readable else np.zeros_like(before)
        self.asked_changed = len(places)
        self.unchanged_accuracy, self.changed_accuracy = float(before.mean()), float(after.mean())
        self.fewer = int(before.sum()) - int(after.sum())
        balanced = float(np.mean([after[labels == kind].mean() for kind in (0, 1)]))
        self.counted = (self.accuracy, self.balanced)
        if self.only_these():
            self.counted = (min(self.accuracy, self.changed_accuracy), min(self.balanced, balanced))

    @property
    def at_the_desk(self) -> bool:
        """Whether the points shown are not those that count."""
        return self.part != "test"

    def only_these(self) -> bool:
        """Whether it knows these very photographs better than the cells on them."""
        return self.fewer > _FEWER

    @property
    def told(self) -> str:
        """The numbers, beside the baseline."""
        return (
            f"Accuracy {self.accuracy:.1%} on {self.total} {self.part} cells (95 % interval {self._low:.1%} to "
            f"{self._high:.1%}), balanced accuracy {self.balanced:.1%}. Calling every cell good gives "
            f"{self.baseline:.1%} and 50.0%."
        )

    def shape(self) -> str:
        """What was returned, for how many photographs."""
        shape = tuple(self.form.shape or ()) if self.form else ()
        return f"For {self.form.photographs if self.form else 0} photographs the function returned the shape {shape}"

    def returns(self, *shapes: tuple[int | None, ...], whole: bool | None = None) -> str:
        """What was returned, if it has one of these shapes: -1 is the number of photographs, None any number."""
        if self.form is None or self.form.shape is None or self.complete:
            return ""
        got, count = self.form.shape, self.form.photographs
        fits = any(
            len(shape) == len(got)
            and all(
                want is None or side == (count if want == -1 else want)
                for side, want in zip(got, shape, strict=True)
            )
            for shape in shapes
        )
        return self.shape() if fits and whole in (None, self.form.whole_numbers) else ""

    def one_class(self) -> bool:
        """Whether every cell gets the same class."""
        return len(self.guessed) == 1

    def flat(self) -> bool:
        """Whether every photograph gets the same logits."""
        spread = float(np.ptp(self.logits, axis=0).max())
        return spread <= 1e-6 * max(1.0, float(np.abs(self.logits).max()))

    def swapped(self) -> bool:
        """Whether it names the classes the wrong way round."""
        return self.balanced <= 0.4 and self.flipped > self.accuracy

    def repeats(self) -> bool:
        """Whether the first batch gets the same logits a second time."""
        return self._alike(self.given.again, list(range(self._expected["batch"])))

    def depends_on_others(self) -> bool:
        """Whether a photograph's logits change with the other photographs of its batch."""
        return not (
            self._alike(self.given.together, self._expected["together"])
            and self._alike(self.given.alone, self._expected["alone"])
        )

    def _alike(self, got: np.ndarray | None, places: list[int]) -> bool:
        want = self.logits[places]
        if got is None or got.shape != want.shape or not np.isfinite(got).all():
            return False
        allowed = _TOLERANCE * np.ptp(self.logits) + _ROUNDING * np.abs(self.logits).max()
        return bool(np.abs(got - want).max() <= allowed)


_HALF = "At most half the points."
WHEN_GRADED = "When graded, the points follow the test cells. What is reached there this check does not tell."
FORMS = [
    Mistake("model-as-it-is", lambda facts: facts.given.refuses, "This is a model, not a function, and it does not take uint8 photographs of shape (N, 300, 300): {1}", "Write a function that prepares the photographs as in training, and then calls the model."),
    Mistake("no-tensor", lambda facts: not facts.complete and facts.form and facts.form.shape is None, "The function returned {0.form.type}, not a tensor of logits.", "End it with `return logits`."),
    Mistake("unreadable", lambda facts: facts.returns((-1, 2)), "The logits hold no values that can be read: they are complex, or on the device `meta`.", "Return plain float logits: `logits.float().cpu()`."),
    Mistake("classes", lambda facts: facts.returns((-1,), (-1, 1), whole=True), "{1}, whole numbers: these are classes, and the logits are wanted.", "Leave out `argmax` and return what the network gives."),
    Mistake("one-output", lambda facts: facts.returns((-1,), (-1, 1)), "{1}: one output a photograph, and two are wanted, one a class.", "From one logit z, `torch.stack([-z, z], dim=1)` makes two columns."),
    Mistake("outputs", lambda facts: facts.returns((-1, None)), "{1}: another number of outputs a photograph than the two that are wanted.", "Is the new head with two outputs in its place, and did you load the right file?"),
    Mistake("transposed", lambda facts: facts.returns((2, -1)), "{1}: rows and columns are exchanged.", "Return `logits.T`."),
    Mistake("other-shape", lambda facts: not facts.complete and facts.shape(), "{1}; a row of two logits for each photograph is wanted, in their order.", "Print `logits.shape` for a batch of three photographs."),
    Mistake("not-finite", lambda facts: facts.broken, "The logits of {1} of {0.total} photographs are not finite numbers (NaN or infinite).", "Did the training diverge (look at its last loss), or does the preparation divide by a spread of zero?"),
]  # fmt: skip
SYMPTOMS = [
    Mistake("same-logits", lambda facts: facts.one_class() and facts.flat(), "Every photograph gets the same logits, so that every cell is called {0.name}: the photographs do not reach the network, or only as pixels that are all nearly the same.", "Print the smallest and the largest pixel just before `model(...)`: they should be near -1 and 1.", costs=0),
    Mistake("one-class", lambda facts: facts.one_class(), "Every cell is called {0.name}: the inspector gives one class only, like the majority baseline.", "Are the photographs prepared here as in training, in size and in range? Did the head train at all?", costs=0),
    Mistake("columns-swapped", lambda facts: facts.swapped(), "With its two columns swapped the inspector would reach {0.flipped:.1%}: the classes are named the wrong way round.", "Column 1 belongs to class 1, defective; column 0 to the good cells.", costs=0),
    Mistake("below-the-baseline", lambda facts: facts.accuracy <= facts.baseline, "This accuracy is not above the majority baseline: a program that never looks at a photograph does as well.", "Is the network that you trained the one that `inspect` uses, with photographs prepared as in training?", costs=0),
]  # fmt: skip
FAULTS = [
    Mistake("random", lambda facts: not facts.repeats(), f"The same photographs in the same batch get other logits the second time: something in the function is random, or it remembers earlier calls; most often dropout is still on. {_HALF}", "Call `model.eval()` before predicting, and draw no random crops or flips."),
    Mistake("fails-alone", lambda facts: facts.given.alone_error, f"One photograph by itself makes the function fail: {{1}}. In training mode BatchNorm needs others to compare with. {_HALF}", "Call `model.eval()` before predicting, and squeeze no dimension of size one away."),
    Mistake("shape-of-few", lambda facts: facts.given.alone is None or facts.given.together is None, f"For one photograph, or for fewer than a full batch, the logits have another shape than `(N, 2)`. {_HALF}", "`squeeze()` without a dimension also takes a batch of one away."),
    Mistake("depends-on-others", lambda facts: facts.depends_on_others(), f"A photograph's logits depend on the batch in which it comes, on the other photographs or on its place there, as with BatchNorm in training mode, or with photographs normalised by their own batch. {_HALF}", "Call `model.eval()`, and normalise with fixed numbers: `(pixels / 255 - 0.5) / 0.5`."),
    Mistake("fails-later", lambda facts: facts.test is None, f"After all this the function was asked for the test cells, and gave no finite logits of two columns: it answers other photographs otherwise, or remembers earlier calls. {_HALF}", "`answers_for(inspect, test)` shows what it gives."),
]  # fmt: skip
SLIPS = [
    Mistake("needs-gradient", lambda facts: facts.given.needs_gradient, "The logits need a gradient: each call keeps the whole computation graph in memory.", "Predict under `with torch.inference_mode():`.", costs=1),
]  # fmt: skip
SIDE_EFFECTS = [
    Mistake("photographs-changed", lambda facts: facts.given.changed_input, "The function changed the photographs that it was given, in place: whoever uses them next gets others.", "`photographs.float()` makes a copy; after it, nothing touches the original.", costs=PRICE),
    Mistake(SETTINGS_CHANGED.id, lambda facts: facts.given.changed_settings, SETTINGS_CHANGED.text, SETTINGS_CHANGED.hint, costs=PRICE),
]  # fmt: skip
ONLY_THESE = [
    Mistake("only-these-photographs", lambda facts: facts.only_these(), "Of {0.asked_changed} of these cells it calls {0.unchanged_accuracy:.1%} rightly; of the same cells, turned by about a degree, moved by up to three pixels and a little brighter or darker, {0.changed_accuracy:.1%}. A network hardly notices the difference. The points follow the changed photographs.", "Does `inspect` look at the cell, or for the very same photograph? Train with small changes of the photographs if it is a network that is so easily misled.", costs=0, suspicious=True),
]  # fmt: skip
NOTES = [
    Mistake("too-good", lambda facts: facts.accuracy >= _FAR_TOO_GOOD, "This is far above the paper's 88.4 %, and the experts' labels are themselves uncertain: most likely {0.part} cells were among those that trained.", "Train on the cells of `train` alone, or say in the model card what you did.", costs=0, suspicious=True),
]  # fmt: skip
