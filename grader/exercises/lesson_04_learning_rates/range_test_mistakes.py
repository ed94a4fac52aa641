"""Known mistakes of a range test, an aspect a table."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.kit.tensors import same
from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    mode_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.lesson_04_learning_rates.range_test_facts import RangeFacts, RunFacts, listed, near
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

_STEP = "For each batch in turn: set the rate, clear old gradients, forward, note the loss, `backward()`, `step()`."
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
        "Does the loop leave early, or begin late? It goes on when the loss rises: how it rises is what the test shows.",
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


def _of_losses(row: Mistake, costs: float | None = None) -> Mistake:
    """A row of a single training's facts, for the call whose losses are off; its text is of these facts."""

    def shows(facts: RangeFacts) -> object:
        return facts.losses_of and row.shows(facts.losses_of)

    def on_call(text: str) -> str:
        return text.replace("{0.", "{0.losses_of.")

    return dataclasses.replace(
        row,
        shows=shows,
        text=on_call(row.text),
        hint=on_call(row.hint),
        costs=row.costs if costs is None else costs,
    )


def _training(
    name: str, shows: Callable[[RunFacts], Any], text: str, hint: str = _STEP, costs: float = 2
) -> Mistake:
    return _of_losses(Mistake(name, shows, text, hint, costs=costs))


def _kit(rows: list[Mistake], *without: str) -> list[Mistake]:
    return [_of_losses(row) for row in rows if row.id not in without]


def _first_told_number(call: RunFacts) -> tuple[int, float, float, str]:
    """Number of the first loss that is not right, what it is, what is right, and the list."""
    pairs = list(zip(call.told_losses, call.right_losses, strict=False))
    place = next((i for i, pair in enumerate(pairs) if not same(*pair)), 0)
    return place + 1, *pairs[place], listed(call.told_losses)


TRAINING = [
    _training(
        "never-trained",
        lambda c: not any(p.with_gradient for p in c.run.passes),
        "No batch went through the model with gradients on, so nothing was trained, and the losses are not those of a "
        "training.",
        costs=4,
    ),
    _training(
        "untouched",
        lambda c: c.told_is(c.untouched["training"]),
        "The losses are those of the untouched model: nothing was updated, or the model was set back before each batch, so "
        "that no step could show what its rate does.",
        "All steps of a range test follow on each other; set the model back once, at the end.",
        costs=4,
    ),
    _training(
        "untouched-eval",
        lambda c: c.told_is(c.untouched["eval"]),
        "The losses are those of the untouched model in eval mode: nothing was updated between the batches.",
        "One SGD step a batch, in training mode; set the model back once, at the end.",
        costs=4,
    ),
    *_kit(batch_mistakes(2)),
    _training(
        "rate-after-step",
        lambda c: c.rate_differs and near(_known(c.used_rates)[1:], c.told_rates[:-1]),
        "Each batch was trained at the rate of the one before: its own was set after its step.",
        "Set `param_groups[0]['lr']` first, then do the step.",
    ),
    _training(
        "rate-never-set",
        lambda c: c.rate_differs and near(_known(c.used_rates), [c.used_rates[0]] * c.count) and c.used_rates[0],
        "Every batch was trained at one rate, {1:.4g}: what the list says was never given to the optimizer.",
        "Before each step: `optimizer.param_groups[0]['lr'] = rate`. A number that merely changes does nothing.",
    ),
    _training(
        "rate-other-than-told",
        lambda c: c.rate_differs and (c.rate_differs, c.used_rates[c.rate_differs - 1], c.told_rates[c.rate_differs - 1]),
        "Batch {1[0]} was trained at the rate {1[1]:.4g}, and the list says {1[2]:.4g}.",
        "Give the optimizer the very rate that you note, before the step.",
    ),
    *_kit(optimizer_mistakes(2), "other-rate"),
    *_kit(mode_mistakes(2)),
    *_kit(gradient_mistakes(2)),
    *_kit(rewriting_mistakes(2)),
    _training(
        "other-losses",
        lambda c: not c.told_is_off and _first_told_number(c),
        "The loss of batch {1[0]} is {1[1]:.4g}, where one plain SGD step a batch gives {1[2]:.4g} there. The list begins "
        "{1[3]}.",
    ),
]  # fmt: skip


def _known(rates: list[float | None]) -> list[float]:
    return [float("nan") if rate is None else rate for rate in rates]


