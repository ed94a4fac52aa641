"""Record lesson 05's recipes over tasks, BatchNorm modes and seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 15 minutes on two cores.

    python data_scripts/record_05_staged_unfreezing.py
"""

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "05_staged_unfreezing"
SEEDS = (0, 1, 2)
MOVING = ("same modules", "poly to mono")  # tasks on which BatchNorm's statistics may move, too


def planned_runs(lesson: dict) -> list[dict]:
    """Every recipe on every task; both modes of BatchNorm where stages train."""
    return [
        {"task": task, "recipe": recipe, "statistics": statistics, "seed": seed}
        for task in lesson["TASKS"]
        for seed in SEEDS
        for recipe, (_, stage_steps, _) in lesson["RECIPES"].items()
        for statistics in (("frozen", "moving") if stage_steps and task in MOVING else ("frozen",))
    ]


def measure(lesson: dict, task: str, recipe: str, statistics: str, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    history = lesson["run"](recipe, task, statistics, seed)
    return {
        "task": task,
        "recipe": recipe,
        "statistics": statistics,
        "seed": seed,
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
        "features_moved": round(history.notes["features moved"], 4),
    }


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {
        "image_size": 128,
        "batch_size": 32,
        "frozen_stages": 5,
        "recipes": lesson["RECIPES"],
        "rates": {name: lesson[name] for name in ("NEW_HEAD_RATE", "TUNED_HEAD_RATE", "STAGE_RATE")},
    }
    file = RecordingFile(LESSON, settings, named_by=("task", "recipe", "statistics", "seed"))
    runs = planned_runs(lesson)
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            told = f"{run['accuracy']:.4f}, features moved {run['features_moved']:.3f}"
            print(f"{number}/{len(runs)} {wanted}: {told}", flush=True)


if __name__ == "__main__":
    typer.run(main)
