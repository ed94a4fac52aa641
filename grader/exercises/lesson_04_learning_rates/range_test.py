"""Raise the rate from batch to batch and note the losses; the model comes out as it went in."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.condition import Attributes, Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.loss_watch import LossWatch, Pass
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.training_watch import Step, TrainingWatch
from grader.exercises.lesson_04_learning_rates.range_test_challenge import (
    breaking_run,
    range_batches,
    range_network,
    range_run,
)
from grader.exercises.lesson_04_learning_rates.range_test_facts import RangeFacts
from grader.exercises.lesson_04_learning_rates.range_test_mistakes import TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_RIGHT = "The rates are even on a log scale, each loss is that of its batch before the update, and the model is as it was."
_MOST = 200  # numbers of a list that are looked at


class Run(StrictEvidence):
    """One call of the function.

    Attributes:
        form: what is wrong with the form of what it returned, in words; "" if nothing is.
        rates, losses: as returned; ``None`` for what is no number.
        settings_before: ``attributes`` of the model's condition before the call.
        kinds: of values in the lists that are no plain numbers.
    """

    form: str
    rates: list[Number | None]
    losses: list[Number | None]
    kinds: list[str]
    steps: list[Step]
    passes: list[Pass]
    settings_before: Attributes
    after: Condition
    changed_arguments: list[str]
    changed_settings: list[str]


class Runs(StrictEvidence):
    """The calls, one a network."""

    runs: Annotated[list[Run], Field(min_length=3, max_length=3)]


class RangeTest(Exercise):
    """Raise the rate from batch to batch and note the losses; the model comes out as it went in."""

    id = "rates.range_test"
    title = "A range test"
    signature = "range_test(model, batches, lowest, highest) -> (rates, losses)"
    points = 5
    minutes = 12
    difficulty = 2
    section = "Exercise 1: a range test"
    evidence = Runs
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A nested network in training mode; a flat one in eval mode with old gradients; one that breaks down."""
        return {
            "runs": [
                range_run(rng, nested=True, count=5),
                range_run(rng, nested=False, count=6),
                breaking_run(rng, count=4),
            ]
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What the test returned on each network, its steps, and the network afterwards."""
        return {"runs": [_ask(answer, run) for run in challenge["runs"]]}

    def judge(self, evidence: Runs, expected: dict) -> Verdict:
        """A point for the rates, two for the losses, one for the model's tensors, one for the rest of it."""
        facts = RangeFacts(evidence.runs, expected["runs"])
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, _RIGHT))


def _ask(answer: Any, run: dict[str, Any]) -> dict[str, Any]:
    model, batches = range_network(run), range_batches(run)
    known = KnownBatches({"batch": batches})
    given = Arguments(batches=batches)
    steps = TrainingWatch(model, known)
    losses = LossWatch(model, known, paused=steps.is_busy)
    settings_before = condition(model)["attributes"]
    with losses, steps:
        result = ask(answer, model, batches, run["lowest"], run["highest"])
    settings = reset_settings()
    return {
        **_read(result),
        "steps": steps.steps,
        "passes": losses.passes,
        "settings_before": settings_before,
        "after": condition(model, [*steps.hooks, *losses.hooks]),
        "changed_arguments": given.changed(),
        "changed_settings": settings,
    }


def _read(result: Any) -> dict[str, Any]:
    """The two lists, as far as they are lists of numbers."""
    read: dict[str, Any] = {"form": "", "rates": [], "losses": [], "kinds": []}
    if not isinstance(result, tuple | list):
        return read | {"form": described(result)}
    if len(result) != 2:
        return read | {"form": f"{len(result)} results"}
    for name, values in zip(("rates", "losses"), result, strict=True):
        if not hasattr(type(values), "__iter__") or getattr(values, "shape", None) == ():
            return read | {"form": f"{described(values)} for the {name}"}
        values = ask(list, values)[:_MOST]
        read[name] = [as_number(value) for value in values]
        if None in read[name]:
            strange = values[read[name].index(None)]
            return read | {"form": f"{name} among which is {described(strange)}"}
        read["kinds"] += sorted({type(v).__name__ for v in values if hasattr(v, "detach")})
    return read
