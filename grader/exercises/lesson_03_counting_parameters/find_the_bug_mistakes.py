"""Known mistakes of the report: its form, its head, what trains, and its two numbers."""

from typing import Any

from grader.exercises.machine.mistakes import EVERYTHING, Mistake

FORM = [
    Mistake(
        "not-a-report",
        lambda f: f.problem,
        "{1}",
        "End with `return model, total, trainable`.",
    )
]

AS_RELEASED = [
    Mistake(
        "as-released",
        lambda f: (
            f.every(lambda r: r.classes in r.network.claimed and r.old_head)
            and f.counted("total", "state-dict")
            and f.counted("trainable", "tensors")
        ),
        "The function does what it did when you got it: it holds 3 mistakes, one in each thing that it returns. "
        "Each is judged by itself; once one is mended, the check says more about the others.",
        "Which of the three can you check by hand, on a network small enough to count on paper?",
        costs=EVERYTHING,
    )
]


def _head(name: str, shown: Any, text: str, hint: str, fix: str = "") -> Mistake:
    return Mistake(name, lambda f: f.first(shown), text, hint, fix, costs=2)


_IN_PLACE = "`model.set_submodule(head_name, nn.Linear(old.in_features, num_classes))`."

HEAD = [
    _head(
        "dotted-name",
        lambda r: next(iter(r.network.dotted_children), ""),
        "A layer was registered under the name `{1}`, dots included: that is a new layer beside the others, and the "
        "one inside is as it was.",
        "`setattr` does not follow dots; where does the old head hang?",
        _IN_PLACE,
    ),
    _head(
        "forward-fails",
        lambda r: r.network.forward_error,
        "The returned network fails on a batch of images: {1}",
        "Does the new layer take what the old head took, and stand in its place?",
        _IN_PLACE,
    ),
    _head(
        "backbone-missing",
        lambda r: r.missing[0] if r.missing else "",
        "`{1}` of the backbone is missing: more than the head was replaced, or the network was wrapped in another.",
        "The new layer stands just where the old head was, under its name.",
        _IN_PLACE,
    ),
    _head(
        "only-noted",
        lambda r: r.network.outputs[-1] if not r.right_outputs and r.classes in r.network.claimed else 0,
        "The network still gives {1} outputs: the number noted on a layer (`out_features`) says otherwise, but the "
        "layer's weights are as before.",
        "What computes a layer's outputs, the number or the weights?",
        _IN_PLACE,
    ),
    _head(
        "old-head",
        lambda r: (
            f"{r.network.outputs}, where (2, {r.classes})" if not r.right_outputs and r.old_head else ""
        ),
        "The returned network still ends in the old head, to the last weight: for two images it gives outputs of shape "
        "{1} is needed. If a new layer was made, it is not in this network.",
        "Which object is returned, and where was the new layer put?",
        _IN_PLACE,
    ),
    _head(
        "other-outputs",
        lambda r: "" if r.right_outputs else f"{r.network.outputs}, where (2, {r.classes})",
        "For two images the network gives outputs of shape {1} is needed.",
        "How many outputs does the new layer have?",
        _IN_PLACE,
    ),
    _head(
        "backbone-changed",
        lambda r: r.changed[0] if r.changed else "",
        "`{1}` of the backbone was changed: only the head is to be new.",
        "Which line writes to a tensor of the backbone? A report needs no training.",
    ),
]


def _flags(name: str, shown: Any, text: str, hint: str, fix: str = "") -> Mistake:
    return Mistake(name, lambda f: f.first(shown), text, hint, fix, costs=1)


FLAGS = [
    _flags(
        "nothing-trainable",
        lambda r: not r.open_head and not r.open_backbone,
        "Nothing is trainable, the new head neither.",
        "Is something frozen after the new head came in?",
        "Freeze first, then replace the head: a new layer is trainable.",
    ),
    _flags(
        "flag-on-a-module",
        lambda r: (
            (r.network.flagged_modules[0] or "the model itself")
            if r.open_backbone and r.network.flagged_modules
            else ""
        ),
        "The backbone trains, and `{1}` has an attribute `requires_grad`: it is a module, where that is a plain "
        "attribute which nobody reads.",
        "Flags belong to parameters.",
        "Set it on each of `model.parameters()`, or call `model.requires_grad_(False)`.",
    ),
    _flags(
        "everything-trainable",
        lambda r: len(r.open_backbone) == len(r.flags) - len(r.of_head),
        "Everything is trainable: the backbone was not frozen, or it was unfrozen again.",
        "Which line freezes, and does a later one undo it?",
        "`requires_grad = False` on all of `model.parameters()` first; then only the head is new, and open.",
    ),
    _flags(
        "backbone-open",
        lambda r: r.open_backbone[0] if r.open_backbone else "",
        "`{1}` is trainable, which does not belong to the head.",
        "Is everything frozen before the head is replaced?",
    ),
    _flags(
        "head-part-frozen",
        lambda r: next((name for name in r.of_head if not r.flags[name]), ""),
        "`{1}` of the head is frozen: a part of the head cannot train.",
        "Freeze before the head is replaced; a new layer is trainable.",
    ),
]

