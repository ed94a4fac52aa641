"""Record the capstone's recipes over seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 45 minutes on two cores.

    python data_scripts/record_06_capstone.py
"""

import time

import numpy as np
import typer
from rich import print
from sklearn.metrics import balanced_accuracy_score

from grader.authoring.recording import RecordingFile, lesson_functions

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

# How much does a random split flatter? The plain recipe, each quarter held out once; means over the four.
SPLITS = {"plain, random quarters": "stratified", "plain, whole stretches": "blocks"}


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


def measure_split(lesson: dict, name: str, seed: int) -> dict:
    """The plain recipe on four splits: means of accuracy, balanced accuracy and majority baseline."""
    started, cells = time.perf_counter(), lesson["cells"]
    reached = []
    for held_out in cells.quarters(SPLITS[name]):
        rest = np.setdiff1d(np.arange(len(cells.images)), held_out)
        model, _ = lesson["train_inspector"](RECIPES["plain"], seed, indices=rest)
        size, parts = RECIPES["plain"]["size"], np.array_split(held_out, 12)
        scores = np.concatenate([lesson["scores"](model, cells.images[part], size, True) for part in parts])
        right, guesses = cells.defective[held_out], scores.argmax(axis=1)
        baseline = cells.majority_baseline(held_out)
        reached.append(((guesses == right).mean(), balanced_accuracy_score(right, guesses), baseline))
    accuracy, balanced, baseline = np.mean(reached, axis=0)
    return {
        "recipe": name,
        "seed": seed,
        "accuracy": round(float(accuracy), 4),
        "balanced_accuracy": round(float(balanced), 4),
        "baseline": round(float(baseline), 4),
        "seconds": round(time.perf_counter() - started, 1),
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
    for name in SPLITS:
        for seed in SEEDS:
            if not file.has(recipe=name, seed=seed):
                run = measure_split(lesson, name, seed)
                file.add(run)
                print(run, flush=True)


if __name__ == "__main__":
    typer.run(main)
