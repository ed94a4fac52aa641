"""The tables of known mistakes in the bug hunt: the two bugs, and slips beside them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.loss_mistakes import loss_mistakes
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.kit.training_mistakes import gradient_mistakes, mode_mistakes, optimizer_mistakes
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_facts import IMAGES, TuningFacts
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

RIGHT = (
    "The new head learns, and so does the backbone; the images come as the network knows them, from -1 to 1."
)
_EACH = "Each can be mended by itself, and each is checked by itself."
_RECIPE = "`images = (images.float() / 255 - 0.5) / 0.5`: the recipe of lesson 0."
_FORM = "The pretrained weights expect the pixels as they were in the pretraining. Which recipe was it, in lesson 0?"

UNSEEN = [
    Mistake(
        "never-stepped",
        lambda f: not f.steps,
        "No optimizer made a step, so that neither of the two mistakes can be looked for.",
        "The loop calls `training_step`, your function of exercise 1, for each batch. Does it call `optimizer.step()`?",
        costs=EVERYTHING,
    ),
]

NONE_MENDED = [
    Mistake(
        "as-released",
        lambda f: f.is_released,
        f"The function still does what the given one does: both of its two mistakes are in it. {_EACH}",
    ),
    Mistake("none-mended", lambda f: True, f"Neither of the two mistakes is mended so far. {_EACH}"),
]


def _telling_head(row: Mistake) -> Mistake:
    """The row, unless nothing is mended and this mistake was not touched: then it is not given away."""
    return replace(row, shows=lambda f: (f.mended or f.head_attempted) and row.shows(f))


def _telling_form(row: Mistake) -> Mistake:
    """Likewise."""
    return replace(row, shows=lambda f: (f.mended or f.form_attempted) and row.shows(f))


def _form(name: str, form: str, text: str, hint: str = _FORM) -> Mistake:
    return Mistake(name, lambda f: f.odd[0] == form, text, hint, _RECIPE)


HEAD = [
    _telling_head(row)
    for row in [
        Mistake(
            "old-parameters",
            lambda f: f.unheld == 1 or (f.unheld and f.head_again),
            "At the first step no optimizer held the new head: its weights were not trained by it.",
            "Which parameters did the optimizer know when it was made? Compare them with those of the model as it trains.",
            "Make the optimizer after `set_submodule`: `model.parameters()` gives what is there at that moment.",
        ),
        Mistake(
            "old-parameters-later",
            lambda f: f.unheld,
            "At step {1} no optimizer held the whole of the new head.",
            "Which optimizer makes which step, and what was in the model when it was made?",
            "One optimizer, made once, after `set_submodule`, from `model.parameters()`.",
        ),
    ]
]

IMAGES_FORM = [_telling_form(row) for row in [
    _form(
        "own-statistics",
        "own statistics",
        "Each batch reached the network with its own mean 0 and spread 1: a dark batch and a bright one look alike to it, "
        "and the same cell looks different from batch to batch.",
    ),
    Mistake(
        "own-statistics-of-parts",
        lambda f: f.odd[0].startswith("own statistics of"),
        "The images reached the network in the form of {0.odd[0]} (mean 0 and spread 1): how bright a cell is, it cannot see.",
        _FORM,
        _RECIPE,
    ),
    _form(
        "imagenet-numbers",
        "imagenet",
        "The images were normalised with the numbers most used for ImageNet networks; this one was pretrained with "
        "others.",
    ),
    _form("only-scaled", "only scaled", "The images reached the network in the range 0 to 1; it was pretrained on -1 to 1."),
    _form("raw-pixels", "raw", "The images reached the network as raw pixels from 0 to 255; it was pretrained on -1 to 1."),
    _form("only-centred", "only centred", "The images reached the network in the range -0.5 to 0.5; it was pretrained on -1 to 1."),
    _form("not-centred", "not centred", "The images reached the network in the range 0 to 2; it was pretrained on -1 to 1."),
    _form("normalised-twice", "twice", "The images reached the network in the range -3 to 1, as after normalising twice."),
    _form("stretched", "stretched", "The darkest pixel of each batch became its lowest value and the brightest its highest: each "
          "batch was stretched by its own."),
    Mistake(
        "other-form",
        lambda f: f.odd[0] and f.batches.count("other") == 0,
        "The images reached the network in another form than it knows: with values from {0.odd[1]:.3g} to {0.odd[2]:.3g} "
        "in the first batch that is not as it should be. It was pretrained on images from -1 to 1.",
        _FORM,
        _RECIPE,
    ),
    Mistake(
        "no-known-form",
        lambda f: not f.form_mended,
        "The network was given images of no batch, with values from {0.odd[1]:.3g} to {0.odd[2]:.3g}.",
        "Give it the images of each batch as they come, normalised and not changed otherwise.",
        _RECIPE,
    ),
]]  # fmt: skip
OTHER_LEFT = Mistake(
    "other-left",
    lambda f: f.mended == 0 and not (f.head_attempted and f.form_attempted),
    "The other of the two mistakes is as it was given. " + _EACH,
)


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
]

BATCHES = [
    _if_astray(row)
    for row in [
        _slip(
            "other-images",
            lambda f: "other" in f.batches,
            "The model was given images that stand in none of the batches: flipped, cut, put together or in another order.",
            "Only normalise them: no augmentation is asked for.",
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

BUG_ROWS = [HEAD, IMAGES_FORM, [OTHER_LEFT]]
SLIPS = [*_KNOWN, ELSEWHERE]
MISTAKES = [row for table in [UNSEEN, NONE_MENDED, *BUG_ROWS, *SLIPS] for row in table]
