"""Repair a recipe whose rates were copied from another one."""

from typing import Any

import numpy as np

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.condition import Attributes, Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.loss_watch import LossWatch, Pass
from grader.exercises.kit.networks import network_spec
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.tensors import moved, snapshot
from grader.exercises.kit.training_watch import Step, TrainingWatch
from grader.exercises.lesson_04_learning_rates.find_the_bug_challenge import (
    hunted_network,
    is_fit,
    sized_batches,
)
from grader.exercises.lesson_04_learning_rates.find_the_bug_facts import Repair
from grader.exercises.lesson_04_learning_rates.find_the_bug_mistakes import (
    AS_RELEASED,
    BUGS,
    ELSEWHERE,
    FATAL,
    NONE_MENDED,
    SLIPS,
)
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import first_mistake
from grader.exercises.machine.verdict import Finding, Verdict

_RIGHT = (
    "The loss is a mean, each group warms up to a rate of its own, and the weights end where they should."
)
_PER_BUG = 2
_SLIP = 1


class Trained(StrictEvidence):
    """What the function did to the model, and what came back.

    Attributes:
        settings_before: ``attributes`` of the model's condition before the call.
        changed_before: names of tensors that were changed before the first batch came.
        returned: in words, what came back if it is no model; ``after`` is then of the model that was given.
    """

    returned: str
    steps: list[Step]
    passes: list[Pass]
    settings_before: Attributes
    on_a_copy: bool
    changed_before: list[str]
    after: Condition
    changed_arguments: list[str]
    changed_settings: list[str]


class FindTheBug(Exercise):
    """Repair a recipe whose rates were copied from another one."""

    id = "rates.find_the_bug"
    title = "Find the bug: the copied rate"
    signature = "fine_tune(model, head_name, batches, backbone_rate, head_rate, warm_up) -> model"
    points = 4
    minutes = 12
    difficulty = 3
    section = "Exercise 5: find the bug"
    evidence = Trained
    mistakes = [
        AS_RELEASED,
        NONE_MENDED,
        *FATAL,
        *(row for table in (*BUGS, *SLIPS, ELSEWHERE) for row in table),
    ]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network in eval mode with old gradients and a deep head; batches of different sizes."""
        backbone_rate = float(rng.uniform(0.01, 0.015))
        asked: dict[str, Any] = {
            "sizes": rng.permutation([8, 9, 10, 12, 13, 14, 11]).tolist(),
            "warm_up": int(rng.integers(3, 5)),
            "backbone_rate": backbone_rate,
            "head_rate": backbone_rate * float(rng.uniform(4, 6)),
            "data_seed": int(rng.integers(2**30)),
        }
        while True:
            asked["spec"] = network_spec(rng, nested=True, deep_head=True, gain=6.0)
            if is_fit(asked):
                return asked

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Every step and every loss on the way, and the model at the end."""
        model, batches = hunted_network(challenge), sized_batches(challenge)
        start, settings_before = snapshot(model), condition(model)["attributes"]
        known, given = KnownBatches({"batch": batches}), Arguments(batches=batches)
        steps = TrainingWatch(model, known)
        losses = LossWatch(model, known, paused=steps.is_busy)
        rates = (challenge["backbone_rate"], challenge["head_rate"], challenge["warm_up"])
        with losses, steps:
            result = ask(answer, model, challenge["spec"]["head"], batches, *rates)
        settings = reset_settings()
        returned, instead = returned_model(result)
        return {
            "returned": instead,
            "steps": steps.steps,
            "passes": losses.passes,
            "settings_before": settings_before,
            "on_a_copy": steps.on_a_copy,
            "changed_before": moved(start, steps.first_states.get("batch", start)),
            "after": condition(model if returned is None else returned, [*steps.hooks, *losses.hooks]),
            "changed_arguments": given.changed(),
            "changed_settings": settings,
        }

    def judge(self, evidence: Trained, expected: dict) -> Verdict:
        """Two points for each bug that is mended; whatever else is wrong costs one of four, once."""
        facts = Repair(evidence, expected)
        fatal = first_mistake(facts, FATAL)
        if fatal:
            return self.verdict(0, [fatal.finding(facts)])
        slips = self._told(facts, SLIPS)
        if not facts.ends_right and not slips and facts.mended == 2:
            slips = self._told(facts, [ELSEWHERE])
        if facts.has_both_bugs and not slips:
            return self.verdict(0, [AS_RELEASED.finding(facts)])
        if facts.mended == 0:
            return self.verdict(0, [NONE_MENDED.finding(facts), *slips])
        most = self.points - _SLIP if slips else self.points
        told = [*self._told(facts, BUGS), *slips]
        return self.verdict(min(_PER_BUG * facts.mended, most), told or [Finding(text=_RIGHT)])

    def _told(self, facts: Repair, tables: list) -> list[Finding]:
        shown = [first_mistake(facts, table) for table in tables]
        return [mistake.finding(facts) for mistake in shown if mistake]
