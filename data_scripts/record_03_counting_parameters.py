"""Record lesson 03's experiment over how many parameters train, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 15 minutes on two cores.

    python data_scripts/record_03_counting_parameters.py
"""

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "03_counting_parameters"
SEEDS = (0, 1, 2)
CHOICES = ("head", "BatchNorm and head", "last stage and head", "everything")
RATES = (3e-3, 1e-2, 3e-2)


def planned_runs(lesson: dict) -> list[dict]:
    """Every run that the lesson draws or tells of.

    The budget "choosing" compares learning rates on left-over training images, never on the held-out ones.
    """
    runs = [
        {"choice": choice, "budget": "60 steps", "rate": lesson["RATE"][choice], "seed": seed}
        for seed in SEEDS
        for choice in CHOICES
    ]
    choosing = [("BatchNorm and head", rate) for rate in RATES] + [
        ("last stage and head", rate) for rate in RATES[:2]
    ]
    return [
        {"choice": choice, "budget": "choosing", "rate": rate, "seed": seed}
        for choice, rate in choosing
        for seed in SEEDS[:2]
    ] + runs


def measure(lesson: dict, choice: str, budget: str, rate: float, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    held_out = lesson["test"]
    if budget == "choosing":
        held_out = lesson["cells"].few_labels(lesson["train"], len(lesson["train"]), seed)[-656:]
    history = lesson["run"](choice, 60, seed, held_out, rate)
    model = lesson["lab"].load_backbone(num_classes=2, pretrained=False)
    return {
        "choice": choice,
        "budget": budget,
        "rate": rate,
        "seed": seed,
        "parameters": sum(p.numel() for p in lesson["parameters_to_train"](model, choice)),
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
    }


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {
        "image_size": 96,
        "batch_size": 32,
        "labels": 200,
        "steps": 60,
        "learning_rate": lesson["RATE"],
        "split": "stratified",
    }
    file = RecordingFile(LESSON, settings, named_by=("budget", "choice", "rate", "seed"))
    runs = planned_runs(lesson)
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {wanted}: {run['accuracy']:.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
