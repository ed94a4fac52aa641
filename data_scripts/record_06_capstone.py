"""Record the capstone's recipes over seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 20 minutes on two cores.

    python data_scripts/record_06_capstone.py
"""

import time

import numpy as np
import typer
from rich import print
from sklearn.metrics import balanced_accuracy_score

from grader.build.recording import RecordingFile, lesson_functions

LESSON = "06_capstone"
SEEDS = (0, 1, 2)
REFERENCE = {
    "size": 160,
    "frozen_stages": 4,
    "epochs": 12,
    "rate": 2e-3,
    "dropout": 0.2,
    "soft_labels": True,
}
RECIPES = {
    "reference": REFERENCE,
    "plain": {**REFERENCE, "size": 96, "frozen_stages": 7, "epochs": 5, "soft_labels": False},
    "hard labels": {**REFERENCE, "soft_labels": False},
    "96 pixels": {**REFERENCE, "size": 96},
}


def accuracy_of(lesson: dict, model: object, size: int, flips: bool) -> tuple[float, float]:
    """Accuracy and balanced accuracy on the held-out cells, as fractions."""
    cells, test = lesson["cells"], lesson["test"]
    parts = np.array_split(test, 12)
    scores = np.concatenate([lesson["scores"](model, cells.images[part], size, flips) for part in parts])
    right, guesses = cells.defective[test], scores.argmax(axis=1)
    return float((guesses == right).mean()), float(balanced_accuracy_score(right, guesses))


def measure(lesson: dict, recipe: str, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    started = time.perf_counter()
    model, history = lesson["train_inspector"](RECIPES[recipe], seed)
    seconds = time.perf_counter() - started
    accuracy, balanced = accuracy_of(lesson, model, RECIPES[recipe]["size"], flips=True)
    single, _ = accuracy_of(lesson, model, RECIPES[recipe]["size"], flips=False)
    return {
        "recipe": recipe,
        "seed": seed,
        "accuracy": round(accuracy, 4),
        "balanced_accuracy": round(balanced, 4),
        "accuracy_without_flips": round(single, 4),
        "steps": len(history.loss),
        "seconds": round(seconds, 1),
    }


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    file = RecordingFile(LESSON, {"recipes": RECIPES, "split": "stratified"}, named_by=("recipe", "seed"))
    for recipe in RECIPES:
        for seed in SEEDS:
            if not file.has(recipe=recipe, seed=seed):
                run = measure(lesson, recipe, seed)
                file.add(run)
                print(run, flush=True)


if __name__ == "__main__":
    typer.run(main)
