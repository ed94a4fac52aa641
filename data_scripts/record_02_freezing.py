"""Record lesson 02's experiment over what is frozen, labels and seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About ten minutes of one
processor core.

    python data_scripts/record_02_freezing.py
"""

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "02_freezing"
SEEDS = (0, 1, 2, 3, 4)
CHOOSING_SEEDS = (0, 1, 2)
LABELS = (50, 200, 1000)
RATES = {"head": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1), "last two stages": (1e-3, 3e-3, 1e-2, 3e-2)}
CHOICES = ("head", "last two stages", "everything")


def planned_runs(lesson: dict) -> list[dict]:
    """Every run that the lesson draws or tells of.

    The budget "choosing" compares learning rates on left-over training images, never on the held-out ones.
    """

    def run(choice: str, labels: int, seed: int, statistics: str = "frozen", **other: object) -> dict:
        named = {"budget": "60 steps", "rate": lesson["RATE"][choice], **other}
        return {"choice": choice, "labels": labels, "seed": seed, "statistics": statistics, **named}

    runs = [
        run(choice, 200, seed, budget="choosing", rate=rate)
        for choice, rates in RATES.items()
        for rate in rates
        for seed in CHOOSING_SEEDS
    ]
    for seed in SEEDS:
        for labels in LABELS:
            runs += [run(choice, labels, seed) for choice in CHOICES]
            runs += [run("head", labels, seed, "moving")]
    return runs


def measure(
    lesson: dict, choice: str, labels: int, seed: int, statistics: str, budget: str, rate: float
) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    held_out = lesson["test"]
    if budget == "choosing":
        held_out = lesson["cells"].few_labels(lesson["train"], len(lesson["train"]), seed)[-656:]
    history = lesson["run"](choice, labels, 60, seed, statistics, held_out, rate, measure_every=60)
    return {
        "choice": choice,
        "labels": labels,
        "budget": budget,
        "rate": rate,
        "statistics": statistics,
        "seed": seed,
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
    }


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {
        "image_size": 96,
        "batch_size": 32,
        "steps": 60,
        "split": "stratified",
    }
    named_by = ("budget", "choice", "statistics", "labels", "rate", "seed")
    file = RecordingFile(LESSON, settings, named_by=named_by)
    runs = planned_runs(lesson)
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {wanted}: {run['accuracy']:.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
