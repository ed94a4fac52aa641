"""Record lesson 01's experiment over labels, budgets and seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About an hour on two cores.

    python data_scripts/record_01_scratch_vs_finetuning.py
"""

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "01_scratch_vs_finetuning"
SEEDS = (0, 1, 2)
LABELS = (50, 100, 200, 500, 1000, 1968)
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
STEPS = {"short": 60, "long": 240, "longest": 480}


def planned_runs(lesson: dict) -> list[dict]:
    """Every run that the lesson draws or tells of, the most wanted first.

    The budget "choosing" compares learning rates on left-over training images, never on the held-out ones.
    """
    chosen = {**lesson["LEARNING_RATE"], "linear probe": None}

    def run(start: str, labels: int, budget: str, seed: int, rate: float | None = None) -> dict:
        rate = rate or chosen[start]
        return {"start": start, "labels": labels, "budget": budget, "rate": rate, "seed": seed}

    starts = ("fine-tuned", "scratch")
    runs = []
    for seed in SEEDS:
        for labels in LABELS:
            runs += [run(start, labels, "short", seed) for start in ("linear probe", *starts)]
    for seed in SEEDS:
        runs += [run(start, 1968, "long", seed) for start in starts]
    runs += [run(start, 200, "choosing", seed, rate) for start in starts for rate in RATES for seed in SEEDS]
    return runs + [run("scratch", 1968, "longest", seed) for seed in SEEDS]


def measure(lesson: dict, start: str, labels: int, budget: str, rate: float | None, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    held_out, steps = lesson["test"], STEPS.get(budget, STEPS["short"])
    if budget == "choosing":
        held_out = lesson["cells"].few_labels(lesson["train"], len(lesson["train"]), seed)[-656:]
    if start == "linear probe":
        history = lesson["probe"](labels, seed=seed)
    else:
        every = max(20, steps // 12)
        history = lesson["run"](start, labels, steps, seed, held_out=held_out, rate=rate, every=every)
    return {
        "start": start,
        "labels": labels,
        "budget": budget,
        "rate": rate,
        "seed": seed,
        "steps": len(history.loss),
        "accuracy": round(history.final.accuracy, 4),
        "balanced_accuracy": round(history.final.balanced_accuracy, 4),
        "curve": [[step, round(score.accuracy, 4)] for step, score in sorted(history.scores.items())],
    }


def main() -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {
        "image_size": 96,
        "batch_size": 32,
        "steps": STEPS,
        "learning_rate": lesson["LEARNING_RATE"],
        "split": "stratified",
    }
    file = RecordingFile(LESSON, settings, named_by=("budget", "start", "labels", "rate", "seed"))
    runs = planned_runs(lesson)
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {wanted}: {run['accuracy']:.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