_TOTALS: dict[str, tuple[str, str]] = {
    "before": (
        "`total` is that of the network as it was given, with the old head.",
        "Count at the end, when the network is as it is returned.",
    ),
    "with-buffers": (
        "`total` has the buffers in: BatchNorm's running statistics are no parameters.",
        "Count over `model.parameters()`.",
    ),
    "state-dict": (
        "`total` is the size of the whole `state_dict()`, which holds the buffers too (BatchNorm's running statistics), "
        "and a shared tensor under each of its names.",
        "Count over `model.parameters()`.",
    ),
    "twice": (
        "`total` has shared weights twice.",
        "`model.parameters()` gives a tensor that two layers share just once.",
    ),
    "tensors": ("`total` is a number of tensors, not of elements.", "Add up `parameter.numel()`."),
    "tensors-of-state-dict": (
        "`total` is the number of tensors in the `state_dict()`, not of the parameters' elements.",
        "Add up `parameter.numel()` over `model.parameters()`.",
    ),
    "weights": (
        "`total` has what is named `weight` alone: the biases are missing.",
        "Count over all of `model.parameters()`.",
    ),
    "only-trainable": (
        "`total` is only what is trainable: frozen parameters are parameters too.",
        "No condition in the sum that gives the total.",
    ),
}
_TRAINABLES: dict[str, tuple[str, str]] = {
    "before": (
        "`trainable` is what was trainable in the network as it was given.",
        "Count at the end, when the network is as it is returned.",
    ),
    "tensors": (
        "`trainable` is a number of tensors, not of elements: added up, each flag counts as 1.",
        "Add up `parameter.numel()` where `parameter.requires_grad` is True.",
    ),
    "everything": (
        "`trainable` has all parameters in, the frozen ones too.",
        "Add up `parameter.numel()` only where `parameter.requires_grad` is True.",
    ),
    "frozen": (
        "`trainable` is what is frozen.",
        "Add up `parameter.numel()` where `parameter.requires_grad` is True.",
    ),
    "weights": (
        "`trainable` leaves out the head's bias.",
        "Count over all parameters with `requires_grad`.",
    ),
    "nothing": (
        "`trainable` is 0. Either nothing was trainable when it was counted, or it was counted over tensors that never "
        "have `requires_grad`, as those of `state_dict()`.",
        "Count at the end, over `model.parameters()`.",
    ),
}


def _swapped() -> Mistake:
    return Mistake(
        "swapped",
        lambda f: f.swapped,
        "The two numbers are swapped: the total comes first, then what is trainable.",
        "In which order are they returned?",
        "End with `return model, total, trainable`.",
        costs=2,
    )


def _counted(which: str, way: str, text: str, fix: str) -> Mistake:
    return Mistake(
        f"{which}-{way}",
        lambda f: not f.right[which] and not f.swapped and f.counted(which, way),
        text,
        f"Which tensors does the sum that gives `{which}` go over, when, and what does it add?",
        fix,
        costs=1,
    )


def _other(which: str) -> Mistake:
    return Mistake(
        f"{which}-other",
        lambda f: "" if f.swapped else f.other(which),
        "{1} " + ("trainable elements." if which == "trainable" else "elements of parameters."),
        f"Which tensors does the sum that gives `{which}` go over, when, and what does it add?",
        "Add up `parameter.numel()` over `model.parameters()` of the network as it is returned.",
        costs=1,
    )


TOTAL = [_swapped(), *(_counted("total", way, *said) for way, said in _TOTALS.items()), _other("total")]
TRAINABLE = [*(_counted("trainable", way, *said) for way, said in _TRAINABLES.items()), _other("trainable")]
