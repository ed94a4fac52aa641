"""An optimizer that holds the trainable parameters and no other."""

import traceback
from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.condition import Condition, condition, is_sound
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import network, network_spec
from grader.exercises.kit.numbers import described
from grader.exercises.kit.tensors import snapshot
from grader.exercises.lesson_02_freezing.frozen_parameters import freeze_every_second
from grader.exercises.lesson_02_freezing.make_optimizer_facts import Optimizers
from grader.exercises.lesson_02_freezing.make_optimizer_mistakes import CONTENT, ERROR, RULE, SIDE_EFFECTS
from grader.exercises.machine import evidence_types
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.evidence_types import Number, StrictEvidence
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_RIGHT = (
    "The optimizer holds what trains, each parameter once, and two steps moved just that. A model that is frozen "
    "throughout gives a ValueError."
)
_STEPS = 2
_SETTINGS = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")


class OneOptimizer(StrictEvidence):
    """What came back for one network that is partly trainable.

    Attributes:
        returned: in words, if it is no optimizer.
        error: text of the ValueError that was raised instead.
        kind, is_sgd: the optimizer's class, and whether it is SGD or derived from it.
        held: names of the parameters that it holds, "" for a tensor that is none of the model's.
        settings: of each group that holds something, by name.
        state: the model's after two steps.
        changed_settings: of PyTorch, in words.
    """

    before: Condition
    after: Condition
    returned: str
    error: str
    kind: str
    is_sgd: bool
    held: list[str]
    settings: list[dict[str, Number]]
    state: evidence_types.State
    changed_settings: list[str]


class AllFrozen(StrictEvidence):
    """What came of a network that is frozen throughout.

    Attributes:
        returned: in words, "" if an exception was raised.
        raised: the exception's class; "ValueError" for those derived from it.
        message: the exception's text.
        by_pytorch: whether PyTorch raised it, and not the function itself.
    """

    before: Condition
    after: Condition
    returned: str
    raised: str
    message: str
    by_pytorch: bool


class OptimizersMade(StrictEvidence):
    """All four networks."""

    networks: list[OneOptimizer]
    all_frozen: AllFrozen


class MakeOptimizer(Exercise):
    """An optimizer that holds the trainable parameters and no other."""

    id = "freezing.make_optimizer"
    title = "Only what trains"
    signature = "make_optimizer(model, learning_rate) -> optimizer"
    points = 3
    minutes = 5
    difficulty = 1
    section = "Exercise 3: only what trains"
    evidence = OptimizersMade
    mistakes = [*CONTENT, *RULE, *ERROR, *SIDE_EFFECTS]

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two networks frozen in part, one of which a single parameter trains, and one frozen throughout.

        Old gradients lie on the first three. The model's own parameter, the first of all, is trainable in the first and
        frozen in the second, which is in mixed modes; the third is in eval mode. No rate is a round number.
        """
        rates = rng.permutation(np.arange(21, 60))[:3] / 1000 + 0.00037
        return {
            "networks": [
                {
                    "spec": network_spec(rng, nested=kind == "mixed", deep_head=kind == "mixed"),
                    "kind": kind,
                    "learning_rate": round(float(rate), 5),
                }
                for kind, rate in zip(("half", "mixed", "single"), rates, strict=True)
            ],
            "all_frozen": network_spec(rng, nested=False),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """The optimizers' groups, what two steps move, and what comes of a model that is frozen throughout."""
        seed = challenge["data_seed"]
        prepared = [
            (
                _prepared(asked["spec"], asked["kind"]),
                asked["learning_rate"],
                random_batches(asked["spec"], seed, _STEPS),
            )
            for asked in challenge["networks"]
        ]
        all_frozen = network(challenge["all_frozen"]).requires_grad_(False)
        return {
            "networks": [_ask_for_one(answer, *one) for one in prepared],
            "all_frozen": _ask_for_none(answer, all_frozen),
        }

    def judge(self, evidence: OptimizersMade, expected: dict) -> Verdict:
        """By what the optimizer holds, by its rule, by the error; a point each."""
        facts = Optimizers(evidence, expected["networks"])
        tables = [CONTENT, RULE, ERROR, SIDE_EFFECTS]
        return self.verdict(*judge_by_tables(self.points, facts, tables, _RIGHT))


