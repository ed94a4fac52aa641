"""Known mistakes of a range test's losses: of the training that they come from, and of what is told of them."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.exercises.kit.tensors import same
from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    mode_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.lesson_04_learning_rates.range_test_facts import RangeFacts, RunFacts, listed, near
from grader.exercises.machine.mistakes import Mistake

_STEP = "For each batch in turn: set the rate, clear old gradients, forward, note the loss, `backward()`, `step()`."


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
        lambda c: not c.rate_differs and c.told_is(c.untouched["training"]),
        "The losses are those of the untouched model: nothing was updated, or the model was set back before each batch, so "
        "that no step could show what its rate does.",
        "All steps of a range test follow on each other; set the model back once, at the end.",
        costs=4,
    ),
    _training(
        "untouched-eval",
        lambda c: not c.rate_differs and c.told_is(c.untouched["eval"]),
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
        "started-elsewhere",
        lambda c: not c.told_is_off
        and not same(c.told_losses[0], c.right_losses[0])
        and (c.told_losses[0], c.right_losses[0]),
        "Already the first batch has a loss of {1[0]:.4g}, where the model that was given has {1[1]:.4g}: before any step its "
        "weights or the settings of a layer were changed, or another model was trained.",
        "The test begins with the weights as they come, on the model itself or on a deep copy.",
    ),
    _training(
        "other-losses",
        lambda c: not c.told_is_off and not same(c.told_losses, c.right_losses) and _first_told_number(c),
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
        lambda c: c.told_is(np.cumsum(c.first_seen) / np.arange(1, len(c.first_seen) + 1)),
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
        lambda c: c.places,
        "The losses are rounded to {1} decimal places.",
        "Return them as they are; round where you print.",
    ),
    _of_losses(Mistake(
        "told-finite",
        lambda c: c.told_finite,
        "One run breaks down: from some batch on its loss is no number (NaN). For batch {1[0]} of it the list says {1[1]:.4g}.",
        "Return each loss as it is, NaN too: where a training breaks down is what a range test is to show.",
        costs=1,
    )),
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
