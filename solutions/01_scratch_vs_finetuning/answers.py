"""Expected values of lesson 01_scratch_vs_finetuning. Stays with the instructor."""

from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.networks import network
from grader.exercises.kit.tensors import snapshot
from grader.exercises.lesson_01_scratch_vs_finetuning.training_step import TrainingStep


def _step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def training_step(challenge: dict) -> dict:
    """Where each network starts and ends, and the steps in between."""
    runs = TrainingStep().collect(_step, challenge)["runs"]
    return {
        "runs": [
            {"start": run["before"]["state"], "state": run["after"]["state"], "steps": run["steps"]}
            for run in runs
        ]
    }


def two_starts(challenge: dict) -> dict:
    """Backbones as `build` gives them, the old heads, and the number of new classes of each architecture."""
    pairs = []
    for spec, seed, classes in zip(
        challenge["networks"], challenge["scratch_seeds"], challenge["num_classes"], strict=True
    ):
        networks = {"scratch": network({**spec, "seed": seed}), "fine-tuned": network(spec)}
        head = [name for name, layer in networks["scratch"].named_modules() if isinstance(layer, nn.Linear)][
            -1
        ]
        pairs.append(
            {
                **{
                    which: {n: v for n, v in snapshot(model).items() if not n.startswith(f"{head}.")}
                    for which, model in networks.items()
                },
                "old_heads": {which: model.get_submodule(head).weight for which, model in networks.items()},
                "old_classes": spec["num_classes"],
                "head": head,
                "num_classes": classes,
                "modules": [name for name, _ in networks["scratch"].named_modules() if name != head],
            }
        )
    return {"pairs": pairs}


EXPECT = {
    "scratch.training_step": training_step,
    "scratch.two_starts": two_starts,
}
