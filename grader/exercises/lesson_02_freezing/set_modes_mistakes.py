"""Known ways to leave a layer in the wrong mode in ``set_modes``."""

from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.machine.mistakes import Mistake

_OWN = "Ask the layer's own parameters: eval mode only if none of `module.parameters()` has `requires_grad`."
_MOVED = "After three forward passes `{0.missed[0][1]}.running_mean` moved, although the layer is frozen"

# BatchNorm. Of each table the first row that shows is told.
NORMS = [
    Mistake(
        "on-another-model",
        lambda f: f.unchanged and f.returned_another,
        "The function returned another model, and no module of the model that it was given is in another mode than before.",
        "Nobody asks for a copy: set the modes of `model` itself.",
    ),
    Mistake(
        "modes-unchanged",
        lambda f: f.unchanged,
        "No module is in another mode than before the call.",
        "First `model.train()`, which sets every module; then `eval()` on each BatchNorm that is frozen.",
    ),
    Mistake(
        "frozen-layers-opened",
        lambda f: (
            f.all(lambda n: n.all_training)
            and any(set(after.trainable) - set(before.trainable) for before, after in f.conditions)
        ),
        "What was frozen is trainable now, and so every BatchNorm is in training mode.",
        "Only modes are to be set: leave `requires_grad` as it is.",
    ),
    Mistake(
        "every-norm-in-training-mode",
        lambda f: f.all(lambda n: n.all_training),
        "No BatchNorm is in eval mode. "
        + _MOVED
        + ": in training mode the statistics follow every batch, whatever "
        "`requires_grad` says.",
        "Either the condition for `eval()` was never true (a module has no `requires_grad` of its own: ask its "
        "parameters), or a `train()` came after it.",
    ),
    Mistake(
        "whole-model-in-eval-mode",
        lambda f: f.all(lambda n: n.all_eval and len(n.stopped_rest) == len(n.rest)),
        "The whole model is in eval mode: BatchNorm layers that train stand still, and dropout is off.",
        "`model.eval()` is too much: call `model.train()`, and then `eval()` on the frozen BatchNorm layers only.",
    ),
    Mistake(
        "stays-in-its-mode",
        lambda f: f.kept_mode,
        "`{1}` came in eval mode and stayed in it: the result depends on the mode before the call.",
        "Begin with `model.train()`, in any case: it sets every module, at any depth. `model.training = True` sets one.",
        costs=2,
    ),
    Mistake(
        "trainable-layers-frozen",
        lambda f: f.froze_norms and f.all(lambda n: n.all_eval),
        "Every BatchNorm is frozen now, also those that came in trainable, and every one is in eval mode.",
        "Only modes are to be set: leave `requires_grad` as it is, and ask it.",
    ),
    Mistake(
        "every-norm-in-eval-mode",
        lambda f: f.all(lambda n: n.all_eval),
        "Every BatchNorm is in eval mode, also those that train: their statistics did not move in three forward passes.",
        "The condition for `eval()` was true of each of them. " + _OWN,
    ),
    Mistake(
        "asked-the-gradients",
        lambda f: f.follows_gradients,
        "Where no `backward()` has run yet, every BatchNorm is in eval mode; where old gradients lie on the parameters, "
        "none is.",
        "`grad` tells whether a gradient was computed, `requires_grad` whether a parameter is frozen.",
    ),
    Mistake(
        "wrong-way-round",
        lambda f: (
            f.frozen
            and len(f.missed) == len(f.frozen)
            and all(
                n.modes.get(name) == "eval"
                for n in f.networks
                for name, k in n.kinds.items()
                if k == "trainable"
            )
        ),
        "It is the wrong way round: the frozen BatchNorm layers are in training mode, those that train in eval mode.",
        "Eval mode for a layer whose parameters are *all* frozen.",
    ),
    Mistake(
        "setting-instead-of-mode",
        lambda f: f.setting_of_a_norm,
        "`{1}` was changed, and the layer is not in eval mode: it still normalises each batch by that batch's own mean, "
        "and not as it does in use.",
        "Leave the layer's settings alone and call its `eval()`.",
        costs=3,
    ),
    Mistake(
        "neither-mode",
        lambda f: f.neither,
        "`{1}` behaves as in neither mode: in training mode BatchNorm normalises by the batch and moves its statistics, in "
        "eval mode it does neither.",
        "Leave everything of the layer as it is, and call its `eval()` or `train()`.",
        costs=2,
    ),
    Mistake(
        "container-in-eval-mode",
        lambda f: f.stopped_container,
        "{1} is in eval mode, which is no BatchNorm but holds some; and `{0.wrong[0][1]}` is not in the mode that it should be in.",
        "`eval()` sets a module and everything inside: call it on each frozen BatchNorm itself.",
        costs=2,
    ),
    Mistake(
        "half-frozen-stopped",
        lambda f: f.stopped and not f.missed and all(place in f.half for place in f.stopped),
        "`{0.stopped[0][1]}` is in eval mode, although of its two parameters only one is frozen and the other trains: its "
        "statistics must go on.",
        "A layer goes into eval mode if all of its own parameters are frozen, not if one of them is.",
        costs=1,
    ),
    Mistake(
        "half-frozen-not-trained",
        lambda f: f.stopped and f.missed and all(place in f.half for place in f.stopped),
        _MOVED + "; and `{0.stopped[0][1]}` is in eval mode, although one of its two parameters trains.",
        _OWN,
        costs=1,
    ),
    Mistake(
        "trainable-stopped",
        lambda f: f.stopped and not f.missed,
        "`{0.stopped[0][1]}` is in eval mode, although it trains: its statistics did not move.",
        _OWN,
        costs=1,
    ),
    Mistake(
        "only-the-exact-class",
        lambda f: f.missed_are(f.derived, f.one_dimensional),
        _MOVED
        + ": only layers whose class is `BatchNorm2d` itself were stopped, none of a derived class and no "
        "`BatchNorm1d`.",
        "`isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))` finds all of them.",
        costs=1,
    ),
    Mistake(
        "no-one-dimensional",
        lambda f: f.missed_are(f.one_dimensional),
        _MOVED + ": it is a `BatchNorm1d`, and only `BatchNorm2d` was stopped.",
        "`isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))` finds both.",
        costs=1,
    ),
    Mistake(
        "no-derived-class",
        lambda f: f.missed_are(f.derived),
        _MOVED + ": it is of a class derived from `BatchNorm2d`, as timm's norms are.",
        "`isinstance` finds derived classes; `type(module) == nn.BatchNorm2d` and names of classes do not.",
        costs=1,
    ),
    Mistake(
        "only-one-dimensional",
        lambda f: f.missed_are(set(f.frozen) - f.one_dimensional),
        _MOVED + ": only `BatchNorm1d` was stopped.",
        "`isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))` finds both.",
        costs=1,
    ),
    Mistake(
        "not-deep-enough",
        lambda f: f.missed_are(f.deep),
        _MOVED + ": it lies inside another module, and only the model's own children were stopped.",
        "`model.modules()` goes to every depth; `model.children()` does not.",
        costs=1,
    ),
    Mistake(
        "only-one-stopped",
        lambda f: f.missed_all_but_one,
        _MOVED + ". In each network just one BatchNorm was stopped.",
        "Does something leave the loop after the first that was found?",
        costs=1,
    ),
    Mistake(
        "frozen-missed",
        lambda f: f.missed and not f.stopped,
        _MOVED + ".",
        "Go through `model.modules()`, at every depth, and ask each BatchNorm's own parameters, not its neighbours'.",
        costs=1,
    ),
    Mistake(
        "missed-and-stopped",
        lambda f: f.missed and f.stopped,
        _MOVED + "; and `{0.stopped[0][1]}`, which trains, stands still.",
        "Go through `model.modules()`, at every depth, and ask each BatchNorm's own parameters, not its neighbours'.",
        costs=1,
    ),
]

