"""Known ways to get the flags wrong in ``freeze_backbone``."""

from collections.abc import Callable

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import PRICE, side_effects
from grader.exercises.lesson_02_freezing.freeze_backbone_facts import Flags, Freezing
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_LOOP = "A loop over `model.parameters()` sets `requires_grad = False`. `eval()` and `no_grad()` freeze no weight."
_FIND = "`model.get_submodule(head_name)` finds a head anywhere, inside another module and in any order."
_HALF = 2.0  # points: the idea is there, and some parameters are missed


def _everywhere(shows: Callable[[Flags], object]) -> Callable[[Freezing], Flags | None]:
    return lambda f: f.networks[0] if f.networks and all(map(shows, f.networks)) else None


def _somewhere(shows: Callable[[Flags], object]) -> Callable[[Freezing], Flags | None]:
    return lambda f: f.first(shows)


# Of each table the first row that shows is told.
FLAGS = [
    Mistake(
        "attribute-of-a-module",
        lambda f: f.attribute("module"),
        "`{1.attribute}` was set on {1.place}, which is a module: there it is an attribute that PyTorch never reads, and "
        "the flags of the parameters are not as they should be.",
        "Set `requires_grad` on each of `module.parameters()`, or call `module.requires_grad_(False)`: with the "
        "underscore, and with brackets.",
    ),
    Mistake(
        "attribute-of-a-parameter",
        lambda f: f.attribute("parameter"),
        "`{1.attribute}` was set on the parameter {1.place}: PyTorch never reads an attribute of this name, and the "
        "flags are not as they should be.",
        "The flag is called `requires_grad`; Python accepts any other name without a word.",
    ),
    Mistake(
        "gradients-off-instead",
        lambda f: f.unchanged and f.gradients_off,
        "The function switched gradients off for the whole program and froze nothing: every flag is as it was, and the "
        "head could not train either.",
        "`torch.no_grad()` and `set_grad_enabled` act on code that runs; freezing is a flag on each parameter.",
    ),
    Mistake(
        "on-another-model",
        lambda f: f.unchanged and f.returned_another,
        "The function returned another model, and every flag of the model that it was given is as it was.",
        "Nobody asks for a copy: set the flags on `model` itself, and return nothing.",
    ),
    Mistake(
        "mode-instead",
        lambda f: f.unchanged and f.first(lambda n: n.mode_changed),
        "The mode was changed, and no flag: `{1.one}` is as {1.one_is} as before. Eval mode changes what dropout and "
        "BatchNorm compute and freezes no weight.",
        "Set `requires_grad = False` on the parameters, and leave the mode alone here.",
    ),
    Mistake(
        "flags-unchanged",
        lambda f: f.unchanged and f.networks[0],
        "Every flag is as it was before the call: `{1.one}` is {1.one_is} still.",
        _LOOP,
    ),
    Mistake(
        "nothing-frozen",
        _everywhere(lambda n: not n.missing and n.extra == n.backbone),
        "Nothing is frozen: `{1.one}` of the backbone is trainable, and so is everything else.",
        _LOOP,
    ),
    Mistake(
        "everything-frozen",
        _everywhere(lambda n: not n.trainable),
        "Everything is frozen, the head too: `backward()` would fail, since there is nothing to train.",
        "Freeze first, then set `requires_grad = True` on the parameters of the head: in this order, and on `True`.",
    ),
    Mistake(
        "wrong-way-round",
        _somewhere(lambda n: n.missing == n.head and n.extra == n.backbone),
        "It is the wrong way round: `{1.head[0]}` of the head is frozen, and the backbone trains.",
        "`requires_grad = False` freezes: no gradient is computed for the parameter.",
    ),
    Mistake(
        "flags-turned-over",
        _everywhere(lambda n: n.wrong and n.turned_over),
        "Every flag is the opposite of what it was before the call.",
        "Set each flag to what it is to be, `True` or `False`, whatever it was.",
    ),
    Mistake(
        "most-open",
        _somewhere(lambda n: n.most_open),
        "Most of the backbone still trains, `{1.one}` for one.",
        _LOOP,
    ),
    Mistake(
        "frozen-head-not-opened",
        lambda f: (n := f.only(lambda n: n.missing, nested=False)) and not set(n.missing) & n.before and n,
        "The head was frozen before the call and is so now: `{1.missing[0]}` does not train. A head that came in "
        "trainable does.",
        "Do not only skip the head: set `requires_grad = True` on its parameters, whatever it was before.",
        costs=_HALF,
    ),
    Mistake(
        "nested-head-not-found",
        lambda f: f.only(lambda n: n.missing == n.head, nested=True),
        "The head `{1.head_name}`, which lies inside another module and holds layers itself, is frozen; a head that is one "
        "layer of the model's own trains.",
        "`head_name` may hold dots, and names may go on behind it. " + _FIND,
        costs=_HALF,
    ),
    Mistake(
        "part-of-the-head-frozen",
        _somewhere(lambda n: 0 < len(n.missing) < len(n.head)),
        "A part of the head is frozen: `{1.missing[0]}` does not train.",
        "The head may be of several layers: open all of `model.get_submodule(head_name).parameters()`.",
        costs=_HALF,
    ),
    Mistake(
        "head-frozen",
        _somewhere(lambda n: n.missing),
        "The head is frozen: `{1.missing[0]}` does not train. Either it was not found, or it was frozen with the rest.",
        _FIND,
    ),
    Mistake(
        "name-begins-alike",
        _somewhere(lambda n: n.all_extra(lambda name: name.startswith(n.head_name))),
        "`{1.one}` is trainable, too: its name begins like `{1.head_name}`, but it is another module's.",
        'Take the head from `model.get_submodule(head_name)`, or compare with the dot: `startswith(head_name + ".")`.',
        costs=_HALF,
    ),
    Mistake(
        "namesake-open",
        _somewhere(lambda n: n.all_extra(lambda name: n.own_name in name.split("."))),
        "`{1.one}` is trainable, too: a part of its name is called `{1.own_name}`, but it is not the head `{1.head_name}`.",
        "Another module may have the same last name, elsewhere. " + _FIND,
        costs=_HALF,
    ),
    Mistake(
        "name-holds-the-head",
        _somewhere(lambda n: n.all_extra(lambda name: n.own_name in name)),
        "`{1.one}` is trainable, too: its name holds `{1.own_name}`, but it is not in the head `{1.head_name}`.",
        _FIND,
        costs=_HALF,
    ),
    Mistake(
        "container-open",
        lambda f: (
            (n := f.only(lambda n: n.wrong, nested=True))
            and n.all_extra(lambda name: name.startswith(f"{n.container}."))
            and n
        ),
        "`{1.one}` is trainable, too: it lies in `{1.container}`, and only `{1.head_name}` inside that is the head.",
        "`head_name` may hold dots; `model.get_submodule(head_name)` follows them.",
        costs=_HALF,
    ),
    Mistake(
        "own-parameter-open",
        _somewhere(lambda n: n.all_extra(lambda name: "." not in name)),
        "`{1.one}` is trainable: it belongs to the model itself and to none of its layers, so that a loop over layers "
        "misses it.",
        "Loop over `model.parameters()`, which gives every parameter, at any depth.",
        costs=_HALF,
    ),
    Mistake(
        "biases-open",
        _somewhere(lambda n: n.all_extra(lambda name: "." not in name or name.endswith("bias"))),
        "Only weights were frozen: `{1.of_a_layer}` and other biases still train.",
        "Every parameter of a layer has a flag of its own: loop over `parameters()`, not over `module.weight`.",
        costs=_HALF,
    ),
    Mistake(
        "norms-open",
        _somewhere(lambda n: n.all_extra(n.in_a_norm)),
        "`{1.of_a_layer}` still trains: a normalisation layer has a weight and a bias that are learned, as others have.",
        "Loop over `model.parameters()` instead of over layers of chosen kinds.",
        costs=_HALF,
    ),
    Mistake(
        "some-open",
        _somewhere(lambda n: n.extra),
        "`{1.one}` is trainable, which does not belong to the head `{1.head_name}`.",
        "First freeze all of `model.parameters()`, then open those of `model.get_submodule(head_name)`.",
        costs=_HALF,
    ),
]

# With the right flags: does one step move the head?
STEP = [
    Mistake(
        "head-does-not-train",
        lambda f: (
            f.sound
            and not (f.wrong or f.weights_changed)
            and not all(network.head_moves for network in f.networks)
        ),
        "The flags are right, and yet one step of training does not move the head: no gradient reaches it.",
        "Leave `forward` and the tensors alone: `no_grad()` around the forward pass stops the head as well.",
    ),
]

_REPLACED = Mistake(
    "parameters-replaced",
    lambda f: f.replaced,
    "`{1}` is another object than before: whoever holds the parameters, an optimizer for one, holds old ones now.",
    "Set the flag on the parameter that is there, and replace no layer.",
    costs=PRICE,
)
_EFFECTS = side_effects("trainable")
_FATAL = [row for row in _EFFECTS if row.costs == EVERYTHING]
SIDE_EFFECTS = [*_FATAL, _REPLACED, *[row for row in _EFFECTS if row not in _FATAL], SETTINGS_CHANGED]
