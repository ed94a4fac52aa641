"""Record lesson 04's sweep over learning rates and seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 25 minutes on two cores.

    python data_scripts/record_04_learning_rates.py
"""

import math

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "04_learning_rates"
SEEDS = (0, 1, 2)
RATES = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
DISCRIMINATIVE = ((1e-3, 1e-2),)  # backbone, head
WARMED_UP = (1e-2, 3e-2)


def planned_runs() -> list[dict]:
    """The sweep, warm-up, a control in which nothing trains, a rate of its own for the head."""
    runs = [
        {"recipe": "one rate", "rate": rate, "head_rate": rate, "seed": seed}
        for seed in SEEDS
        for rate in RATES
    ]
    runs += [
        {"recipe": "warm-up", "rate": rate, "head_rate": rate, "seed": seed}
        for seed in SEEDS
        for rate in WARMED_UP
    ]
    runs += [{"recipe": "nothing trains", "rate": 0.0, "head_rate": 0.0, "seed": seed} for seed in SEEDS]
    return runs + [
        {"recipe": "two rates", "rate": rate, "head_rate": head_rate, "seed": seed}
        for seed in SEEDS
        for rate, head_rate in DISCRIMINATIVE
    ]


def measure(lesson: dict, recipe: str, rate: float, head_rate: float, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    warm_up_steps = 20 if recipe == "warm-up" else 0
    history = lesson["run"](rate, head_rate, warm_up_steps, seed=seed)
    return {
        "recipe": recipe,
        "rate": rate,
        "head_rate": head_rate,
        "seed": seed,
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
        "probe": round(history.notes["probe"], 4),
        "moved": round(history.notes["moved"], 5),
        "loss": [round(loss, 4) if math.isfinite(loss) else None for loss in history.loss],
        "curve": [[step, round(score.accuracy, 4)] for step, score in sorted(history.scores.items())],
    }


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


if __name__ == "__main__":
    typer.run(main)
