"""The three mistakes of ``freeze_midway``, and how each shows while it is there."""

from grader.exercises.machine.mistakes import Mistake

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
