"""Record lesson 04's sweep over learning rates, schedules, decays and seeds, into its ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 20 minutes on two cores.

    python data_scripts/record_04_learning_rates.py
"""

import math

import numpy as np
import torch
import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "04_learning_rates"
SEEDS = range(5)
RATES = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
DISCRIMINATIVE = ((1e-3, 1e-2),)  # backbone, head
PEAKS = (1e-3, 3e-3, 1e-2)
SCHEDULED = {"warm-up": (1e-2, 3e-2), "cosine": PEAKS, "one-cycle": PEAKS}
PULLED = (3e-3,)
SHRUNK = (3e-3,)
STRENGTH, DECAY = 0.1, 1.0  # of the pull towards the start; of AdamW's weight decay, else 0.01
RANGE_TESTS = {"SGD": (1e-4, 1e1), "AdamW": (1e-6, 1e0)}  # lowest and highest rate


def planned_runs() -> list[dict]:
    """The sweep, schedules, a control in which nothing trains, a rate of its own for the head, two decays."""
    settings = [("one rate", rate, rate) for rate in RATES]
    settings += [(recipe, rate, rate) for recipe, rates in SCHEDULED.items() for rate in rates]
    settings += [("nothing trains", 0.0, 0.0)]
    settings += [("two rates", *rates) for rates in DISCRIMINATIVE]
    settings += [("towards the start", rate, rate) for rate in PULLED]
    settings += [("weight decay 1", rate, rate) for rate in SHRUNK]
    return [
        {"recipe": recipe, "rate": rate, "head_rate": head_rate, "seed": seed}
        for seed in SEEDS
        for recipe, rate, head_rate in settings
    ]


def measure(lesson: dict, recipe: str, rate: float, head_rate: float, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    schedule = {"warm-up": "warm_up", "cosine": "cosine", "one-cycle": "one_cycle"}.get(recipe)
    changed = {"schedule": lesson[schedule]} if schedule else {}
    if recipe == "towards the start":
        start = lesson["lab"].load_backbone(pretrained=True).to(lesson["lab"].device()).state_dict()
        changed["step"] = lesson["pulled_step"](start, STRENGTH)
    if recipe == "weight decay 1":
        changed["decay"] = DECAY
    history = lesson["run"](rate, head_rate, seed=seed, **changed)
    return {
        "recipe": recipe,
        "rate": rate,
        "head_rate": head_rate,
        "seed": seed,
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
        "probe": round(history.notes["probe"], 4),
        "moved": round(history.notes["moved"], 5),
        "loss": [_short(loss) for loss in history.loss],
        "curve": [[step, round(score.accuracy, 4)] for step, score in sorted(history.scores.items())],
    }


def record_range_test(lesson: dict, optimizer_name: str, seed: int) -> dict:
    """Exercise 1's range test on the pretrained network with 32 batches, with any optimizer of PyTorch's."""
    lab, cells = lesson["lab"], lesson["cells"]
    lab.seed_everything(seed)
    model = lab.load_backbone(num_classes=2, pretrained=True).to(lab.device())
    few = cells.few_labels(lesson["train"], 200, seed)
    batches = lab.Batches(cells, few, steps=32, seed=seed)
    lowest, highest = RANGE_TESTS[optimizer_name]
    optimizer = getattr(torch.optim, optimizer_name)(model.parameters(), lr=lowest)
    model.train()
    rates, losses = np.geomspace(lowest, highest, 32).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        losses.append(
            lesson["training_step"](model, images.to(lab.device()), labels.to(lab.device()), optimizer)
        )
    return {
        "recipe": f"range test, {optimizer_name}",
        "rate": lowest,
        "head_rate": lowest,
        "seed": seed,
        "rates": [float(f"{rate:.5g}") for rate in rates],
        "loss": [_short(loss) for loss in losses],
    }


def _short(loss: float) -> float | None:
    return round(loss, 4) if math.isfinite(loss) else None


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {"image_size": 64, "batch_size": 32, "labels": 200, "steps": 60, "split": "stratified"}
    file = RecordingFile(LESSON, settings, named_by=("recipe", "rate", "head_rate", "seed"))
    runs = planned_runs()
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            told = f"{run['accuracy']:.4f}, probe {run['probe']:.4f}, moved {run['moved']:.3f}"
            print(f"{number}/{len(runs)} {wanted}: {told}", flush=True)
    for seed in SEEDS:
        for name in RANGE_TESTS:
            if not file.has(recipe=f"range test, {name}", seed=seed):
                file.add(record_range_test(lesson, name, seed))


if __name__ == "__main__":
    typer.run(main)