# Dropout and all other modules.
REST = [
    Mistake(
        "only-norms-in-training-mode",
        lambda f: (
            not f.told_by_norms and f.all(lambda n: not n.dropout_on and len(n.stopped_rest) == len(n.rest))
        ),
        "Everything but BatchNorm is in eval mode, dropout too.",
        "`model.train()` first; then `eval()` on single BatchNorm layers.",
        costs=2,
    ),
    Mistake(
        "dropout-off",
        lambda f: not f.told_by_norms and f.first(lambda n: not n.dropout_on),
        "Dropout is off: `{1.dropout_name}` lets everything through.",
        "Only BatchNorm goes into eval mode. A module without parameters has none that trains, and is no BatchNorm for that.",
        costs=1,
    ),
    Mistake(
        "rest-in-eval-mode",
        lambda f: (
            not f.told_by_norms
            and (n := f.first(lambda n: n.stopped_rest))
            and (f"`{n.stopped_rest[0]}`" if n.stopped_rest[0] else "the model itself")
        ),
        "Of what is no BatchNorm, {1} is in eval mode: everything else was to be in training mode.",
        "`model.train()` first; then `eval()` on single BatchNorm layers, not on what holds them or stands beside them.",
        costs=1,
    ),
]
SIDE_EFFECTS = [*side_effects("training"), SETTINGS_CHANGED]