def _prepared(spec: dict, kind: str) -> Any:
    """A network, half or nearly all of it frozen; old gradients on what is frozen, in the mixed one on everything."""
    import torch

    shared = f"{spec['ties']}.0.weight"
    model = network(spec)
    if kind == "half":
        freeze_every_second(model, trainable=["contrast", shared, spec["head"]])
    elif kind == "mixed":
        freeze_every_second(model, trainable=[shared, spec["head"]], frozen=["contrast"])
        model.eval().get_submodule(spec["stages"][0]).train()
    else:
        model.eval().requires_grad_(False).get_parameter(f"{spec['head']}.bias").requires_grad_(True)
    for parameter in model.parameters():
        if kind == "mixed" or not parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 0.1)
    return model


def _ask_for_one(answer: Any, model: Any, learning_rate: float, batches: list) -> dict:
    import torch

    before = condition(model)
    returned: Any = None
    error = ""
    try:
        returned = ask(answer, model, learning_rate)
    except AnswerRaised as raised:
        if not isinstance(raised.error, ValueError):
            raise
        error = str(raised.error)[:300] or "(without a message)"
    changed_settings = reset_settings()
    after = condition(model)
    found = {
        "before": before,
        "after": after,
        "returned": "",
        "error": error,
        "kind": type(returned).__name__,
        "is_sgd": isinstance(returned, torch.optim.SGD),
        "held": [],
        "settings": [],
        "state": {},
        "changed_settings": changed_settings,
    }
    if error or not isinstance(returned, torch.optim.Optimizer):
        return found | {"returned": "" if error else described(returned)}
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [group for group in returned.param_groups if group["params"]]
    found["held"] = [names.get(id(p), "") for group in groups for p in group["params"]]
    found["settings"] = [{name: _setting(group.get(name)) for name in _SETTINGS} for group in groups]
    if is_sound(Condition.model_validate(before), Condition.model_validate(after)):
        found["state"] = _after_steps(model, returned, batches)
    return found


def _after_steps(model: Any, optimizer: Any, batches: list) -> dict:
    """The model's state after a step for each batch."""
    import torch

    for module in model.modules():  # in eval mode two steps give the same weights on every machine
        module.training = False
    for images, labels in batches:
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.grad = None
        loss = torch.nn.functional.cross_entropy(ask(model, images), labels)
        if loss.requires_grad:  # else the answer froze everything
            ask(loss.backward)
        ask(optimizer.step)
    return snapshot(model)


def _ask_for_none(answer: Any, model: Any) -> dict:
    before = condition(model)
    returned = raised = message = ""
    by_pytorch = False
    try:
        returned = described(ask(answer, model, 0.1))
    except AnswerRaised as problem:  # which is what is asked for
        raised = "ValueError" if isinstance(problem.error, ValueError) else type(problem.error).__name__
        message = " ".join(str(problem.error).split())[:200]
        frames = traceback.extract_tb(problem.error.__traceback__)
        by_pytorch = bool(frames) and "/torch/" in frames[-1].filename.replace("\\", "/")
    reset_settings()
    return {
        "before": before,
        "after": condition(model),
        "returned": returned,
        "raised": raised,
        "message": message,
        "by_pytorch": by_pytorch,
    }


def _setting(value: Any) -> float:
    """A setting of an optimizer as a plain number; NaN if it is none, 0 if it is missing."""
    try:
        return float(value or 0)
    except (TypeError, ValueError, RuntimeError):
        return float("nan")
