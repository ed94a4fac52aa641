"""Known mistakes in unfreezing the last stages: flags, content of the optimizer, rates, and what is done beside."""

from typing import Any

from grader.exercises.lesson_05_staged_unfreezing.unfreeze_last_beside import EFFECTS, RATES
from grader.exercises.machine.mistakes import Mistake

RIGHT = "For every n, just the head and the last n stages are trainable, and the optimizer holds just these, each at its rate."
_FREEZE = "Begin with `model.requires_grad_(False)`: the result must not depend on what was called before."
_BY_NAME = (
    'Take the parameters from `model.get_submodule(name)`, or compare with the dot: `startswith(name + ".")`.'
)


def _pattern(name: str, text: str, hint: str, costs: float = 2) -> Mistake:
    """A known mistake that explains the flags after every call; ``{0.case}`` is a call that went wrong."""
    return Mistake(name, lambda f: f.follows(name), text, hint, costs=costs)


def _flags(name: str, shows: Any, text: str, hint: str, costs: float = 2) -> Mistake:
    """A row of one call that went wrong: ``{1}`` is what it shows of that call."""
    return Mistake(name, lambda f: f.case and shows(f.case), text, hint, costs=costs)


_FLAGS = [
    Mistake(
        "worked-on-a-copy",
        lambda f: f.on_a_copy,
        "No flag of the model changed, and the optimizer holds parameters that are not the model's: another object was "
        "worked on.",
        "Work on the model that is given: `copy.deepcopy(model)` is a model of its own.",
        costs=4,
    ),
    Mistake(
        "flag-on-a-module",
        lambda f: f.on_module,
        "`requires_grad` was set on `{1}`, which is a module: there it is an attribute without effect, and the parameters "
        "inside are as they were.",
        "Call `module.requires_grad_(True)`, with the underscore, or set it on each of `module.parameters()`.",
        costs=3,
    ),
    _pattern("as-before", "No flag is other than before the call.", _FREEZE, costs=3),
    _pattern(
        "minus-zero",
        "With n = 0 every stage is trainable; with other n the flags are right. `stages[-0:]`, for one, is `stages[0:]`, the "
        "whole list.",
        "`stages[len(stages) - n:]` is right for every n, 0 included.",
        costs=1,
    ),
    _pattern(
        "first-stages",
        "With n = {0.case.n} the first {0.case.n} of the stages are trainable, from the input on, instead of the last.",
        "`stages` runs from input to output; the stages nearest to the head are at its end.",
    ),
    _pattern(
        "one-stage-too-many",
        "With n = {0.case.n} one stage more is trainable than the last {0.case.n}: `{0.case.extra[0]}` for one.",
        "Print the list of stages that you unfreeze, for n = 1.",
    ),
    _pattern(
        "one-stage-too-few",
        "With n = {0.case.n} one stage fewer is trainable than the last {0.case.n}: `{0.case.missing[0]}` is frozen.",
        "Print the list of stages that you unfreeze, for n = 1.",
    ),
    _pattern(
        "last-stage-alone",
        "With n = {0.case.n} only one stage is trainable, the last: `{0.case.missing[0]}` is frozen.",
        "All of `stages[len(stages) - n:]` are unfrozen, each one.",
    ),
    _pattern(
        "one-stage-alone",
        "With n = {0.case.n} only one stage is trainable, `{0.case.wanted_stages[0]}`: `{0.case.missing[0]}` behind it is "
        "frozen.",
        "All of `stages[len(stages) - n:]` are unfrozen, each one.",
    ),
    _pattern(
        "all-stages",
        "All stages are trainable, whatever n is.",
        "Only the last n of them: `stages[len(stages) - n:]`.",
    ),
    _pattern(
        "nothing-frozen",
        "Everything is trainable, whatever n is: `{0.case.extra[0]}` for one.",
        _FREEZE,
        costs=3,
    ),
    _pattern(
        "all-frozen",
        "Everything is frozen, the head too: nothing could learn.",
        "First freeze everything, then open the head and the last n stages.",
        costs=3,
    ),
    _pattern(
        "head-left-frozen",
        "The head is frozen: of the two, only the last n stages are trainable.",
        "The head is trainable for every n, whatever it was before.",
    ),
    _pattern(
        "stages-left-frozen",
        "The head is trainable, and no stage, whatever n is: with n = {0.case.n} `{0.case.missing[0]}` is frozen.",
        "The stages are `stages[len(stages) - n:]`: set `requires_grad` on the parameters of each.",
    ),
    _pattern(
        "old-flags-left",
        "With n = {0.case.n}, `{0.case.extra[0]}` is trainable, as it was before the call: old flags were left.",
        _FREEZE,
    ),
    _pattern(
        "by-beginning",
        "With n = {0.case.n}, `{0.case.extra[0]}` is trainable, too: its name only begins like one of the asked modules'.",
        _BY_NAME,
    ),
    _pattern(
        "by-beginning-of-the-head",
        "`{0.case.extra[0]}` is trainable, too: its name begins like the head's, `{0.case.head}`, but it is another module's.",
        _BY_NAME,
    ),
    _pattern(
        "by-beginning-of-the-stages",
        "With n = {0.case.n}, `{0.case.extra[0]}` is trainable, too: its name only begins like that of one of the stages.",
        _BY_NAME,
    ),
    _pattern(
        "heads-namesake",
        "`{0.case.extra[0]}` is trainable, too: another module has the same last name as the head, `{0.case.head}`.",
        "`model.get_submodule(head_name)` follows the whole name, dots included.",
    ),
    _pattern(
        "weights-alone",
        "Only weights are trainable: `{0.case.missing[0]}` is frozen.",
        "Every parameter of a layer has a flag of its own: loop over `module.parameters()`.",
    ),
    _flags(
        "head-frozen",
        lambda c: [name for name in c.missing if name in c.of_head],
        "With n = {0.case.n}, `{1[0]}` of the head is frozen.",
        "First freeze everything, then make the head trainable, then the last n stages.",
    ),
    _flags(
        "other-stage",
        lambda c: [name for name in c.extra if name in c.of(*c.stages)],
        "With n = {0.case.n}, `{1[0]}` is trainable, which belongs to none of the last {0.case.n} stages.",
        "The stages are `stages[len(stages) - n:]`; everything else is frozen first.",
    ),
    _flags(
        "outside-the-stages",
        lambda c: c.extra,
        "With n = {0.case.n}, `{1[0]}` is trainable, which belongs to no stage and not to the head.",
        "Stem, final norm and what else there is are in no stage: freeze the whole model first.",
    ),
    _flags(
        "stage-frozen",
        lambda c: c.missing,
        "With n = {0.case.n}, `{1[0]}` is frozen, although it belongs to one of the last {0.case.n} stages.",
        "Every stage of `stages[len(stages) - n:]` becomes trainable, whatever it was before the call.",
    ),
]


