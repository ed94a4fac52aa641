"""Known mistakes in the repair of ``fine_tune``: the two that it has, and those that a repair may add."""

import dataclasses
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
from grader.exercises.lesson_04_learning_rates.find_the_bug_schedules import SCHEDULE
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_EACH = "Each can be mended by itself, and each is checked by itself."

# Told instead of everything else, and of the bugs: while none is mended, nothing is given away.
AS_RELEASED = Mistake(
    "as-released",
    lambda f: f.has_both_bugs,
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
    Mistake(
        "another-model",
        lambda f: f.lacking,
        "What came back is another model than the one that was given, or a part of it: it has no `{1}`.",
        "Return `model` itself.",
        costs=EVERYTHING,
    ),
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
        "At step {0.last_number} backbone and head both have the rate {1[0]:.4g}: the backbone trains as fast as the new head.",
        "Which line sets a rate last, and in which groups?",
        "`for group, rate in zip(optimizer.param_groups, [backbone_rate, head_rate])` gives each group its own full rate.",
    ),
    Mistake(
        "backbone-rate-for-both",
        lambda f: not f.is_rate_mended and f.has_one_rate == "backbone" and f.last_rates,
        "At step {0.last_number} backbone and head both have the rate {1[0]:.4g}: the new head trains as slowly as the backbone.",
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
        "At step {0.last_number} the backbone's rate is {1[0]:.4g} and the head's {1[1]:.4g}, where {0.backbone_rate:.4g} and "
        "{0.head_rate:.4g} are the full rates.",
        "After the warm-up each group has the rate that the function was given for it.",
        "`group['lr'] = rate * min(1, step / warm_up)`, with the group's own `rate`.",
    ),
]
BUGS = [_LOSS, _GROUPS]


def _unless_right(row: Mistake) -> Mistake:
    """A row that says why a training ends elsewhere: of one that ends right it would be no mistake."""
    return _only_if(lambda f: not f.ends_right, row)


def _kit(rows: list[Mistake], *without: str) -> list[Mistake]:
    return [_unless_right(row) for row in rows if row.id not in without]


def _only_if(condition: Callable[[Any], bool], row: Mistake) -> Mistake:
    """A row that is told only under a further condition."""
    return dataclasses.replace(row, shows=lambda f: condition(f) and row.shows(f))


# Of gradients that are too large because the loss is a sum the bug tells; and NaN gives gradients of nothing.
_TOLD_ELSEWHERE: dict[str, Callable[[Any], bool]] = {
    "gradient-enlarged": lambda f: not f.sum_is_seen,
    "gradient-shrunk": lambda f: not f.sum_is_seen,
    "gradient-of-something-else": lambda f: f.is_finite,
}
_GRADIENTS = [_only_if(_TOLD_ELSEWHERE.get(row.id, lambda f: True), row) for row in gradient_mistakes(1)]
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
_BESIDE = {"flags-changed", "hook-left", "attributes-changed", "layout-changed"}
EFFECTS = [*(row for row in side_effects() if row.id in _BESIDE), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
SLIPS = [
    _kit(batch_mistakes(1)),
    _kit(_GRADIENTS),
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
        "Both mistakes are mended, but `{1}` is at the end what it was at the start, where it was to be trained.",
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
