"""The tables of known mistakes in building two networks with new heads."""

from collections.abc import Callable
from typing import Any

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.lesson_01_scratch_vs_finetuning.two_starts_facts import NetworkFacts
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_HEAD, _START = 3.0, 2.0  # points
_REPLACE = "Find the last `nn.Linear` in `named_modules()`, and put a new one in its place: `set_submodule(name, layer)`."


def _of_a_network(
    name: str, shows: Callable[[NetworkFacts], Any], text: str, hint: str, costs: float = _HEAD
) -> Mistake:
    """A row that tells of the first network that shows the mistake; ``{1}`` is its facts."""
    return Mistake(name, lambda facts: facts.first(shows), text, hint, costs=costs)


RESULT = [
    Mistake(
        "no-pair",
        lambda f: f.problem,
        "Two networks were expected, but {1}.",
        "End with `return scratch, fine_tuned`.",
        costs=EVERYTHING,
    ),
]

HEAD = [
    _of_a_network(
        "dotted-name",
        lambda n: n.dotted and not n.fits,
        "In the {1.name} network a layer is registered on the model itself under the name `{1.dotted}`. The head of that "
        "name lies inside another module, and is the old one still.",
        "`setattr` does not follow dots: use `model.set_submodule(name, layer)`, or set the attribute on the parent.",
    ),
    _of_a_network(
        "only-a-number",
        lambda n: n.only_a_number and not n.fits,
        "`out_features` of `{1.only_a_number}` says {1.classes} in the {1.name} network, but its weight has as many rows "
        "as before: the attribute is only a number noted on the layer.",
        "Put a new `nn.Linear(head.in_features, num_classes)` in the head's place.",
    ),
    _of_a_network(
        "layer-behind",
        lambda n: n.old_head_in_wrapped,
        "The {1.name} network is the one that was built, with its old head, inside another module: a new layer came "
        "behind the old head instead of in its place.",
        _REPLACE,
    ),
    _of_a_network(
        "wrapped",
        lambda n: n.wrapped,
        "The {1.name} network lies inside another module: its tensors have other names than those of what `build` gave.",
        "Return the network itself, with another layer in the head's place.",
    ),
    _of_a_network(
        "another-layer",
        lambda n: n.reshaped,
        "`{1.reshaped}` of the {1.name} network has another shape than before, and it does not belong to the head "
        "`{1.head}`.",
        "The head is the *last* `nn.Linear` that `named_modules()` lists.",
    ),
    _of_a_network(
        "more-replaced",
        lambda n: n.missing,
        "`{1.missing}` is missing in the {1.name} network: more than the head `{1.head}` was replaced, or only a part of "
        "the network came back.",
        "Put the new layer exactly where the last `nn.Linear` was, and return the whole network.",
    ),
    _of_a_network(
        "network-fails",
        lambda n: n.error,
        "The {1.name} network fails on a batch of images: {1.error}",
        "The new layer must take as many features as the old head did: `head.in_features`.",
    ),
    _of_a_network(
        "stray-layer",
        lambda n: n.stray,
        "`{1.stray}` is new in the {1.name} network, and does not lie in the place of the head `{1.head}`.",
        "A layer under a new name is not called by the network's `forward`. " + _REPLACE,
    ),
    _of_a_network(
        "head-not-replaced",
        lambda n: n.keeps_old_outputs,
        "The {1.name} network still gives {1.count} outputs, those of its old head, where {1.classes} are needed.",
        _REPLACE,
    ),
    _of_a_network(
        "no-tensor",
        lambda n: n.outputs,
        "For a batch of images the {1.name} network gives {1.outputs}.",
        "Replace a layer only, and leave `forward` as it is.",
    ),
    _of_a_network(
        "other-outputs",
        lambda n: not n.fits,
        "For a batch of 4 images the {1.name} network gives outputs of shape {1.network.shape}, where "
        "[4, {1.classes}] is needed.",
        "`num_classes` is given: `nn.Linear(head.in_features, num_classes)`.",
    ),
    _of_a_network(
        "old-head-inside",
        lambda n: n.holds_old_head,
        "In the {1.name} network the old head is a part of the new one: the new layer sees the scores of the old classes "
        "instead of the features.",
        "The new layer takes the old one's place: `nn.Linear(head.in_features, num_classes)` alone.",
    ),
    _of_a_network(
        "softmax-in-the-head",
        lambda n: n.are_shares,
        "The {1.name} network's outputs are shares of the classes, or their logarithms: a softmax is in it, where raw scores "
        "are needed.",
        "`F.cross_entropy` applies a softmax itself: the head is the linear layer alone.",
    ),
    _of_a_network(
        "old-rows-kept",
        lambda n: n.keeps_rows,
        "The first rows of the new head in the {1.name} network are those of the old head: it is enlarged, not new.",
        "The new classes have nothing to do with the old ones: take an `nn.Linear` as it is made.",
    ),
    _of_a_network(
        "old-head-kept",
        lambda n: n.old_head_kept,
        "The {1.name} network has its old head still, where it has as many outputs as are asked for: its weights are those "
        "of the old classes.",
        "As many classes are not the same classes: put a new `nn.Linear` in the head's place, whatever its size.",
    ),
    _of_a_network(
        "old-bias-kept",
        lambda n: n.keeps_bias,
        "The bias of the new head in the {1.name} network begins with that of the old head: it is not all new.",
        "The new classes have nothing to do with the old ones: take an `nn.Linear` as it is made.",
    ),
    _of_a_network(
        "scores-not-raw",
        lambda n: n.bends_scores,
        "In the {1.name} network the scores are not raw: what stands in the head's place cuts, bounds or bends what its last "
        "linear layer gives, as an activation does.",
        "Raw scores are what a linear layer gives, of any sign and size: end the head with the `nn.Linear`.",
    ),
]  # fmt: skip

