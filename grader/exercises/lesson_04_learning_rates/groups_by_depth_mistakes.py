"""Known mistakes of parameter groups, an aspect a table."""

import math
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_04_learning_rates.groups_by_depth_facts import Power
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_FORM = 'Return a list of dicts: `{{"params": [...], "lr": ...}}` for each group.'


def _problem(name: str, kind: str, text: str) -> Mistake:
    return Mistake(name, lambda f: f.problem(kind), text, _FORM, costs=EVERYTHING)


FORM = [
    _problem("an-optimizer", "an optimizer", "The function returned an optimizer; asked for is the list of groups to give to one."),
    _problem("no-list", "no list", "A list of parameter groups was expected, but the function returned {1}."),
    _problem("no-dict", "no dict", "{1}, where a dict with `params` and `lr` is expected."),
    _problem("no-params", "no params", "{1} is a dict without `params`."),
    _problem("no-rate", "no rate", "{1} has no `lr`: it would train at the optimizer's one rate."),
    _problem("rate-is-no-number", "no number", "{1}, not a number."),
    _problem("a-set", "a set", "{1} holds its parameters in a set, which an optimizer refuses: a set has no order."),
    _problem("no-parameters", "no parameters", "{1}, where parameters are expected."),
]  # fmt: skip


def _content(name: str, shows: Any, text: str, hint: str, costs: float = 1) -> Mistake:
    return Mistake(name, shows, text, hint, costs=costs)


CONTENT = [
    _content(
        "foreign-parameters",
        lambda f: f.foreign and f.nothing_held,
        "The groups hold parameters, but none of the model's.",
        "Work on the model that is given, not on a copy: an optimizer would train the copy.",
        costs=EVERYTHING,
    ),
    _content(
        "nothing-held",
        lambda f: f.nothing_held,
        "The groups hold nothing that is to be trained: `{1.missing[0]}` is in no group, and no other parameter is.",
        "Go through `model.named_parameters()`, and put each trainable parameter into the group of its part.",
        costs=EVERYTHING,
    ),
    _content(
        "a-foreign-parameter",
        lambda f: f.foreign,
        "A group holds a parameter that is not one of the model's.",
        "Work on the model that is given, not on a copy.",
    ),
    _content(
        "frozen-held",
        lambda f: f.content("frozen"),
        "The groups also hold frozen parameters, `{1}` among others.",
        "Take only parameters with `requires_grad`.",
    ),
    _content(
        "held-twice",
        lambda f: f.content("twice"),
        "The groups hold `{1}` twice: an optimizer refuses that.",
        "Each parameter goes into one group: the head's, its stage's, or that of the rest. A weight that two layers share "
        "is one parameter.",
    ),
    _content(
        "rest-missing",
        lambda f: f.missing and f.missing[2] == "rest" and f.missing[0],
        "`{1}` is in no group, so it would never train: it belongs neither to a stage nor to the head.",
        "What is in no stage and not in the head goes into a group of its own, below the first stage: stem, norms, and "
        "parameters of the model itself.",
    ),
    _content(
        "head-missing",
        lambda f: f.missing and f.missing[2] == "head" and f.missing[0],
        "`{1}` is in no group, so it would never train: it is the head's.",
        "`model.get_submodule(head_name)` finds the head, wherever it lies.",
    ),
    _content(
        "missing",
        lambda f: f.missing,
        "`{1[0]}` is in no group, so it would never train, though it is trainable.",
        "Each trainable parameter belongs to the head, to a stage or to the rest.",
    ),
]
ALL_RATES = [
    Mistake(
        "one-rate",
        lambda f: f.one_rate is not None and f"{f.one_rate:.4g}",
        "All parameters have one rate, {1}.",
        "Each part has its own: the head `head_rate`, and every stage `decay` times that of the one above.",
        costs=2,
    ),
    Mistake(
        "rates-not-finite",
        lambda f: f.is_nan,
        "Rates are no finite numbers.",
        "Print `group['lr']` of each group.",
        costs=3,
    ),
    Mistake(
        "rates-rounded",
        lambda f: f.places,
        "The rates are rounded to {1} decimal places.",
        "Leave them as they are; round where you print.",
        costs=1,
    ),
    Mistake(
        "rates-scaled",
        lambda f: f.factor,
        "Every rate is {1:.4g} times what it should be.",
        "The head learns at `head_rate` itself, and everything else at `head_rate` times powers of `decay`.",
        costs=1,
    ),
]


def _rates(kind: str, name: str, power: Power, text: str, hint: str) -> Mistake:
    return Mistake(f"{kind}-{name}", lambda f: f.all_have(kind, power), text, hint, costs=1)


def _alike(kind: str) -> Mistake:
    return Mistake(
        f"{kind}-by-their-names",
        lambda f: f.alike(kind),
        "`{1[0]}` has the rate of `{1[1]}`: its name holds that one's, but it is another module's.",
        'Take the parameters from `model.get_submodule(name)`, or compare with the dot: `startswith(name + ".")`.',
        costs=1,
    )


