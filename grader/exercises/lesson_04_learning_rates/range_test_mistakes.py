"""Known mistakes of a range test, an aspect a table: its form, its rates, and the model afterwards."""

import numpy as np

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.lesson_04_learning_rates.range_test_facts import RunFacts, listed, near
from grader.exercises.lesson_04_learning_rates.range_test_losses import TELLING, TRAINING
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_SPACED = "Each rate is the one before times a fixed factor: see `np.geomspace`."
_RETURN = "End with `return rates, losses`: two lists with a number for each batch."

FORM = [
    Mistake(
        "no-two-lists",
        lambda f: f.form,
        "Two lists of numbers, rates and losses, were expected, but the function returned {1}.",
        _RETURN,
        costs=EVERYTHING,
    ),
    Mistake(
        "other-length",
        lambda f: f.miscounted,
        "For {1.count} batches there are {1.lengths[0]} rates and {1.lengths[1]} losses: one of each for every batch is "
        "asked for.",
        "Does the loop leave early, or begin late? It goes on when the loss rises, and when it is no number any more: how it "
        "rises is what the test shows.",
        costs=3,
    ),
    Mistake(
        "swapped",
        lambda f: f.swapped,
        "The results are swapped: the second list holds the rates.",
        "End with `return rates, losses`.",
        costs=3,
    ),
]


def _rates(name: str, text: str, hint: str = _SPACED) -> Mistake:
    return Mistake(
        f"rates-{name}",
        lambda f: f.rates_of and near(f.rates_of.told_rates, f.rates_of.known_rates[name]),
        text,
        hint,
        costs=1,
    )


def _is_even(call: RunFacts) -> bool:
    """Whether the rates grow by one factor, from wherever to wherever."""
    rates = np.array(call.told_rates)
    with np.errstate(all="ignore"):
        return len(rates) > 2 and near(rates[1:] / rates[:-1], np.full(len(rates) - 1, rates[1] / rates[0]))


def _differing(call: RunFacts) -> tuple[int, float, float, str]:
    """Number of the first rate that is not right, what it is, what it should be, and the list."""
    pairs = list(zip(call.told_rates, call.right_rates, strict=False))
    place = next(i for i, pair in enumerate(pairs) if not near(*pair))
    return place + 1, *pairs[place], listed(call.told_rates)


RATES = [
    _rates(
        "linear", "The rates are evenly spaced on a linear scale: all but the first few lie near the highest."
    ),
    _rates(
        "without-highest",
        "The rates are even on a log scale, but the last one is not `highest`: it would be the next.",
        "Between n rates there are n - 1 factors: `(highest / lowest) ** (i / (n - 1))`.",
    ),
    _rates(
        "without-lowest",
        "The rates are even on a log scale, but the first one is not `lowest`: it is one factor more.",
        "The first batch gets `lowest`, and the rate grows after its step.",
    ),
    _rates(
        "falling",
        "The rates run from `highest` down to `lowest`.",
        "A range test goes up, so that it can be read until the loss gets worse.",
    ),
    _rates(
        "powers",
        "The rates run from 10**lowest to 10**highest: `logspace` takes exponents.",
        "Take `np.geomspace`, or give `np.logspace` the logarithms of both ends.",
    ),
    _rates(
        "logarithms",
        "The numbers are the logarithms of the rates (to base 10), not the rates.",
        "Take `10 ** exponent`.",
    ),
    _rates(
        "natural-logarithms",
        "The numbers are the natural logarithms of the rates, not the rates.",
        "Take `np.exp`.",
    ),
    _rates("squared", "The rates grow with the square of the batch's number, which is not a log scale."),
    _rates(
        "constant",
        "All rates are `lowest`: the rate never grows.",
        "Set `optimizer.param_groups[0]['lr']` anew for each batch, and note it.",
    ),
    _rates(
        "all-highest",
        "All rates are `highest`.",
        "Set `optimizer.param_groups[0]['lr']` anew for each batch, and note it at that moment.",
    ),
    Mistake(
        "rates-other-factor",
        lambda f: f.rates_of and _is_even(f.rates_of) and f.rates_of,
        "The rates are even on a log scale, but run {1.ends}.",
        "With n batches the factor is `(highest / lowest) ** (1 / (n - 1))`.",
        costs=1,
    ),
    Mistake(
        "rates-otherwise",
        lambda f: f.rates_of and _differing(f.rates_of),
        "Rate {1[0]} is {1[1]:.4g}, where {1[2]:.4g} is the next on an even log scale. The list begins {1[3]}.",
        _SPACED + " Return them as they are, unrounded.",
        costs=1,
    ),
]


KEPT = [
    Mistake(
        "statistics-moved",
        lambda f: f.only_statistics and f.changed,
        "The weights are as they were, but `{1[0]}` is not: BatchNorm's statistics are buffers, not parameters, and they "
        "followed the batches.",
        "Restore the whole `state_dict`, of which a deep copy was taken, or work on a copy of the model.",
        costs=1,
    ),
    Mistake(
        "still-trained",
        lambda f: f.changed,
        "Afterwards the model is another: `{1[0]}` is not what it was.",
        "Work on `copy.deepcopy(model)`, or load a deep copy of the state at the end. `model.state_dict()` and its "
        "`.copy()` hold the living tensors, which train along.",
        costs=1,
    ),
]
EFFECTS = [
    # Gradients of long ago must not count: who clears them has done nothing that was not asked for.
    *(row for row in side_effects() if row.id not in ("weights-changed", "gradients-cleared")),
    ARGUMENTS_CHANGED,
    SETTINGS_CHANGED,
]
KINDS = [
    Mistake(
        "tensors",
        lambda f: f.kind,
        "The lists hold values of type {1}, not plain numbers.",
        "`.item()` makes a number of a tensor; a loss kept as tensor keeps its whole graph in memory.",
        costs=1,
    )
]
TABLES = [FORM, RATES, TRAINING, TELLING, KEPT, EFFECTS, KINDS]
