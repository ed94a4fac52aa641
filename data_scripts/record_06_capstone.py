"""Record the capstone's recipes over seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 25 minutes on two cores.
Each run keeps the defect probability of every test and validation cell, in thousandths: what the lesson says
of thresholds, of calibration and of two inspectors on the same cells is computed from them.

    python data_scripts/record_06_capstone.py
"""

import time

import numpy as np
import typer
from rich import print
from sklearn.metrics import balanced_accuracy_score

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "06_capstone"
SEEDS, SPLIT_SEEDS = (0, 1, 2, 3, 4), (0, 1, 2)  # four trainings each seed of a split
REFERENCE = {
    "size": 128,
    "frozen_stages": 5,
    "epochs": 16,
    "rate": 1e-3,
    "dropout": 0.2,
    "soft_labels": True,
}
PLAIN = {"size": 96, "frozen_stages": 7, "epochs": 5, "rate": 2e-3, "dropout": 0.2, "soft_labels": False}
RECIPES = {"plain": PLAIN, "reference": REFERENCE}

# How much does a random split flatter? The plain recipe, each quarter held out once; means over the four.
SPLITS = {"plain, random quarters": "stratified", "plain, whole stretches": "blocks"}

# All is chosen: then the validation cells may train as well. Who wants one number for the paper's does that.
WHOLE, WHOLE_SEEDS = "reference, training and validation cells", range(10)


def defect_probability(
    lesson: dict, model: object, size: int, indices: np.ndarray, flips: bool
) -> np.ndarray:
    """What a network says of the cells at ``indices``, float64 ``(n,)``, rounded to thousandths."""
    parts = np.array_split(indices, 12)
    images = lesson["cells"].images
    scores = [lesson["scores"](model, images[part], size, flips) for part in parts]
    return np.round(np.concatenate(scores)[:, 1].astype(float), 3)


def measure(lesson: dict, recipe: str, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    started, worked = time.perf_counter(), time.process_time()
    model, history = lesson["train_inspector"](RECIPES[recipe], seed)
    seconds, processor_seconds = time.perf_counter() - started, time.process_time() - worked
    size = RECIPES[recipe]["size"]
    run = {"recipe": recipe, "seed": seed}
    chances = {}
    for part in ("test", "validation"):
        labels = lesson["cells"].defective[lesson[part]]
        chances[part] = defect_probability(lesson, model, size, lesson[part], flips=True)
        guesses, named = chances[part] > 0.5, "" if part == "test" else "validation_"
        run[f"{named}accuracy"] = round(float((guesses == labels).mean()), 4)
        run[f"{named}balanced_accuracy"] = round(float(balanced_accuracy_score(labels, guesses)), 4)
    single = defect_probability(lesson, model, size, lesson["test"], flips=False)
    labels = lesson["cells"].defective[lesson["test"]]
    return run | {
        "accuracy_without_flips": round(float(((single > 0.5) == labels).mean()), 4),
        "steps": len(history.loss),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds, 1),
        "test_thousandths": np.round(1000 * chances["test"]).astype(int).tolist(),
        "validation_thousandths": np.round(1000 * chances["validation"]).astype(int).tolist(),
    }


def measure_whole(lesson: dict, name: str, seed: int) -> dict:
    """The reference recipe, trained on all cells but the test cells: what it reaches there."""
    started, worked = time.perf_counter(), time.process_time()
    rest = np.concatenate([lesson["train"], lesson["validation"]])
    model, history = lesson["train_inspector"](REFERENCE, seed, indices=rest)
    seconds, processor_seconds = time.perf_counter() - started, time.process_time() - worked
    labels = lesson["cells"].defective[lesson["test"]]
    guesses = defect_probability(lesson, model, REFERENCE["size"], lesson["test"], flips=True) > 0.5
    return {
        "recipe": name,
        "seed": seed,
        "accuracy": round(float((guesses == labels).mean()), 4),
        "balanced_accuracy": round(float(balanced_accuracy_score(labels, guesses)), 4),
        "steps": len(history.loss),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds, 1),
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
    wanted = [(measure, name, seed) for seed in SEEDS for name in RECIPES]
    wanted += [(measure_whole, WHOLE, seed) for seed in WHOLE_SEEDS]
    wanted += [(measure_split, name, seed) for seed in SPLIT_SEEDS for name in SPLITS]
    for measured, name, seed in wanted:
        if not file.has(recipe=name, seed=seed):
            run = measured(lesson, name, seed)
            file.add(run)
            print({key: value for key, value in run.items() if not key.endswith("thousandths")}, flush=True)


if __name__ == "__main__":
    typer.run(main)
