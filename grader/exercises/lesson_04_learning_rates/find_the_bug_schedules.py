"""Schedules of the rate that a repair of ``fine_tune`` may have instead of the one that was asked for."""

import math
from collections.abc import Callable
from typing import Any

from grader.exercises.lesson_04_learning_rates.find_the_bug_facts import Repair
from grader.exercises.machine.mistakes import Mistake

_OWN = "Step k, counted from 1, uses `rate * min(1, k / warm_up)`, with each group's own rate."


def _schedule(name: str, follows: Callable[[Repair], Any], text: str, hint: str = _OWN) -> Mistake:
    return Mistake(name, lambda f: f.is_off_schedule and follows(f), text, hint, costs=1)


def _grow(f: Repair) -> Callable[[int], float]:
    return lambda k: min(1, k / f.warm_up)


def _full(k: int) -> float:
    return 1.0


def _compound(f: Repair) -> Callable[[int], float]:
    return lambda k: math.prod(min(1, j / f.warm_up) for j in range(1, k + 1))


def _scaled(f: Repair) -> float:
    """The one factor between every rate and the one that was asked for; 0 if there is none."""
    factor = f.factors[-1][0]
    return factor if factor and f.follows(lambda k: factor * min(1, k / f.warm_up)) else 0.0


SCHEDULE = [
    Mistake(
        "rates-are-zero",
        lambda f: f.rates and not any(rate for pair in f.rates for rate in pair),
        "Every step was made at the rate 0, so nothing moves.",
        _OWN,
        costs=1,
    ),
    _schedule(
        "no-warm-up",
        lambda f: f.follows(_full),
        "There is no warm-up: the first step is made at the full rate.",
    ),
    _schedule(
        "only-head-warms-up",
        lambda f: f.follows(_full, _grow(f)),
        "Only the head warms up: the backbone trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    _schedule(
        "only-backbone-warms-up",
        lambda f: f.follows(_grow(f), _full),
        "Only the backbone warms up: the head trains at its full rate from the first step.",
        "The factor goes to every group, each with its own rate.",
    ),
    _schedule(
        "warm-up-from-zero",
        lambda f: f.follows(lambda k: min(1, (k - 1) / f.warm_up)),
        "The warm-up starts at rate zero: the first batch was computed for nothing, and each rate comes one step too late.",
        "Count the steps from 1: `enumerate(batches, start=1)`.",
    ),
    _schedule(
        "warm-up-ahead",
        lambda f: f.follows(lambda k: min(1, (k + 1) / f.warm_up)),
        "The warm-up is one step ahead: its first rate is that of the second step.",
    ),
    _schedule(
        "warm-up-too-long",
        lambda f: f.follows(lambda k: min(1, k / (f.warm_up + 1))),
        "The warm-up takes one step too many.",
        "Step number `warm_up` is the first at the full rate: `k / warm_up`.",
    ),
    _schedule(
        "warm-up-never-ends",
        lambda f: f.follows(lambda k: k / f.warm_up),
        "The warm-up never ends: after it the rates go on growing beyond the full rates.",
        "`min(1, k / warm_up)` stops it.",
    ),
    _schedule(
        "warm-up-over-all",
        lambda f: f.follows(lambda k: k / f.count),
        "The warm-up lasts for all batches, not for the first `warm_up` of them.",
        "Divide by `warm_up`, and take `min(1, …)`.",
    ),
    _schedule(
        "warm-up-compounds",
        lambda f: f.follows(_compound(f)),
        "Each step multiplied the rate of the step before: the factors compound, and the rates never recover.",
        "Compute every rate from the full rate: `group['lr'] = rate * …`, not `group['lr'] *= …`.",
    ),
    _schedule(
        "warm-up-falls",
        lambda f: f.follows(lambda k: max(1, f.warm_up / k)),
        "The warm-up is upside down: it starts above the full rate and falls.",
        "`min(1, k / warm_up)` grows to 1.",
    ),
    _schedule(
        "one-rate-in-warm-up",
        lambda f: all(b == h for b, h in f.rates[: f.warm_up]),
        "During the warm-up both groups have one rate; only after it has each its own.",
        "The warm-up, too, goes to each group's own rate.",
    ),
    _schedule(
        "rates-scaled",
        _scaled,
        "Every rate is {1:.4g} times what it should be.",
        "The full rates are those that the function is given, and the warm-up ends at them.",
    ),
    _schedule(
        "rates-stand-still",
        lambda f: f.factors[0][0] if f.follows(lambda k: f.factors[0][0]) else 0,
        "Every step is made at {1:.4g} times the full rates: they do not grow from step to step.",
    ),
    _schedule(
        "other-schedule",
        lambda f: f.off_step,
        "At step {1[0]} the {1[1]} has the rate {1[2]:.4g}, where it should be {1[3]:.4g}.",
    ),
]
