"""The tables of the two mistakes in the bug hunt, and of what is told while none is mended."""

from dataclasses import replace

from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_slips import SLIPS
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
        lambda f: not f.steps and not f.by_hand,
        "No optimizer made a step, and the weights do not end where they should: neither of the two mistakes can be "
        "looked for.",
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

BUG_ROWS = [HEAD, IMAGES_FORM, [OTHER_LEFT]]
MISTAKES = [row for table in [UNSEEN, NONE_MENDED, *BUG_ROWS, *SLIPS] for row in table]
