"""The tables of slips beside the two mistakes of the bug hunt: each costs one point, whatever is mended."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.loss_mistakes import loss_mistakes
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.kit.training_mistakes import gradient_mistakes, mode_mistakes, optimizer_mistakes
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_facts import IMAGES, TuningFacts
from grader.exercises.machine.mistakes import Mistake


def _slip(name: str, shows: Callable[[TuningFacts], Any], text: str, hint: str) -> Mistake:
    return Mistake(name, shows, text, hint, costs=PRICE)


def _if_astray(row: Mistake) -> Mistake:
    return replace(row, shows=lambda facts: facts.astray and row.shows(facts))


def _if_not_frozen(row: Mistake) -> Mistake:
    """The row, unless there is no gradient since what the optimizer holds is frozen: then that is told."""
    return replace(row, shows=lambda f: not (f.stands_still and f.gradient == "none") and row.shows(f))


_OWN_STEP = " `training_step` is yours, of exercise 1."

RESULT = [
    _slip(
        "no-model",
        lambda f: f.tuned.returned,
        "The function returned {1}, where the model is expected.",
        "End with `return model`.",
    ),
    _slip(
        "original-returned",
        lambda f: f.tuned.on_a_copy and f.tuned.is_given,
        "The batches went through a copy of the model; the one that came back is the original.",
        "Train the model that the function is given, and return it.",
    ),
    _slip(
        "copy-trained",
        lambda f: f.tuned.on_a_copy,
        "A copy of the model was trained; the model that the function is given is not the one that came back.",
        "Train the model that the function is given, and return it.",
    ),
    _slip(
        "other-model",
        lambda f: not f.tuned.is_given,
        "What came back is another model than the one that was given.",
        "End with `return model`.",
    ),
    _slip(
        "model-fails",
        lambda f: f.error,
        "The model that came back fails on a batch of images: {1}",
        "The new layer must take as many features as the old head did.",
    ),
    _slip(
        "other-outputs",
        lambda f: f.outputs != [IMAGES, f.classes],
        "For 4 images the model gives outputs of shape {0.outputs}, where [4, {0.classes}] is needed.",
        "`num_classes` is given: `nn.Linear(head.in_features, num_classes)`.",
    ),
    _slip(
        "scores-not-raw",
        lambda f: f.bends_scores,
        "The model's scores are not raw: what stands in the head's place cuts, bounds or bends what its last linear layer "
        "gives, as a softmax or an activation does.",
        "`F.cross_entropy` wants raw scores: the new head is the `nn.Linear` alone.",
    ),
]

BATCHES = [
    _if_astray(row)
    for row in [
        _slip(
            "other-images",
            lambda f: "other" in f.batches,
            "The model was given images that stand in none of the batches. They no longer do once they are flipped, cut, put "
            "together or in another order, nor if uint8 pixels run below 0 and go on at 255.",
            "Only normalise them, after `float()`: no augmentation is asked for.",
        ),
        _slip(
            "stepped-again",
            lambda f: f.again,
            "An optimizer stepped without a new forward pass: the gradients of a batch were used once more.",
            "One step for each batch." + _OWN_STEP,
        ),
        _slip(
            "batch-left-out",
            lambda f: f.batches_left_out,
            "Of the four batches, counted from 0, {1} made no step.",
            "Where does the loop begin and end, and does something leave it early?",
        ),
        _slip(
            "batch-repeated",
            lambda f: f.repeated,
            "Of the four batches, counted from 0, `{1}` made more steps than one.",
            "One step for each batch, in its order." + _OWN_STEP,
        ),
        _slip(
            "batches-out-of-order",
            lambda f: not f.in_order,
            "The batches made their steps in another order or number than they came: {0.order_of_batches}.",
            "One step for each batch, in its order.",
        ),
    ]
]

UPDATE = [
    _if_astray(row)
    for row in [
        *mode_mistakes(PRICE),
        *loss_mistakes(PRICE),
        *[_if_not_frozen(replace(row, hint=row.hint + _OWN_STEP)) for row in gradient_mistakes(PRICE)],
    ]
]

_OTHER_ROWS = (
    "foreign-parameters",
    "not-in-the-optimizer",
)  # the first is one of the two mistakes, or harmless
OPTIMIZER = [
    *[
        row if row.id == "other-setting" else _if_astray(row)  # a small weight decay hardly shows
        for row in optimizer_mistakes(PRICE)
        if row.id not in _OTHER_ROWS
    ],
    _slip(
        "backbone-left-out",
        lambda f: f.backbone_unheld,
        "At a step no optimizer held `{1}` of the backbone: that is a linear probe, or a part of one.",
        "Give the optimizer all of `model.parameters()`.",
    ),
]

WEIGHTS = [
    _slip(
        "head-again",
        lambda f: f.head_again,
        "`{1}` was replaced or changed again after the first step: what the head had learned is lost.",
        "The head is replaced once, before the loop.",
    ),
    _slip(
        "weights-rewritten",
        lambda f: f.overwritten,
        "`{1}` was changed by something other than `optimizer.step()`: replaced, reset, rounded or written to.",
        "Only the head is replaced, and only steps change weights.",
    ),
    _slip(
        "old-rows-kept",
        lambda f: f.keeps_rows,
        "The first rows of the new head are those of the old head: it is enlarged, not new.",
        "The new classes have nothing to do with the old ones: take an `nn.Linear` as it is made.",
    ),
    _slip(
        "stands-still",
        lambda f: f.stands_still,
        "`{1}` was in the optimizer, and a step did not move it: it was frozen, or got no gradient.",
        "Here the whole network trains: nothing is frozen.",
    ),
]

EFFECTS = [*side_effects("state", "training", "with_gradient"), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
_KNOWN = [RESULT, BATCHES, UPDATE, OPTIMIZER, WEIGHTS, EFFECTS]


def _unexplained(facts: TuningFacts) -> bool:
    """Whether something ends elsewhere and no other row says why."""
    return bool(facts.ends_elsewhere) and not any(row.shows(facts) for table in _KNOWN for row in table)


ELSEWHERE = [
    _slip(
        "statistics-astray",
        lambda f: _unexplained(f) and not f.weights_astray,
        "The weights end where they should, the statistics of BatchNorm do not (`{0.ends_elsewhere}`): in training mode "
        "each forward pass moves them, whether or not a step follows.",
        "One forward pass for each batch, and nothing else: measure, if at all, in eval mode.",
    ),
    _slip(
        "ends-elsewhere",
        lambda f: _unexplained(f),
        "Both mistakes are mended, and yet `{0.ends_elsewhere}` does not end where one step of SGD a batch leads.",
        "Leave everything else as it was in the given function.",
    ),
]

SLIPS = [*_KNOWN, ELSEWHERE]
