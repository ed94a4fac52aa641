"""What a repair of ``freeze_midway`` may add to its three mistakes."""

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
ELSEWHERE = [
    _row(
        "statistics-astray",
        lambda f: f.early_statistics,
        "Of the three mistakes nothing is to be seen any more. When the later batches begin, all weights are where they "
        "should be, but the statistics of BatchNorm are not (`{1}`): in training mode each forward pass moves them.",
        "One forward pass for each batch, and nothing that sets the statistics.",
        PRICE,
    ),
    _row(
        "ends-elsewhere",
        lambda f: f.stray,
        "Of the three mistakes nothing is to be seen any more, but the model does not end where SGD with a momentum of 0.9 "
        "takes it: `{1}` is not where it should be{0.since}.",
        "One step a batch, in its order, with the mean cross-entropy; the optimizer of the first part goes on, or a new one "
        "like it.",
        PRICE,
    ),
]
