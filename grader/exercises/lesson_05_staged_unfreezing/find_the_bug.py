"""A staged training that never trains the stage, asks the test set, and forgets the best weights: to be repaired."""

import contextlib
from typing import Any

import numpy as np
from pydantic import Field

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import KnownBatches
from grader.exercises.kit.condition import Condition, condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.training_watch import Step, TrainingWatch
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug_facts import Repair
from grader.exercises.lesson_05_staged_unfreezing.find_the_bug_mistakes import AS_RELEASED, BUGS, RIGHT, SLIPS
from grader.exercises.lesson_05_staged_unfreezing.measured_rounds import MeasuredRounds
from grader.exercises.lesson_05_staged_unfreezing.staged_network import (
    pretrained,
    staged_batches,
    trainable_spec,
)
from grader.exercises.machine.asking import ask
from grader.exercises.machine.evidence_types import Number, State, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

BATCHES = 3  # a round
# In the first run validation falls before it is at its best, and the last round is level with the best; in the second
# it rises once more after that, and no round is as good as the untrained model, nor right half of the time. Neither the
# first nor the last round is to come back, the test's best is another, and no two other scores are alike.
_SCORES = [
    {"validation": [0.62, 0.55, 0.86, 0.86], "test": [0.78, 0.60, 0.71, 0.64]},
    {"validation": [0.21, 0.34, 0.12, 0.27], "test": [0.33, 0.28, 0.40, 0.31]},
]


class Call(StrictEvidence):
    """One call of ``measure``: on which set, of which round's weights (0: of none), after how many updates."""

    which: str
    round: int = Field(ge=0)
    score: Number
    after: int


class End(StrictEvidence):
    """The weights that were measured as a round's, after so many updates: those tensors that differ from the start."""

    round: int = Field(ge=0)
    after: int
    changed: State


class Run(StrictEvidence):
    """One call of the function. ``problem``: why what came back is no model and score; ``score`` is then None."""

    problem: str
    calls: list[Call]
    ends: list[End]
    updates: int
    before: Condition
    after: Condition
    score: Number | None
    changed_arguments: list[str]


class Tuned(StrictEvidence):
    """Two runs that differ in the scores alone, and the steps of the first."""

    runs: list[Run] = Field(min_length=2, max_length=2)
    steps: list[Step]
    changed_settings: list[str]


class FindTheBug(Exercise):
    """Repair a staged training that never trains the stage, asks the test set, and forgets the best weights."""

    id = "staged.find_the_bug"
    title = "Find the bug: the best round"
    signature = (
        "tune_until_best(model, stages, head_name, train_batches, validation, test, measure) "
        "-> (model, test_score)"
    )
    points = 4
    minutes = 10
    difficulty = 3
    section = "Exercise 3: find the bug"
    evidence = Tuned
    mistakes = [AS_RELEASED, *(row for table in (*BUGS, *SLIPS) for row in table)]

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network, and the scores that ``measure`` tells after each round of either run."""
        data_seed = int(rng.integers(2**31))

        def scores(about: list[float]) -> list[float]:
            exact = {score: round(score + float(rng.uniform(-0.004, 0.004)), 3) for score in about}
            return [exact[score] for score in about]

        return {
            "spec": trainable_spec(rng, data_seed),
            "data_seed": data_seed,
            "scores": [{which: scores(about) for which, about in run.items()} for run in _SCORES],
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Each run: what was measured after which round, the rounds' weights, and what came back."""
        steps: list[dict] = []
        runs, settings = [], []
        for number, scores in enumerate(challenge["scores"]):
            runs.append(_run(answer, challenge, scores, steps if number == 0 else None))
            settings += reset_settings()
        return {"runs": runs, "steps": steps, "changed_settings": settings}

    def judge(self, evidence: Tuned, expected: dict) -> Verdict:
        """A point each: the stage trains, validation chooses, the best weights come back, and so does their test score."""
        facts = Repair(evidence, expected)
        mended, told = judge_by_tables(self.points, facts, facts.can_be_seen(BUGS), RIGHT)
        mended = max(0, mended - facts.unseen_points)
        unharmed, slips = judge_by_tables(self.points, facts, SLIPS, RIGHT)
        if unharmed == 0:
            return self.verdict(0, slips)
        if mended == 0:
            told = [AS_RELEASED.finding(facts)]
        if unharmed < self.points:
            told = [*(finding for finding in told if finding.id), *slips]
        return self.verdict(min(mended, unharmed), told)


def _run(answer: Any, challenge: dict, scores: dict, steps: list[dict] | None) -> dict:
    """What one call shows; its steps are added to ``steps``, if there is such a list."""
    spec, seed = challenge["spec"], challenge["data_seed"]
    model = pretrained(spec)
    batches = staged_batches(spec, seed, BATCHES)
    validation, test = staged_batches(spec, seed + 1, 2)
    rounds = MeasuredRounds(model, scores, {"validation": [validation], "test": [test], "train": batches})
    watch = TrainingWatch(model, KnownBatches({"train": batches}))
    stages = list(spec["stages"])
    given = Arguments(stages=stages, train_batches=batches, validation=validation, test=test)
    before = condition(model)
    head = model.get_submodule(spec["head"])
    handles = [
        model.register_forward_pre_hook(rounds.on_forward),
        head.register_forward_pre_hook(rounds.on_head_forward),
    ]
    with contextlib.nullcontext() if steps is None else watch:
        result = ask(answer, model, stages, spec["head"], batches, validation, test, rounds.measure)
    for handle in handles:
        handle.remove()
    own = [*watch.hooks, rounds.on_forward, rounds.on_head_forward]
    if steps is not None:
        steps += watch.steps
    returned, score, problem = _model_and_score(result)
    return {
        "problem": problem,
        "calls": rounds.calls,
        "ends": rounds.ends,
        "updates": rounds.updates,
        "before": before,
        "after": condition(model if returned is None else returned, own),
        "score": score,
        "changed_arguments": given.changed(),
    }


def _model_and_score(result: object) -> tuple[Any, float | None, str]:
    """The model, the score, and in words what is wrong with the pair."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        model, _ = returned_model(result)
        what = "the model alone" if model is not None else described(result)
        return model, None, f"the function returned {what}"
    model, instead = returned_model(result[0])
    score = as_number(result[1])
    if model is None:
        return None, score, f"the first result is {instead}"
    if score is None:
        return model, None, f"the second result is {described(result[1])}"
    return model, score, ""
