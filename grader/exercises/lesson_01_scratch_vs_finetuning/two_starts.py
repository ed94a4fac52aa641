"""Build the two networks to compare, each with a head for the new classes."""

from typing import Any

import numpy as np

from grader.exercises.kit.batches import random_batches
from grader.exercises.kit.condition import condition
from grader.exercises.kit.global_settings import reset_settings
from grader.exercises.kit.networks import Spec, network, network_spec
from grader.exercises.kit.numbers import described
from grader.exercises.kit.returned import returned_model
from grader.exercises.lesson_01_scratch_vs_finetuning.raw_scores import scores_of
from grader.exercises.lesson_01_scratch_vs_finetuning.two_starts_facts import IMAGES, Pairs, StartFacts
from grader.exercises.lesson_01_scratch_vs_finetuning.two_starts_mistakes import MISTAKES, TABLES
from grader.exercises.machine.asking import AnswerRaised, ask
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.mistakes import judge_by_tables
from grader.exercises.machine.verdict import Verdict

_BEHIND = ["afterwards", "last_of_all"]


class TwoStarts(Exercise):
    """Build the two networks to compare, each with a head for the new classes."""

    id = "scratch.two_starts"
    title = "Two starts, one architecture"
    signature = "two_starts(build, num_classes) -> (scratch, fine_tuned)"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 2: two starts"
    evidence = Pairs
    mistakes = MISTAKES

    def challenge(self, rng: np.random.Generator) -> dict:
        """A flat architecture, a nested one whose last linear layer lies two modules deep, and one in mixed modes.

        There are fewer old and more new classes than any layer is wide: the shapes tell what was taken for the head.
        The last one has as many old as new classes, something behind the head, and a layer whose name is later in the
        alphabet.
        """
        specs = [
            network_spec(rng, nested=False, stages=2, head_last=True),
            network_spec(rng, nested=True, stages=2, head_last=True, deep_head=True),
        ]
        specs = [spec | {"num_classes": 3} for spec in specs]  # fewer than any layer is wide
        first, second, third = (int(classes) for classes in rng.permutation([8, 9, 11, 12])[:3])
        mixed = network_spec(rng, nested=False, stages=2, head_last=True)
        specs.append(mixed | {"num_classes": third, "ties": "weave", "behind": str(rng.choice(_BEHIND))})
        return {
            "networks": specs,
            "scratch_seeds": [int(rng.integers(2**31)) for _ in specs],
            "num_classes": [first, second, third],
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer: Any, challenge: dict) -> dict:
        """For each architecture: what the two networks hold, and what they give for a few images."""
        asked = zip(challenge["networks"], challenge["scratch_seeds"], challenge["num_classes"], strict=True)
        return {"pairs": [_pair(answer, *one, challenge["data_seed"]) for one in asked]}

    def judge(self, evidence: Pairs, expected: dict) -> Verdict:
        """By three aspects: the heads, the starts, and what else was done to the networks."""
        right = "Both heads fit the new classes, and each backbone has the start it should have."
        return self.verdict(*judge_by_tables(self.points, StartFacts(evidence, expected), TABLES, right))


def as_built(spec: Spec) -> Any:
    """What ``build`` gives: in training mode, or in mixed modes with a module behind the head."""
    import torch

    model = network(spec)
    if spec.get("behind"):
        model.add_module(spec["behind"], torch.nn.Identity())
        model._order.append(spec["behind"])
        model.eval()
        model.get_submodule(spec["stages"][1]).train()
    return model


def head_of(model: Any) -> str:
    """Name of the last ``nn.Linear``."""
    import torch

    return [name for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)][-1]


def _pair(answer: Any, spec: Spec, scratch_seed: int, num_classes: int, data_seed: int) -> dict[str, Any]:
    built: list[tuple[Any, dict[str, Any]]] = []  # kept, so that no other object is taken for one of them

    def build(pretrained: bool) -> Any:
        model = as_built(spec if pretrained else {**spec, "seed": scratch_seed})
        built.append((model, condition(model)))
        return model

    result = ask(answer, build, num_classes)
    switched = reset_settings()
    nothing = {"shared": "", "networks": [], "changed_settings": switched}
    if not isinstance(result, tuple | list):
        return {"problem": f"the function returned {described(result)}", **nothing}
    if len(result) != 2:
        return {"problem": f"the function returned {len(result)} results", **nothing}
    models = [returned_model(one) for one in result]
    problem = next((f"one result is {words}" for model, words in models if model is None), "")
    if problem:
        return {"problem": problem, **nothing}
    images, _ = random_batches(spec, data_seed, 1, IMAGES)[0]
    (scratch, _), (fine_tuned, _) = models
    return {
        "problem": "",
        "shared": _shared(scratch, fine_tuned),
        "networks": [
            _described(model, images, head_of(as_built(spec)), built) for model in (scratch, fine_tuned)
        ],
        "changed_settings": switched,
    }


def _shared(left: Any, right: Any) -> str:
    """Name of a tensor that both networks hold in the same memory, "" if there is none."""
    places = {_place(tensor) for tensor in left.state_dict().values()} - {None}
    return next((name for name, tensor in right.state_dict().items() if _place(tensor) in places), "")


def _place(tensor: Any) -> int | None:
    """Where a tensor's numbers lie; ``None`` of one that holds none."""
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (AttributeError, RuntimeError, NotImplementedError, ValueError):  # lazy, on no device, no tensor
        return None


def _described(model: Any, images: Any, head: str, built: list[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
    import torch

    now = condition(model)
    before = next((then for one, then in built if one is model), now)
    found: dict[str, Any] = {
        "condition": now,
        "attributes": before["attributes"],
        "layouts": before["layouts"],
        "scores": [],
        "dotted": next((name for name in model._modules if "." in name), ""),
        "linears": {
            name: [int(module.out_features), len(module.weight)]
            for name, module in model.named_modules()
            if type(module) is torch.nn.Linear
        },
        "outputs": "",
        "shape": [],
        "are_shares": False,
        "error": "",
    }
    modes = [(module, module.training) for module in model.modules()]
    try:
        with torch.no_grad():
            outputs = ask(_evaluating(model), images)
            width = next((then["state"][f"{head}.weight"].shape[1] for _, then in built), 0)
            found["scores"] = scores_of(model, head, width)
    except AnswerRaised as raised:
        return found | {"error": f"{type(raised.error).__name__}: {raised.error}".splitlines()[0][:200]}
    finally:
        for module, training in modes:
            module.training = training
    if not isinstance(outputs, torch.Tensor):
        return found | {"outputs": described(outputs)}
    shares = outputs.float() if bool((outputs >= 0).all()) else outputs.float().exp()
    return found | {
        "shape": list(outputs.shape),
        "are_shares": outputs.ndim == 2 and bool(((shares.sum(dim=1) - 1).abs() < 1e-3).all()),
    }


def _evaluating(model: Any) -> Any:
    """The model in eval mode, set by hand: an answer may have hidden its ``train``."""
    for module in model.modules():
        module.training = False
    return model
