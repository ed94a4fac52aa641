"""Expected values of lesson 01_scratch_vs_finetuning. Stays with the instructor."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.networks import network
from grader.exercises.kit.tensors import snapshot
from grader.exercises.lesson_01_scratch_vs_finetuning.find_the_bug import FindTheBug
from grader.exercises.lesson_01_scratch_vs_finetuning.photographs import few_pixels, photographs
from grader.exercises.lesson_01_scratch_vs_finetuning.training_step import TrainingStep
from grader.exercises.lesson_01_scratch_vs_finetuning.two_starts import as_built, head_of


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
        networks = {"scratch": as_built({**spec, "seed": seed}), "fine-tuned": as_built(spec)}
        head = head_of(networks["scratch"])
        heads = {which: model.get_submodule(head) for which, model in networks.items()}
        modules = [(name, module) for name, module in networks["scratch"].named_modules() if name != head]
        pairs.append(
            {
                **{
                    which: {n: v for n, v in snapshot(model).items() if not n.startswith(f"{head}.")}
                    for which, model in networks.items()
                },
                "old_heads": {which: one.weight for which, one in heads.items()},
                "old_biases": {which: one.bias for which, one in heads.items()},
                "old_classes": spec["num_classes"],
                "head": head,
                "num_classes": classes,
                "modules": [name for name, _ in modules],
                "training": [name for name, module in modules if module.training],
            }
        )
    return {"pairs": pairs}


def _by_recipe(pixels):
    return (pixels.float() / 255 - 0.5) / 0.5


def _by_own_statistics(pixels):
    images = pixels.float()
    return (images - images.mean()) / images.std()


def _fine_tune(model, head_name, num_classes, batches, learning_rate):
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    model.set_submodule(head_name, head)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for pixels, labels in batches:
        _step(model, _by_recipe(pixels), labels, optimizer)
    return model


def _released(model, head_name, num_classes, batches, learning_rate):
    """The function of the release, which holds both mistakes."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    head = model.get_submodule(head_name)
    model.set_submodule(head_name, nn.Linear(head.in_features, num_classes))
    model.train()
    for pixels, labels in batches:
        _step(model, _by_own_statistics(pixels), labels, optimizer)
    return model


def _own(images, dims):
    return (images - images.mean(dim=dims, keepdim=True)) / images.std(dim=dims, keepdim=True)


def _by_imagenet(pixels):
    mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (pixels.float() / 255 - mean[:, None, None]) / spread[:, None, None]


_FORMS: dict[str, list[Callable]] = {  # of the images, right and wrong, by what the judge calls them
    "pretrained": [_by_recipe],
    "own statistics": [_by_own_statistics, lambda p: _by_own_statistics(p.float() / 255)],
    "own statistics of channels": [lambda p: _own(p.float(), (0, 2, 3))],
    "own statistics of images": [lambda p: _own(p.float(), (1, 2, 3))],
    "own statistics of both": [lambda p: _own(p.float(), (2, 3))],
    "imagenet": [_by_imagenet],
    "only scaled": [lambda p: p.float() / 255],
    "raw": [lambda p: p.float()],
    "only centred": [lambda p: p.float() / 255 - 0.5],
    "not centred": [lambda p: p.float() / 255 / 0.5],
    "twice": [lambda p: (_by_recipe(p) - 0.5) / 0.5],
    "stretched": [
        lambda p: (p.float() - p.min()) / (p.max() - p.min()).float(),
        lambda p: 2 * (p.float() - p.min()) / (p.max() - p.min()).float() - 1,
    ],
}


def find_the_bug(challenge: dict) -> dict:
    """How the right function trains, where the given one ends, and the images in every known form."""
    exercise = FindTheBug()
    right, given = exercise.collect(_fine_tune, challenge), exercise.collect(_released, challenge)
    spec, classes = challenge["network"], challenge["num_classes"]
    batches = photographs(spec, classes, challenge["brightness"], challenge["data_seed"])
    return {
        "head": spec["head"],
        "num_classes": classes,
        "steps": right["steps"],
        "first": right["first"],
        "final": right["final"],
        "released": given["final"],
        "old_head": network(spec).get_submodule(spec["head"]).weight,
        "views": {
            name: [[few_pixels(make(pixels)) for pixels, _ in batches] for make in makes]
            for name, makes in _FORMS.items()
        },
    }


EXPECT = {
    "scratch.training_step": training_step,
    "scratch.two_starts": two_starts,
    "scratch.find_the_bug": find_the_bug,
}
