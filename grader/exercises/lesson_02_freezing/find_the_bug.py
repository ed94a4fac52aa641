"""A training that freezes a stage half way, and the stage goes on moving in three ways: to be repaired."""

from typing import Any

import numpy as np

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import Batch, KnownBatches, random_batches
from grader.exercises.kit.condition import Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.training_watch import Step, TrainingWatch
from grader.exercises.lesson_02_freezing.find_the_bug_facts import Midway
from grader.exercises.lesson_02_freezing.find_the_bug_mistakes import BUGS, UNMENDED
from grader.exercises.lesson_02_freezing.find_the_bug_slips import AFTERWARDS, ELSEWHERE, SLIPS
from grader.exercises.lesson_02_freezing.frozen_parameters import NewAttribute, attributes_of, new_attributes
from grader.exercises.lesson_02_freezing.stage_watch import StageAtStep, StageWatch
from grader.exercises.machine import evidence_types
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import EVERYTHING, first_mistake
from grader.exercises.machine.verdict import Finding, Verdict

FIRST, MORE = 4, 3  # batches
_RIGHT = (
    "The stage trains on the first batches; from then on its parameters are frozen, weights and statistics stand still "
    "to the last bit, and the rest trains on."
)
_BY_MENDED = [0.0, 1.0, 2.0, 4.0]  # points for so many mistakes mended
_MOST_FOR_SLIPS = 2.0  # what slips may cost together: all mended is always worth more than one


class MidwayTraining(StrictEvidence):
    """A training that the answer did.

    Attributes:
        returned: in words, if it is no model.
        returned_given: whether the model that was given came back.
        before, after: of the model that was given, and of the one that came back.
        between: the state in front of the first of the later batches; empty if none came.
        attributes: new attributes of modules and parameters that hold True or False.
    """

    returned: str
    returned_given: bool
    on_a_copy: bool
    before: Condition
    after: Condition
    between: evidence_types.State
    steps: list[Step]
    stage: list[StageAtStep]
    attributes: list[NewAttribute]
    changed_arguments: list[str]
    changed_settings: list[str]


class FindTheBug(Exercise):
    """Repair a training that freezes a stage half way, and the stage goes on moving in three ways."""

    id = "freezing.find_the_bug"
    title = "Find the bug: frozen, and moving"
    signature = "freeze_midway(model, stage_name, first_batches, more_batches, learning_rate) -> model"
    points = 4
    minutes = 12
    difficulty = 3
    section = "Exercise 4: find the bug"
    evidence = MidwayTraining
    mistakes = [*UNMENDED, *(row for table in (*BUGS, *SLIPS) for row in table), *ELSEWHERE]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network with stages inside another module, and batches for before and after."""
        spec = network_spec(rng, nested=True, gain=2.0)
        return {
            "spec": spec,
            "stage": spec["stages"][-1],  # another one's name begins like it
            "learning_rate": round(int(rng.integers(12, 25)) / 1000 + 0.00037, 5),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Every step, the stage in front of each, and the model's condition before, between and after."""
        model, first, more = prepared(challenge)
        watch = TrainingWatch(model, KnownBatches({"first": first, "more": more}))
        stage_watch = StageWatch(model, challenge["stage"], watch)
        given = Arguments(first_batches=first, more_batches=more)
        before, attributes = condition(model), attributes_of(model)
        with watch, stage_watch:
            result = ask(answer, model, challenge["stage"], first, more, challenge["learning_rate"])
        changed_settings = reset_settings()
        returned, instead = returned_model(result)
        final = model if returned is None else returned
        return {
            "returned": instead,
            "returned_given": final is model,
            "on_a_copy": watch.on_a_copy,
            "before": before,
            "after": condition(final, [*watch.hooks, *stage_watch.hooks]),
            "between": watch.first_states.get("more", {}),
            "steps": watch.steps,
            "stage": stage_watch.records,
            "attributes": new_attributes(attributes, final),
            "changed_arguments": given.changed(),
            "changed_settings": changed_settings,
        }

    def judge(self, evidence: MidwayTraining, expected: dict) -> Verdict:
        """By the three mistakes, each of which counts by itself, and by what a repair did beside them."""
        facts = Midway(evidence, expected)
        tables = AFTERWARDS if facts.ends_right else SLIPS
        slips = [row for table in tables if (row := first_mistake(facts, table))]
        fatal = next((row for row in slips if row.costs == EVERYTHING), None)
        if fatal:
            return self.verdict(0, [fatal.finding(facts)])
        bugs = [row for table in BUGS if (row := first_mistake(facts, table))]
        if not bugs and not slips and not facts.ends_right:  # no fact says why
            slips = [first_mistake(facts, ELSEWHERE) or ELSEWHERE[-1]]
        told = [row.finding(facts) for row in slips]
        if len(bugs) == len(BUGS):
            unmended = first_mistake(facts, UNMENDED)
            return self.verdict(0, [unmended.finding(facts), *told] if unmended else told)
        price = min(_MOST_FOR_SLIPS, sum(row.costs for row in slips))
        points = min(_BY_MENDED[len(BUGS) - len(bugs)], self.points - price)
        return self.verdict(points, [row.finding(facts) for row in bugs] + told or [Finding(text=_RIGHT)])


def prepared(challenge: dict) -> tuple[Any, list[Batch], list[Batch]]:
    """The model, in eval mode and with old gradients on it, and the two lists of batches."""
    import torch

    spec, seed = challenge["spec"], challenge["data_seed"]
    model = network(spec).eval()
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.05)
    return model, random_batches(spec, seed, FIRST), random_batches(spec, seed + 1, MORE)