def _telling(name: str, shows: Callable[[RunFacts], Any], text: str, hint: str) -> Mistake:
    return _of_losses(Mistake(name, lambda c: c.told_is_off and shows(c), text, hint, costs=1))


def _smoothed(call: RunFacts) -> float:
    """The weight of the past, if the losses are an exponential mean of the batches'; 0 if they are none."""
    told, seen = np.array(call.told_losses), np.array(call.first_seen)
    with np.errstate(all="ignore"):
        past = float((told[1] - seen[1]) / (told[0] - seen[1]))
        want = [told[0]]
        for loss in seen[1:]:
            want.append(past * want[-1] + (1 - past) * loss)
    return past if 0.02 < past < 1 and same(told, want) else 0.0


def _rounded(call: RunFacts) -> str:
    """To how many places the losses are rounded, as a text; "" if they are not."""
    told, seen = np.array(call.told_losses), np.array(call.first_seen)
    for places in range(5):
        unit = 10.0**-places
        if np.allclose(np.round(told, places), told, rtol=0, atol=1e-9) and np.all(
            np.abs(told - seen) <= 0.5001 * unit + 1e-6
        ):
            return f"{places}"
    return ""


def _infinite(call: RunFacts) -> tuple[int, float] | None:
    number = call.told_is_off
    told = call.told_losses[number - 1]
    return None if np.isfinite(told) else (number, told)


_NOTE = "Note the loss from which `backward()` starts, as a number."
TELLING = [
    _telling(
        "told-after-update",
        lambda c: c.told_is_of_pass("after"),
        "Each loss was computed after its update: the batch has just been learned, so the loss flatters the rate.",
        _NOTE,
    ),
    _telling(
        "told-in-eval-mode",
        lambda c: c.told_is_of_pass("before"),
        "Each loss is that of a pass in eval mode; asked for is the one of the training pass.",
        _NOTE,
    ),
    _telling(
        "told-as-sum",
        lambda c: c.told_is(np.array(c.first_seen) * _sizes(c)),
        "The losses are summed over the batch; asked for is the mean.",
        "Note `F.cross_entropy(...)`, which is a mean, without multiplying it by the batch's size.",
    ),
    _telling(
        "told-divided",
        lambda c: c.told_is(np.array(c.first_seen) / _sizes(c)),
        "The losses are divided by the number of images, though `F.cross_entropy` is a mean already.",
        _NOTE,
    ),
    _telling(
        "told-accumulated",
        lambda c: c.told_is(np.cumsum(c.first_seen)),
        "Each loss is the sum of all losses so far.",
        "Each batch has a loss of its own.",
    ),
    _telling(
        "told-running-mean",
        lambda c: c.told_is(np.cumsum(c.first_seen) / np.arange(1, c.count + 1)),
        "Each loss is the mean of all losses so far: what a rate does is hidden by the rates before it.",
        "Each batch has a loss of its own.",
    ),
    _telling(
        "told-smoothed",
        _smoothed,
        "The losses are smoothed: each holds {1:.2g} of the number before it.",
        "Asked for is each batch's own loss. Smooth where you draw, if you like.",
    ),
    _telling("told-reversed", lambda c: c.told_is(c.first_seen[::-1]), "The losses stand in reverse order.", _NOTE),
    _telling("told-logarithm", lambda c: c.told_is(np.log(np.abs(c.first_seen))), "The losses are logarithms of what they should be.", _NOTE),
    _telling(
        "told-rounded",
        _rounded,
        "The losses are rounded to {1} decimal places.",
        "Return them as they are; round where you print.",
    ),
    _telling(
        "told-not-finite",
        _infinite,
        "The loss of batch {1[0]} is told as {1[1]}, while it was a finite number in the training pass.",
        _NOTE,
    ),
    _telling(
        "told-otherwise",
        lambda c: (c.told_is_off, c.told_losses[c.told_is_off - 1], c.first_seen[c.told_is_off - 1]),
        "For batch {1[0]} the list says {1[1]:.4g}; the mean loss of the pass that its update came from was {1[2]:.4g}.",
        _NOTE,
    ),
]  # fmt: skip


def _sizes(call: RunFacts) -> np.ndarray:
    by_name = {p.batch: p.size for p in call.run.passes}
    return np.array([by_name.get(name, 1) for name in call.names], dtype=float)


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
    *(row for row in side_effects() if row.id != "weights-changed"),
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
