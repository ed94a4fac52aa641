"""Known mistakes in the repair of ``fine_tune``: the two that it has, and those that a repair may add."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    mode_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.lesson_04_learning_rates.find_the_bug_facts import Repair
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_EACH = "Each can be mended by itself, and each is checked by itself."

# Told instead of everything else, and of the bugs: while none is mended, nothing is given away.
AS_RELEASED = Mistake(
    "as-released",
    lambda f: f.is_as_released,
    f"The function trains as the given one does: its two mistakes are both still in it. {_EACH}",
    "For each step write down two numbers: how large the loss is compared with a mean, and at which rate the backbone "
    "moves. What should they be?",
)
NONE_MENDED = Mistake(
    "none-mended",
    lambda f: f.mended == 0,
    f"Neither of the two mistakes is seen to be mended. {_EACH}",
    "Change one thing at a time, beginning with the function as it was given.",
)
_USABLE = {"device-changed", "dtype-changed", "tensors-replaced"}
FATAL = [
    *(row for row in side_effects() if row.id in _USABLE),
    Mistake(
        "never-trained",
        lambda f: not f.ends_right and not f.passes,
        "The model was never trained: no batch went through it with gradients on.",
        "One step for each batch, in the given order.",
        costs=EVERYTHING,
    ),
]

_LOSS = [
    Mistake(
        "summed-loss",
        lambda f: not f.ends_right and f.sum_is_seen,
        "The gradients that come back to the logits are those of a loss that is as many times too large as the batch has "
        "images, while the rates come from a recipe for a mean.",
        "Look at the loss: what does it do with the batch's images, a mean or a sum?",
        'Leave `reduction="sum"` out: `F.cross_entropy` takes the mean unless it is told otherwise.',
    ),
]
_GROUPS = [
    Mistake(
        "head-rate-for-both",
        lambda f: not f.is_rate_mended and f.has_one_rate == "head" and f.last_rates,
        "At the last step backbone and head both have the rate {1[0]:.4g}: the backbone trains as fast as the new head.",
        "Which line sets a rate last, and in which groups?",
        "`for group, rate in zip(optimizer.param_groups, [backbone_rate, head_rate])` gives each group its own full rate.",
    ),
    Mistake(
        "backbone-rate-for-both",
        lambda f: not f.is_rate_mended and f.has_one_rate == "backbone" and f.last_rates,
        "At the last step backbone and head both have the rate {1[0]:.4g}: the new head trains as slowly as the backbone.",
        "Which line sets a rate last, and in which groups?",
        "`for group, rate in zip(optimizer.param_groups, [backbone_rate, head_rate])` gives each group its own full rate.",
    ),
    Mistake(
        "rates-swapped",
        lambda f: not f.is_rate_mended and f.is_swapped,
        "The rates are swapped: the backbone trains at the head's rate and the head at the backbone's.",
        "Which group was given to the optimizer first?",
        "Pair the groups with their rates in the order in which they were given.",
    ),
    Mistake(
        "other-ratio",
        lambda f: not f.is_rate_mended and f.last_rates,
        "At the last step the backbone's rate is {1[0]:.4g} and the head's {1[1]:.4g}, where {0.backbone_rate:.4g} and "
        "{0.head_rate:.4g} are the full rates.",
        "After the warm-up each group has the rate that the function was given for it.",
        "`group['lr'] = rate * min(1, step / warm_up)`, with the group's own `rate`.",
    ),
]
BUGS = [_LOSS, _GROUPS]

_OWN = "Step k, counted from 1, uses `rate * min(1, k / warm_up)`, with each group's own rate."


def _schedule(name: str, follows: Callable[[Repair], Any], text: str, hint: str = _OWN) -> Mistake:
    return Mistake(name, lambda f: f.is_off_schedule and follows(f), text, hint, costs=1)


def _grow(f: Repair) -> Callable[[int], float]:
    return lambda k: min(1, k / f.warm_up)


def _full(k: int) -> float:
    return 1.0


def _compound(f: Repair) -> Callable[[int], float]:
    return lambda k: math.prod(min(1, j / f.warm_up) for j in range(1, k + 1))


def _scaled(f: Repair) -> float:
    """The one factor between every rate and the one that was asked for; 0 if there is none."""
    factor = f.factors[-1][0]
    return factor if factor and f.follows(lambda k: factor * min(1, k / f.warm_up)) else 0.0


SCHEDULE = [
    Mistake(
        "rates-are-zero",
        lambda f: f.rates and not any(rate for pair in f.rates for rate in pair),
        "Every step was made at the rate 0, so nothing moves.",
        _OWN,
        costs=1,
    ),
    _schedule(
        "no-warm-up",
        lambda f: f.follows(_full),
        "There is no warm-up: the first step is made at the full rate.",
    ),
    _schedule(
        "only-head-warms-up",
        lambda f: f.follows(_full, _grow(f)),
        "Only the head warms up: the backbone trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    _schedule(
        "only-backbone-warms-up",
        lambda f: f.follows(_grow(f), _full),
        "Only the backbone warms up: the head trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    _schedule(
        "warm-up-from-zero",
        lambda f: f.follows(lambda k: min(1, (k - 1) / f.warm_up)),
        "The warm-up starts at rate zero: the first batch was computed for nothing, and each rate comes one step too late.",
        "Count the steps from 1: `enumerate(batches, start=1)`.",
    ),
    _schedule(
        "warm-up-ahead",
        lambda f: f.follows(lambda k: min(1, (k + 1) / f.warm_up)),
        "The warm-up is one step ahead: its first rate is that of the second step.",
    ),
    _schedule(
        "warm-up-too-long",
        lambda f: f.follows(lambda k: min(1, k / (f.warm_up + 1))),
        "The warm-up takes one step too many.",
        "Step number `warm_up` is the first at the full rate: `k / warm_up`.",
    ),
    _schedule(
        "warm-up-never-ends",
        lambda f: f.follows(lambda k: k / f.warm_up),
        "The warm-up never ends: after it the rates go on growing beyond the full rates.",
        "`min(1, k / warm_up)` stops it.",
    ),
    _schedule(
        "warm-up-over-all",
        lambda f: f.follows(lambda k: k / f.count),
        "The warm-up lasts for all batches, not for the first `warm_up` of them.",
        "Divide by `warm_up`, and take `min(1, …)`.",
    ),
    _schedule(
        "warm-up-compounds",
        lambda f: f.follows(_compound(f)),
        "Each step multiplied the rate of the step before: the factors compound, and the rates never recover.",
        "Compute every rate from the full rate: `group['lr'] = rate * …`, not `group['lr'] *= …`.",
    ),
    _schedule(
        "warm-up-falls",
        lambda f: f.follows(lambda k: max(1, f.warm_up / k)),
        "The warm-up is upside down: it starts above the full rate and falls.",
        "`min(1, k / warm_up)` grows to 1.",
    ),
    _schedule(
        "one-rate-in-warm-up",
        lambda f: all(b == h for b, h in f.rates[: f.warm_up]),
        "During the warm-up both groups have one rate; only after it has each its own.",
        "The warm-up, too, goes to each group's own rate.",
    ),
    _schedule(
        "rates-scaled",
        _scaled,
        "Every rate is {1:.4g} times what it should be.",
        "The full rates are those that the function is given, and the warm-up ends at them.",
    ),
    _schedule(
        "rates-stand-still",
        lambda f: f.factors[0][0] if f.follows(lambda k: f.factors[0][0]) else 0,
        "Every step is made at {1:.4g} times the full rates: they do not grow from step to step.",
    ),
    _schedule(
        "other-schedule",
        lambda f: f.off_step,
        "At step {1[0]} the {1[1]} has the rate {1[2]:.4g}, where it should be {1[3]:.4g}.",
    ),
]


def _unless_right(row: Mistake) -> Mistake:
    """A row that says why a training ends elsewhere: of one that ends right it would be no mistake."""
    return dataclasses.replace(row, shows=lambda f: not f.ends_right and row.shows(f))


def _kit(rows: list[Mistake], *without: str) -> list[Mistake]:
    return [_unless_right(row) for row in rows if row.id not in without]


def _gradients() -> list[Mistake]:
    """Of gradients that are too large because the loss is a sum the bug tells, and NaN gives gradients of nothing."""
    rows = []
    for row in gradient_mistakes(1):
        if row.id in ("gradient-enlarged", "gradient-shrunk"):
            row = dataclasses.replace(row, shows=lambda f, row=row: not f.sum_is_seen and row.shows(f))
        if row.id == "gradient-of-something-else":
            row = dataclasses.replace(row, shows=lambda f, row=row: f.is_finite and row.shows(f))
        rows.append(row)
    return rows


_CHANGED_BEFORE = Mistake(
    "changed-before-training",
    lambda f: f.evidence.changed_before,
    "Before the first batch came, `{1[0]}` was changed: the training starts from other weights than it was given.",
    "The model comes with the head that is to be trained: make no new one, and reset nothing.",
    costs=1,
)
_BACK = [
    Mistake(
        "no-model",
        lambda f: f.returned,
        "The function returned {1}, not the model.",
        "End with `return model`.",
        costs=1,
    ),
    Mistake(
        "copy-trained",
        lambda f: not f.ends_right and f.is_untrained and f.evidence.on_a_copy,
        "The batches went through a copy of the model, and the model that came back is as it was given.",
        "Return the model that was trained.",
        costs=1,
    ),
    Mistake(
        "untrained-returned",
        lambda f: not f.ends_right and f.is_untrained and any(step.moved for step in f.steps),
        "A model was trained, and another one came back, with the weights from before the first step.",
        "Return the model that was trained.",
        costs=1,
    ),
]
_HOLDS = [
    Mistake(
        "norm-with-head",
        lambda f: f.norm_with_head,
        "`{1}` was trained at the head's rate: its name begins like the head's, but it is another module's.",
        'Compare with the dot: `name.startswith(f"{{head_name}}.")`.',
        costs=1,
    ),
    *optimizer_mistakes(1),
]
_BESIDE = {"flags-changed", "hook-left"}
EFFECTS = [*(row for row in side_effects() if row.id in _BESIDE), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
SLIPS = [
    _kit(batch_mistakes(1)),
    _kit(_gradients()),
    _kit(_HOLDS, "other-rate"),
    _kit(SCHEDULE),
    _kit(mode_mistakes(1)),
    _kit([*rewriting_mistakes(1), _CHANGED_BEFORE]),
    _BACK,
    EFFECTS,
]
ELSEWHERE = [
    Mistake(
        "not-finite",
        lambda f: not f.is_finite,
        "Both mistakes are mended, but at the end the weights are no finite numbers.",
        "What changes weights or statistics beside `optimizer.step()`?",
        costs=1,
    ),
    Mistake(
        "never-moved",
        lambda f: f.stuck,
        "Both mistakes are mended, but `{1}` never moved, where it was to be trained.",
        "Is it frozen, set back, or left out?",
        costs=1,
    ),
    Mistake(
        "ends-elsewhere",
        lambda f: f.stray,
        "Both mistakes are mended, but `{1[0]}` does not end where plain SGD with these rates leads.",
        "One step a batch in training mode, nothing beside it, and the trained model comes back as it is then.",
        costs=1,
    ),
]
