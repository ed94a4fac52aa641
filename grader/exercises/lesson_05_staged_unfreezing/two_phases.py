"""Train the head first, then the head and the last stage."""

from typing import Any

import numpy as np

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.condition import Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.tensors import snapshot
from grader.exercises.kit.training_watch import Step, TrainingWatch
from grader.exercises.lesson_05_staged_unfreezing.staged_network import (
    pretrained,
    staged_batches,
    trainable_spec,
)
from grader.exercises.lesson_05_staged_unfreezing.two_phases_facts import TwoPhasesFacts
from grader.exercises.lesson_05_staged_unfreezing.two_phases_mistakes import RIGHT, TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import State, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict


class Trained(StrictEvidence):
    """One call of the function.

    Attributes:
        returned: what came back instead of a model, in words; "" for a model.
        after: of the model that came back, or else of the one that was given.
        trained: the state of the model that was trained, should another one have come back.
        head_began, tune_began: the state before the first batch of either phase; empty if none came with gradients.
    """

    returned: str
    before: Condition
    after: Condition
    trained: State
    head_began: State
    tune_began: State
    steps: list[Step]
    changed_arguments: list[str]
    changed_settings: list[str]


class TwoPhases(Exercise):
    """Train the head first, then the head and the last stage."""

    id = "staged.two_phases"
    title = "Head first, then the last stage"
    signature = (
        "two_phases(model, stages, head_name, head_batches, tune_batches, head_rate, stage_rate) -> model"
    )
    points = 5
    minutes = 12
    difficulty = 3
    section = "Exercise 2: two phases"
    evidence = Trained
    mistakes = [row for table in TABLES for row in table]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network, and batches for either phase; in phase 2 the loss rises from the first to the second."""
        data_seed = int(rng.integers(2**31))
        spec = trainable_spec(rng, data_seed)
        return {
            "spec": spec,
            "tune_labels": _easy_and_hard(spec, data_seed + 1),
            "head_batches": 3,
            "tune_batches": 4,
            "head_rate": float(rng.uniform(0.04, 0.06)),
            "stage_rate": float(rng.uniform(0.008, 0.015)),
            "data_seed": data_seed,
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The model's state at the turns, and every step of an optimizer."""
        import torch

        spec, seed = challenge["spec"], challenge["data_seed"]
        model, stages = pretrained(spec), list(spec["stages"])
        head_batches = staged_batches(spec, seed, challenge["head_batches"])
        tune_batches = staged_batches(spec, seed + 1, challenge["tune_batches"])
        for number, labels in enumerate(challenge["tune_labels"]):
            tune_batches[number] = (tune_batches[number][0], torch.tensor(labels))
        watch = TrainingWatch(model, KnownBatches({"head": head_batches, "tune": tune_batches}))
        given = Arguments(stages=stages, head_batches=head_batches, tune_batches=tune_batches)
        before = condition(model)
        with watch:
            rates = challenge["head_rate"], challenge["stage_rate"]
            result = ask(answer, model, stages, spec["head"], head_batches, tune_batches, *rates)
        returned, instead = returned_model(result)
        return {
            "returned": instead,
            "before": before,
            "after": condition(model if returned is None else returned, watch.hooks),
            "trained": snapshot(watch.trained),
            "head_began": watch.first_states.get("head", {}),
            "tune_began": watch.first_states.get("tune", {}),
            "steps": watch.steps,
            "changed_arguments": given.changed(),
            "changed_settings": reset_settings(),
        }

    def judge(self, evidence: Trained, expected: dict) -> Verdict:
        """By where the weights and statistics end; if elsewhere, the first slip that shows is told and paid."""
        facts = TwoPhasesFacts(evidence, expected)
        return self.verdict(*judge_by_tables(self.points, facts, TABLES, RIGHT))


def _easy_and_hard(spec: dict[str, Any], seed: int) -> list[list[int]]:
    """The labels that the pretrained network finds likeliest for the first batch, and unlikeliest for the second."""
    import torch

    model = pretrained(spec).eval()
    (first, _), (second, _) = staged_batches(spec, seed, 2)
    with torch.no_grad():
        return [model(first).argmax(dim=1).tolist(), model(second).argmin(dim=1).tolist()]