def _otherwise(kind: str) -> Mistake:
    return Mistake(
        f"{kind}-otherwise",
        lambda f: f.example(kind),
        "`{1[0]}` {1[1]} and has the rate {1[2]:.4g}, where it should be {1[3]:.4g}.",
        "Head `head_rate`, last stage `head_rate * decay`, the one before `head_rate * decay**2`, and so on; everything "
        "else one power more than the first stage, whatever is frozen.",
        costs=1,
    )


_COUNTED = "The powers follow the place in `stages`, whatever is frozen."
_FROM_HEAD = "The head has power 0, the last stage power 1."
_LOWEST = "It gets `head_rate * decay**(len(stages) + 1)`, the lowest rate of all."
_TOP = "The head learns at `head_rate` itself: power 0."
STAGES = [
    _alike("stages"),
    Mistake(
        "stages-skip-frozen",
        lambda f: f.off("stages") and f.skips_frozen,
        "Where a stage is frozen, those below it have a power of `decay` less: the frozen stage was not counted.",
        _COUNTED,
        costs=1,
    ),
    _rates(
        "stages", "wrong-way", lambda n, place: place + 1,
        "The decay runs in the wrong direction: the first stage has the rate of the last, and the last one learns slowest.",
        "`stages` runs from input to output; count the powers from its end.",
    ),
    _rates("stages", "late", lambda n, place: n - 1 - place,
           "The decay begins one stage too late: the last stage has the head's rate.", _FROM_HEAD),
    _rates("stages", "early", lambda n, place: n + 1 - place,
           "The decay begins one stage too early: the last stage has `head_rate * decay**2`.", _FROM_HEAD),
    _rates("stages", "rising", lambda n, place: place - n,
           "The rates rise towards the input: they were divided by `decay`, which is below 1.",
           "Multiply: `head_rate * decay**power`."),
    _rates("stages", "all-alike", lambda n, place: 1,
           "All stages have one rate, `head_rate * decay`.", "Every further stage has one power more."),
    _rates("stages", "at-head-rate", lambda n, place: 0,
           "All stages have the head's rate: there is no decay.",
           "Every stage has `decay` times the rate of the one above it."),
    _rates("stages", "as-the-rest", lambda n, place: n + 1,
           "All stages have the rate of what belongs to no stage: their parameters were not found.",
           "The names of a stage's parameters begin with its name and a dot."),
    _rates("stages", "from-the-input", lambda n, place: place,
           "The powers are counted from the input: the first stage has the head's rate.",
           "`stages` runs from input to output; count the powers from its end."),
    _rates("stages", "compounded", lambda n, place: 2 ** (n - place) - 1,
           "The decay was applied to itself from stage to stage: the powers are 1, 3, 7 and so on.",
           "Each stage has `decay` times the rate above it, no more."),
    _otherwise("stages"),
]  # fmt: skip
REST = [
    _alike("rest"),
    Mistake(
        "rest-skips-frozen",
        lambda f: f.rests_skip(),
        "Where a stage is frozen, what belongs to no stage has a power of `decay` less: the frozen stage was not counted.",
        _COUNTED,
        costs=1,
    ),
    _rates("rest", "at-head-rate", lambda n, place: 0,
           "What belongs to no stage, the stem for one, has the head's rate: the oldest layers learn fastest.", _LOWEST),
    _rates("rest", "as-first-stage", lambda n, place: n,
           "What belongs to no stage has the rate of the first stage.",
           "It gets one power more: `head_rate * decay**(len(stages) + 1)`."),
    _rates("rest", "as-last-stage", lambda n, place: 1,
           "What belongs to no stage, the stem for one, has the rate of the last stage.", _LOWEST),
    _rates("rest", "too-low", lambda n, place: n + 2,
           "What belongs to no stage has one power of `decay` too many.",
           "It gets `head_rate * decay**(len(stages) + 1)`."),
    _rates("rest", "at-zero", lambda n, place: math.inf,
           "What belongs to no stage has the rate 0: it stands still, as if it were frozen.",
           "It gets `head_rate * decay**(len(stages) + 1)`, which is low, but not nothing."),
    _otherwise("rest"),
]  # fmt: skip
HEAD = [
    _rates("head", "decayed", lambda n, place: 1, "The head's rate was multiplied by `decay`, too.", _TOP),
    _rates("head", "slowest", lambda n, place: n + 1,
           "The head has the lowest rate of all: it was taken as what belongs to no stage.", _TOP),
    _rates("head", "as-first-stage", lambda n, place: n,
           "The head has the rate of the first stage: the rates are swapped.", _TOP),
    _otherwise("head"),
]  # fmt: skip
EFFECTS = [*side_effects(), ARGUMENTS_CHANGED, SETTINGS_CHANGED]
TABLES = [FORM, CONTENT, ALL_RATES, HEAD, STAGES, REST, EFFECTS]
