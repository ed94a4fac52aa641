"""The three mistakes of ``freeze_midway``, how each shows while it is there, and what a repair may add to them."""

from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    mode_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_LOOK_FLAGS = "Print `requires_grad` of the stage's parameters in front of each step."
_FIX_FLAGS = "`model.get_submodule(stage_name).requires_grad_(False)`, with the underscore, before the first later batch."
_LOOK_GRADIENTS = "Print `.grad` of a weight of the stage behind the line that clears the gradients."
_FIX_GRADIENTS = (
    "`optimizer.zero_grad()`, which sets gradients to None unless told otherwise: SGD passes over a parameter whose "
    "gradient is None. A new optimizer of what trains does as well."
)
_LOOK_MODES = "Print `training` of the stage's BatchNorm layers in front of each forward pass."
_FIX_MODES = "`model.get_submodule(stage_name).eval()`, behind the last `model.train()`."

# What is said while none of the three is mended. It gives none of them away.
UNMENDED = [
    Mistake(
        "as-released",
        lambda f: f.as_released,
        "The function does just what the program does that you were given. It has three mistakes; each is mended, and "
        "counts, by itself.",
        "What does the text say must stand still, and what must go on? Compare before and after.",
    ),
    Mistake(
        "none-mended",
        lambda f: True,
        "All three mistakes of the program that you were given are in it still. Each is mended, and counts, by itself.",
        "What does the text say must stand still, and what must go on? Compare before and after.",
    ),
]

FLAGS = [
    Mistake(
        "flag-on-the-module",
        lambda f: f.flags_open and f.attribute,
        "`{1.attribute}` was set on {1.place}, which is a module: there it is an attribute that PyTorch never reads. "
        "`{0.open[0]}` trains on.",
        _LOOK_FLAGS,
        _FIX_FLAGS,
    ),
    Mistake(
        "part-of-the-stage-open",
        lambda f: f.flags_open and len(f.open) < len(f.weights),
        "A part of the stage is not frozen on the later batches: `{0.open[0]}` is trainable.",
        "Every parameter has a flag of its own: " + _LOOK_FLAGS[0].lower() + _LOOK_FLAGS[1:],
        _FIX_FLAGS,
    ),
    Mistake(
        "frozen-and-opened",
        lambda f: f.flags_open and f.was_closed,
        "The stage was frozen for a while, and is trainable again at the last of the later batches: `{0.open[0]}`.",
        _LOOK_FLAGS,
        _FIX_FLAGS,
    ),
    Mistake(
        "frozen-after-the-training",
        lambda f: f.flags_open and f.more and f.closed_at_the_end,
        "The stage is frozen in the end, and was not yet so while the model trained on the later batches.",
        _LOOK_FLAGS,
        _FIX_FLAGS,
    ),
    Mistake(
        "still-but-not-frozen",
        lambda f: f.flags_open and not f.moved_weight,
        "The stage's weights stand still, and they are not frozen: `{0.open[0]}` has `requires_grad=True`, and `backward()` "
        "computes gradients that nobody uses.",
        _LOOK_FLAGS,
        _FIX_FLAGS,
    ),
    Mistake(
        "never-frozen",
        lambda f: f.flags_open,
        "The stage is not frozen: `{0.open[0]}` is trainable on the later batches, and trains on.",
        _LOOK_FLAGS,
        _FIX_FLAGS,
    ),
]

GRADIENTS = [
    Mistake(
        "gradients-stay",
        lambda f: f.gradients_stay and f.flags_open,
        "Between two steps the gradients of the stage (`{0.kept}`) are kept as tensors, instead of removed. Once the stage "
        "is frozen, SGD would go on with them.",
        _LOOK_GRADIENTS,
        _FIX_GRADIENTS,
    ),
    Mistake(
        "zeros-move-by-momentum",
        lambda f: f.gradients_stay and f.zeros,
        "`{0.moved_weight}` is frozen, and an optimizer's step moves it all the same: its gradient is a tensor of zeros, not "
        "None, and the momentum of earlier steps carries it along.",
        _LOOK_GRADIENTS,
        _FIX_GRADIENTS,
    ),
    Mistake(
        "old-gradients-move",
        lambda f: f.gradients_stay,
        "`{0.moved_weight}` is frozen, and an optimizer's step moves it all the same: a gradient of before lies on it.",
        _LOOK_GRADIENTS,
        _FIX_GRADIENTS,
    ),
]

STATISTICS = [
    Mistake(
        "setting-instead-of-mode",
        lambda f: f.statistics_move and not f.moved_statistics,
        "`{0.norms_in_training[0]}` of the stage is in training mode on the later batches, and yet its statistics are what "
        "they were, by another setting or written back: it normalises each batch by that batch's own mean.",
        _LOOK_MODES,
        _FIX_MODES,
    ),
    Mistake(
        "one-norm-stopped",
        lambda f: f.statistics_move and len(f.norms_in_training) < len(f.norms),
        "`{0.norms_in_training[0]}` of the stage is in training mode on the later batches, another BatchNorm of it is not: "
        "`{0.moved_statistics[0]}` moved.",
        _LOOK_MODES,
        _FIX_MODES,
    ),
    Mistake(
        "stopped-too-late",
        lambda f: f.statistics_move and f.eval_at_last,
        "`{0.moved_statistics[0]}` moved: at first the stage was still in training mode on the later batches.",
        _LOOK_MODES,
        _FIX_MODES,
    ),
    Mistake(
        "statistics-move",
        lambda f: f.statistics_move,
        "`{0.moved_statistics[0]}` of the stage moved on the later batches: in training mode BatchNorm's statistics follow "
        "every batch, whatever is frozen.",
        _LOOK_MODES + " `model.train()` sets every module anew.",
        _FIX_MODES,
    ),
]
BUGS = [FLAGS, GRADIENTS, STATISTICS]


