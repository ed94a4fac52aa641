"""Expected values of lesson 01_scratch_vs_finetuning. Stays with the instructor."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises.kit.models import head_name, random_cnn, snapshot
from grader.exercises.lesson_01_scratch_vs_finetuning.exercises import FindTheBug, TrainingStep


def _step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _gradients_pile_up(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _summed_loss(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


def _softmax_twice(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images).softmax(dim=1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def _no_step(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss.item()


def _two_steps(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


def _eval_mode(model, images, labels, optimizer):
    model.eval()
    return _step(model, images, labels, optimizer)


_STEP_MISTAKES: dict[str, tuple[Callable, str, str]] = {
    "gradients_pile_up": (
        _gradients_pile_up,
        "The gradients of earlier batches were never cleared: each update used the sum of all of them.",
        "Call `optimizer.zero_grad()` once a step, before `backward()`.",
    ),
    "no_step": (
        _no_step,
        "No weight moved: the update is missing, or it came when the gradients were cleared.",
        "After `loss.backward()` comes `optimizer.step()`, with no `zero_grad()` between the two, and not before it.",
    ),
    "summed_loss": (
        _summed_loss,
        "The loss was summed over the batch: the updates are as many times larger as there are images.",
        "`F.cross_entropy` takes the mean unless it is told otherwise.",
    ),
    "softmax_twice": (
        _softmax_twice,
        "The network's outputs went through a softmax before the loss, which applies one itself.",
        "Give `F.cross_entropy` the raw logits.",
    ),
    "two_steps": (
        _two_steps,
        "Each batch updated the weights twice.",
        "One `optimizer.step()` a batch.",
    ),
    "eval_mode": (
        _eval_mode,
        "BatchNorm's running statistics did not move: the step ran in eval mode.",
        "A training step leaves the model in training mode, in which it was given.",
    ),
}


def training_step(challenge: dict) -> dict:
    """State and losses of a right step; for each mistake, the tensors in which it differs."""
    exercise = TrainingStep()
    right = exercise.collect(_step, challenge)["runs"]
    runs = [{"state": run["state"], "returned": run["returned"], "mistakes": {}} for run in right]
    for mistake, (wrong_step, _, _) in _STEP_MISTAKES.items():
        state = exercise.collect(wrong_step, challenge)["runs"][0]["state"]
        wanted = runs[0]["state"]
        runs[0]["mistakes"][mistake] = {
            name: state[name] for name in wanted if not np.array_equal(state[name], wanted[name])
        }
    return {
        "runs": runs,
        "sentences": {name: {"text": text, "hint": hint} for name, (_, text, hint) in _STEP_MISTAKES.items()},
    }


def two_starts(challenge: dict) -> dict:
    """Backbones as they must stay, and the number of classes of each architecture."""
    pairs = []
    for spec, seed, classes in zip(
        challenge["networks"], challenge["scratch_seeds"], challenge["num_classes"], strict=True
    ):
        head = f"{head_name(spec)}."
        backbones = {
            which: {
                "backbone": {
                    name: value
                    for name, value in snapshot(random_cnn({**spec, "seed": start})).items()
                    if not name.startswith(head)
                }
            }
            for which, start in (("scratch", seed), ("fine_tuned", spec["seed"]))
        }
        pairs.append({**backbones, "num_classes": classes})
    return {"pairs": pairs}


def _pretrained_range(pixels):
    return (pixels.float() / 255 - 0.5) / 0.5


_IMAGE_MISTAKES: dict[str, tuple[Callable, str, str]] = {
    "own_statistics": (
        lambda pixels: (pixels.float() - pixels.float().mean()) / pixels.float().std(),
        "Each batch is still normalised by its own mean and spread: a dark batch and a bright one look alike to the "
        "network, and the same cell looks different from batch to batch.",
        "A pretrained network wants the numbers it was pretrained with: `(pixels / 255 - 0.5) / 0.5`.",
    ),
    "imagenet_numbers": (
        lambda pixels: (
            (pixels.float() / 255 - torch.tensor([0.485, 0.456, 0.406])[:, None, None])
            / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        ),
        "The images are normalised with the numbers most used for ImageNet networks, but this one was pretrained "
        "with others.",
        "Its recipe, from lesson 0, is mean 0.5 and standard deviation 0.5.",
    ),
    "only_scaled": (
        lambda pixels: pixels.float() / 255,
        "The images reach the network in the range 0 to 1; it was pretrained on -1 to 1.",
        "Subtract the mean of 0.5 and divide by the standard deviation of 0.5.",
    ),
    "raw_pixels": (
        lambda pixels: pixels.float(),
        "The images reach the network as raw pixels from 0 to 255; it was pretrained on -1 to 1.",
        "Divide by 255, subtract 0.5, divide by 0.5.",
    ),
}


def _fine_tune(normalise: Callable) -> Callable:
    def fine_tune(model, head, num_classes, batches, learning_rate):
        old = model.get_submodule(head)
        model.set_submodule(head, nn.Linear(old.in_features, num_classes))
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        model.train()
        for pixels, labels in batches:
            _step(model, normalise(pixels), labels, optimizer)
        return model

    return fine_tune


def find_the_bug(challenge: dict) -> dict:
    """What the network must be given, and what it is given when the range is wrong."""
    exercise = FindTheBug()

    def given(normalise: Callable) -> list:
        return exercise.collect(_fine_tune(normalise), challenge)["given"]

    return {
        "num_classes": challenge["num_classes"],
        "given": given(_pretrained_range),
        "mistakes": {name: given(wrong) for name, (wrong, _, _) in _IMAGE_MISTAKES.items()},
        "sentences": {
            name: {"text": text, "hint": hint} for name, (_, text, hint) in _IMAGE_MISTAKES.items()
        },
    }


EXPECT = {
    "scratch.training_step": training_step,
    "scratch.two_starts": two_starts,
    "scratch.find_the_bug": find_the_bug,
}
