"""Write one step of training, the loop's heart in every lesson."""

import copy
from typing import Any

import numpy as np

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.batches import Batch, KnownBatches, random_batches
from grader.exercises.kit.condition import condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.loss_mistakes import OwnLoss
from grader.exercises.kit.loss_watch import LossWatch
from grader.exercises.kit.networks import Spec, network, network_spec
from grader.exercises.kit.numbers import as_number, described
from grader.exercises.kit.training_watch import TrainingWatch
from grader.exercises.lesson_01_scratch_vs_finetuning.training_step_facts import Given, StepFacts
from grader.exercises.lesson_01_scratch_vs_finetuning.training_step_mistakes import MISTAKES, TABLES
from grader.exercises.machine.asking import ask
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_BATCH = 12  # images


class TrainingStep(Exercise):
    """Write one step of training, the loop's heart in every lesson."""

    id = "scratch.training_step"
    title = "One training step"
    signature = "training_step(model, images, labels, optimizer) -> float"
    points = 4
    minutes = 6
    difficulty = 1
    section = "Exercise 1: one training step"
    evidence = Given
    mistakes = MISTAKES

    def challenge(self, rng: np.random.Generator) -> dict:
        """A flat network and a nested one with a deep head; gradients are large, so that clipping them shows.

        The first batch has labels that fit the network: a small loss. Old gradients lie on the first network alone.
        """
        return {
            "networks": [
                network_spec(rng, nested=False, stages=2, gain=4.0),
                network_spec(rng, nested=True, deep_head=True, stages=2, gain=10.0),
            ],
            "data_seed": int(rng.integers(2**31)),
            "learning_rate": float(rng.uniform(0.003, 0.006)),
            "steps": 3,
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """What three calls on each network's batches do, and what each of them returns."""
        runs = [
            _run(
                answer,
                spec,
                challenge["data_seed"] + number,
                challenge["learning_rate"],
                challenge["steps"],
                fresh=number > 0,
            )
            for number, spec in enumerate(challenge["networks"])
        ]
        return {"runs": runs}

    def judge(self, evidence: Given, expected: dict) -> Verdict:
        """Three points for where weights and statistics end, one for the returned loss."""
        right = "After three steps every weight and every statistic is right, and the loss comes back as a number."
        return self.verdict(*judge_by_tables(self.points, StepFacts(evidence, expected), TABLES, right))


def _run(
    answer: Any, spec: Spec, data_seed: int, learning_rate: float, count: int, *, fresh: bool
) -> dict[str, Any]:
    """The network's condition before and after, every optimizer's step, every call.

    A fresh network has no gradients at first, as in the lesson's own runs.
    """
    import torch
    from torch.optim import optimizer as optimizers

    model = network(spec).train()
    generator = torch.Generator().manual_seed(data_seed)
    for parameter in [] if fresh else model.parameters():  # as an earlier `backward()` leaves them
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    batches = random_batches(spec, data_seed, count, _BATCH)
    batches[0] = batches[0][0], _labels_of(model, batches[0][0])
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.5)
    before = condition(model)
    events: list[str] = []

    def on_forward(module: Any, _: Any) -> None:
        if module is model:
            events.append("forward")

    def on_step(stepping: Any, arguments: tuple, named: dict) -> None:
        closure = any(a is not None and a is not stepping for a in [*arguments, *named.values()])
        events.append("closure" if closure else "step" if stepping is optimizer else "other step")

    handles = [
        model.register_forward_pre_hook(on_forward),
        optimizers.register_optimizer_step_pre_hook(on_step),
    ]
    known = KnownBatches({"batch": batches})
    watch = TrainingWatch(model, known)
    losses, taken = LossWatch(model, known, watch.is_busy), OwnLoss(model, known, watch.is_busy)
    calls = []
    try:
        with watch, losses, taken:
            for batch in batches:
                calls.append(_call(answer, model, batch, optimizer, events))
            after = condition(model, own_hooks=[*watch.hooks, *losses.hooks, *taken.hooks, on_forward])
    finally:
        for handle in handles:
            handle.remove()
    return {
        "before": before,
        "after": after,
        "steps": watch.steps,
        "on_a_copy": watch.on_a_copy,
        "passes": losses.passes,
        "own_losses": taken.kinds,
        "calls": calls,
    }


def _labels_of(model: Any, images: Any) -> Any:
    """What a copy of the model, in training mode, takes the images for; where it doubts most, its second guess."""
    import torch

    with torch.no_grad():
        logits, guesses = copy.deepcopy(model)(images).topk(2, dim=1)
    doubtful = (logits[:, 0] - logits[:, 1]).argmin()
    return torch.where(torch.arange(len(images)) == doubtful, guesses[:, 1], guesses[:, 0])


def _call(answer: Any, model: Any, batch: Batch, optimizer: Any, events: list[str]) -> dict[str, Any]:
    """One call of the answer: what it returned, in which order what happened, and losses to compare with."""
    import torch

    images, labels = batch
    given, arguments = (images.clone(), labels.clone()), Arguments(images=images, labels=labels)
    losses = _losses(model, given, "")
    events.clear()
    returned = ask(answer, model, images, labels, optimizer)
    happened, switched = list(events), reset_settings()
    return {
        "returned": as_number(returned),
        "described": described(returned),
        "keeps_graph": isinstance(returned, torch.Tensor) and returned.requires_grad,
        "events": happened,
        "gradients_after": _has_gradients(model),
        "changed_arguments": arguments.changed(),
        "changed_settings": switched,
        "losses": losses | _losses(model, given, " after the update"),
    }


def _has_gradients(model: Any) -> bool:
    """Whether some gradient is not zero; of a model without numbers there is none."""
    gradients = (p.grad for p in model.parameters() if p.grad is not None and p.grad.device.type != "meta")
    return any(bool(gradient.any()) for gradient in gradients)


def _losses(model: Any, batch: Batch, when: str) -> dict[str, float]:
    """Numbers that a step might return, from a copy of the model as it is now; none of a model that is broken."""
    import torch

    images, labels = batch
    try:
        with torch.no_grad():
            copied = copy.deepcopy(model)
            copied._forward_pre_hooks.clear()
            copied._forward_hooks.clear()
            in_eval_mode = float(torch.nn.functional.cross_entropy(_in_mode(copied, False)(images), labels))
            logits = _in_mode(copied, True)(images)
            mean = float(torch.nn.functional.cross_entropy(logits, labels))
            share = float((logits.argmax(dim=1) == labels).float().mean())
    except Exception:  # of a model that the answer made unusable
        return {}
    return {
        f"mean{when}": mean,
        f"sum{when}": mean * len(labels),
        f"mean in eval mode{when}": in_eval_mode,
        f"accuracy{when}": share,
    }


def _in_mode(model: Any, training: bool) -> Any:
    """The model, its modes set by hand: an answer may have hidden its ``train``."""
    for module in model.modules():
        module.training = training
    return model