def _row(name: str, shows: Any, text: str, hint: str, costs: float = 1) -> Mistake:
    return Mistake(name, shows, text, hint, costs=costs)


_OTHER_IMAGES = [row for row in batch_mistakes(1) if row.id == "other-images"]
_OTHER_BATCHES = [row for row in batch_mistakes(1) if row.id not in ("other-images", "never-stepped")]
_PARTS = [
    _row(
        "second-part-missing",
        lambda f: "more" not in f.phases,
        "No step was made on `more_batches`: whether the stage stands still could not be seen.",
        "After the stage is frozen, the rest goes on training on `more_batches`, one step for each batch.",
        EVERYTHING,
    ),
    _row(
        "first-part-missing",
        lambda f: "first" not in f.phases,
        "No step was made on `first_batches`: the stage was to train on them before it is frozen.",
        "Everything trains on `first_batches`; then the stage is frozen.",
        EVERYTHING,
    ),
    _row(
        "parts-mixed",
        lambda f: f.phases != sorted(f.phases),
        "The batches of the two parts came mixed or in the wrong order: {0.batches}.",
        "All of `first_batches`, one step each; then all of `more_batches`.",
        EVERYTHING,
    ),
]
_SCOPE = [
    _row(
        "frozen-too-early",
        lambda f: f.closed_early,
        "`{1}` of the stage was frozen already on `first_batches`.",
        "Everything trains on `first_batches`; freeze only when they are through.",
    ),
    _row(
        "frozen-too-late",
        lambda f: f.last_open,
        "The stage was trainable at step {0.last_open} of the later part; only behind that it is frozen for good.",
        "Freeze before the first batch of `more_batches` goes forward.",
    ),
    _row(
        "name-begins-alike",
        lambda f: f.closed_elsewhere and all(name.startswith(f.stage) for name in f.closed_elsewhere),
        "`{0.closed_elsewhere[0]}` is frozen as well: its name begins like `{0.stage}`, but it is another stage's.",
        'Take the stage from `model.get_submodule(stage_name)`, or compare with the dot: `startswith(stage_name + ".")`.',
    ),
    _row(
        "too-much-frozen",
        lambda f: f.closed_elsewhere,
        "`{0.closed_elsewhere[0]}` is frozen as well, which does not belong to the stage `{0.stage}`.",
        "Freeze the one stage; everything else trains on.",
    ),
]
_NOT_FINITE = _row(
    "not-finite",
    lambda f: not f.finite,
    "Afterwards the model holds numbers that are not finite (NaN or infinity).",
    "Use `learning_rate` as it is given, and the mean of the loss.",
)
_RENEWED = _row(
    "optimizer-renewed",
    lambda f: f.renewed_at,
    "In front of step {1} a new optimizer was made, within one part: its momentum begins from nothing.",
    "One optimizer for each part, made in front of its loop.",
)
_RESULT = [
    _row(
        "no-model-returned",
        lambda f: f.returned,
        "The function returned {1}, not the model.",
        "End with `return model`.",
    ),
    _row(
        "untrained-model-returned",
        lambda f: f.trained_elsewhere,
        "The model that came back is what it was before: the steps trained another one, such as a copy.",
        "Train and return one and the same model.",
    ),
    _row(
        "opened-in-the-end",
        lambda f: f.opened_again,
        "In the end the stage is trainable again: `{1[0]}`.",
        "It is to stay frozen.",
    ),
]
_EFFECTS = [
    *side_effects("state", "trainable", "training", "with_gradient"),
    Mistake(
        "tensors-replaced",
        lambda f: not f.same_tensors,
        "The model that came back has other tensors than the one that was given.",
        "Freeze and train the model that is given; replace no layer.",
    ),
    ARGUMENTS_CHANGED,
    SETTINGS_CHANGED,
]

# How it trains: of no weight if the model ends where it should. What comes back, and side effects: in any case.
TRAINING = [
    [*_OTHER_IMAGES, *_PARTS, *_OTHER_BATCHES],
    gradient_mistakes(1),
    [*optimizer_mistakes(1), _RENEWED, _NOT_FINITE],
    mode_mistakes(1),
    rewriting_mistakes(1),
    _SCOPE,
]
AFTERWARDS = [_RESULT, _EFFECTS]
SLIPS = [*TRAINING, *AFTERWARDS]
ENDS_ELSEWHERE = _row(
    "ends-elsewhere",
    lambda f: f.stray,
    "Of the three mistakes nothing is to be seen any more, but the model does not end where SGD with a momentum of 0.9 takes "
    "it: `{1}` is not where it should be{0.since}.",
    "One step a batch, in its order, with the mean cross-entropy; the optimizer of the first part goes on, or a new one "
    "like it.",
    PRICE,
)