def _content(name: str, shows: Any, text: str, hint: str) -> Mistake:
    """A row of one call's optimizer: ``{1}`` is the first call that shows it."""
    return Mistake(
        name,
        lambda f: not f.on_a_copy and f.first(lambda c: c.wrong_content and shows(c)),
        text,
        hint,
        costs=1,
    )


_CONTENT = [
    Mistake(
        "not-an-optimizer",
        lambda f: f.instead,
        "An optimizer was expected, but the function returned {1}.",
        "End with `return optimizer`, one of `torch.optim`.",
        costs=2,
    ),
    Mistake(
        "foreign-parameters",
        lambda f: not f.on_a_copy and f.first(lambda c: "" in (c.held or [])),
        "With n = {1.n}, the optimizer holds a parameter that is not the model's: of a copy, or of a layer that was replaced.",
        "Give it the parameters of the model that was given.",
        costs=1,
    ),
    Mistake(
        "made-before-the-flags",
        lambda f: f.made_before,
        "With n = {1.n}, the optimizer holds what was trainable before the call, not what is now. It was made before the "
        "flags were set, and it never asks again.",
        "Set the flags first, then make the optimizer.",
        costs=1,
    ),
    _content(
        "head-not-held",
        lambda c: c.of_head & set(c.not_held),
        "With n = {1.n}, the optimizer does not hold `{1.not_held[0]}`, though the head is to be trained.",
        "The head needs a group of its own, at `head_rate`.",
    ),
    _content(
        "stage-not-held",
        lambda c: c.not_held,
        "With n = {1.n}, the optimizer does not hold `{1.not_held[0]}` of the last stages.",
        "Every parameter of the last n stages goes into the optimizer. A generator such as `parameters()` can be gone through "
        "only once.",
    ),
    _content(
        "others-held",
        lambda c: c.held_besides,
        "With n = {1.n}, the optimizer also holds `{1.held_besides[0]}`, which is not to be trained.",
        "Give it the parameters of the head and of the last n stages, nothing else.",
    ),
    Mistake(
        "held-twice",
        lambda f: f.twice,
        "The optimizer holds `{1}` twice.",
        "Each parameter goes into one group, once.",
        costs=1,
    ),
    Mistake(
        "head-stands-still",
        lambda f: f.head_stands_still,
        "With n = {1.n}, a step of the returned optimizer does not move the head, though it is trainable and held.",
        "Return a plain optimizer of `torch.optim`, and leave the forward pass alone.",
        costs=1,
    ),
]
TABLES = [_FLAGS, _CONTENT, RATES, EFFECTS]