START = [
    Mistake(
        "shared-weights",
        lambda f: f.shared,
        "The two results share `{1}`: training one network would train the other.",
        "Call `build` twice, once with False and once with True, and make a new layer for each.",
        costs=_START,
    ),
    Mistake(
        "other-order",
        lambda f: f.swapped,
        "The first network has the learned weights and the second the random ones: they came back in the other order.",
        "`return scratch, fine_tuned`: scratch comes from `build(pretrained=False)`.",
        costs=_START,
    ),
    Mistake(
        "both-pretrained",
        lambda f: f.first(lambda n: n.name == "scratch" and n.has_start("fine-tuned")),
        "The scratch network starts from the learned weights.",
        "`build(pretrained=False)` gives random ones.",
        costs=_START,
    ),
    Mistake(
        "both-random",
        lambda f: f.first(lambda n: n.name == "fine-tuned" and n.has_start("scratch")),
        "The fine-tuned network starts from random weights.",
        "`build(pretrained=True)` gives learned ones.",
        costs=_START,
    ),
    _of_a_network(
        "weights-changed",
        lambda n: n.changed_weight,
        "`{1.changed_weight}` of the {1.name} network is not what `build` gave: more than the head is new.",
        "Replace the last `nn.Linear` and touch nothing else; train nothing, and do not initialise weights again.",
        costs=_START,
    ),
    _of_a_network(
        "statistics-changed",
        lambda n: n.changed,
        "`{1.changed[0]}` of the {1.name} network is not what `build` gave. A forward pass in training mode moves "
        "BatchNorm's statistics, and a reset sets them to those of a new layer.",
        "Nothing has to be computed or set back here. To try a network, call `eval()` first, or take another copy.",
        costs=_START,
    ),
]  # fmt: skip

_FROZEN = _of_a_network(
    "frozen",
    lambda n: n.frozen,
    "Part of the {1.name} network is frozen: `{1.frozen}` has `requires_grad=False`.",
    "Freezing comes in the next lesson; here both networks train whole.",
    costs=PRICE,
)
_EFFECTS = [
    row for row in side_effects("state", "trainable") if row.id != "gradients-cleared"
]  # there are none
SIDE_EFFECTS = [_FROZEN, *_EFFECTS, SETTINGS_CHANGED]

TABLES = [RESULT, HEAD, START, SIDE_EFFECTS]
MISTAKES = [row for table in TABLES for row in table]
