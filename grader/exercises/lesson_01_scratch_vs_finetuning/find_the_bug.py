"""Repair a fine-tuning function that runs, whose loss falls, and that is wrong twice."""

from typing import Any

import numpy as np

from grader.exercises.kit.arguments import Arguments
from grader.exercises.kit.condition import condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.loss_mistakes import OwnLoss
from grader.exercises.kit.loss_watch import LossWatch
from grader.exercises.kit.networks import Spec, head_norm, network, network_spec
from grader.exercises.kit.new_layers import same_new_layers
from grader.exercises.kit.returned import returned_model
from grader.exercises.kit.tensors import moved, snapshot
from grader.exercises.kit.training_watch import TrainingWatch
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_facts import Tuned, TuningFacts
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_mistakes import (
    BUG_ROWS,
    MISTAKES,
    NONE_MENDED,
    RIGHT,
    UNSEEN,
)
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug_slips import SLIPS
from grader.exercises.lesson_01_scratch_vs_finetuning.photographs import KnownPhotographs, photographs
from grader.exercises.lesson_01_scratch_vs_finetuning.raw_scores import scores_of
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import first_mistake, judge_by_tables
from grader.exercises.machine.verdict import Finding, Verdict

_GAIN = 4.0  # on the features: it makes gradients large, so that clipping them shows


class FindTheBug(Exercise):
    """Repair a fine-tuning function that runs, whose loss falls, and that is wrong twice."""

    id = "scratch.find_the_bug"
    title = "Find the bug: the loss falls all the same"
    signature = "fine_tune(model, head_name, num_classes, batches, learning_rate) -> model"
    points = 4
    minutes = 10
    difficulty = 3
    section = "Exercise 3: find the bug"
    evidence = Tuned
    mistakes = MISTAKES

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network in eval mode whose head lies inside another module, and four batches of uint8 images."""
        spec = network_spec(rng, nested=True, stages=2) | {"num_classes": 3}
        return {
            "network": spec,
            "num_classes": int(rng.integers(5, 8)),
            "learning_rate": float(rng.integers(31, 60)) / 10_000 + 0.00004,
            "brightness": rng.permutation([40, 90, 140, 190]).tolist(),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """Every step, in which form the images came, and where the model ended that was given and that came back."""
        import torch

        spec, num_classes = challenge["network"], challenge["num_classes"]
        model = network(spec).eval()
        with torch.no_grad():
            model.get_submodule(head_norm(spec)).weight.mul_(_GAIN)
        batches = photographs(spec, num_classes, challenge["brightness"], challenge["data_seed"])
        seen = KnownPhotographs(batches)
        watch = TrainingWatch(model, seen)  # type: ignore[arg-type]
        losses = LossWatch(model, KnownPhotographs(batches), watch.is_busy)  # type: ignore[arg-type]
        taken = OwnLoss(model, KnownPhotographs(batches), watch.is_busy)  # type: ignore[arg-type]
        before, given = condition(model), Arguments(batches=batches)
        with same_new_layers(challenge["data_seed"]), watch, losses, taken:
            result = ask(answer, model, spec["head"], num_classes, batches, challenge["learning_rate"])
            switched = reset_settings()
            after = condition(model, own_hooks=[*watch.hooks, *losses.hooks, *taken.hooks])
        returned, words = returned_model(result)
        final = snapshot(model if returned is None else returned)
        return {
            "returned": words,
            "is_given": returned is model,
            "on_a_copy": watch.on_a_copy,
            "before": before,
            "after": after,
            "first": watch.first_states.get("batch", {}),
            "final": final,
            "rewritten_at_end": moved(watch.last_weights, final),
            **_outputs(model if returned is None else returned, spec),
            "steps": watch.steps,
            "forms": seen.forms,
            "passes": losses.passes,
            "own_losses": taken.kinds,
            "changed_arguments": given.changed(),
            "changed_settings": switched,
        }

    def judge(self, evidence: Tuned, expected: dict) -> Verdict:
        """Two points for each mistake that is mended; slips cost a point each, of what there is beyond one mistake."""
        facts = TuningFacts(evidence, expected)
        if unseen := first_mistake(facts, UNSEEN):
            return self.verdict(0, [unseen.finding(facts)])
        left, slips = judge_by_tables(self.points, facts, SLIPS, RIGHT)
        slips = [finding for finding in slips if finding.id]
        if facts.mended == 0 and not facts.attempted:
            return self.verdict(
                0, [(first_mistake(facts, NONE_MENDED) or NONE_MENDED[-1]).finding(facts), *slips]
            )
        bugs = [row.finding(facts) for row in (first_mistake(facts, table) for table in BUG_ROWS) if row]
        points = min(2.0 * facts.mended, left)
        return self.verdict(points, [*bugs, *slips] or [Finding(text=RIGHT)])


def _outputs(model: Any, spec: Spec) -> dict[str, Any]:
    """The shape of what a model gives for four images, or what stopped it, and the scores of its head."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:  # by hand: an answer may have hidden `train`
            module.training = False
        with torch.no_grad():
            outputs = ask(model, torch.zeros(4, 3, spec["size"], spec["size"]))
            scores = scores_of(model, spec["head"], spec["widths"][-1])
    except AnswerRaised as raised:
        return {
            "outputs": [],
            "scores": [],
            "error": f"{type(raised.error).__name__}: {raised.error}".splitlines()[0][:200],
        }
    finally:
        for module, training in modes:
            module.training = training
    return {"outputs": list(getattr(outputs, "shape", [])), "scores": scores, "error": ""}
