"""Record lesson 01's experiment over labels, budgets and seeds, into the lesson's ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About an hour and a half of one
processor core.

    python data_scripts/record_01_scratch_vs_finetuning.py

Runs whose budget begins with "choosing" are for the learning rates: left-over training cells judge them.
"""

from typing import Annotated

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "01_scratch_vs_finetuning"
SEEDS = (0, 1, 2, 3, 4)
CHOOSING_SEEDS = (0, 1, 2)
LABELS = (50, 200, 1968, 1000, 500, 100)  # the most wanted first
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
PROBE_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
STEPS = {"short": 60, "long": 240, "longest": 480}
OWN_RATES = (3e-3, 1e-2, 3e-2)  # scratch with all labels and 480 steps
LONG_RATE = 1e-2  # of these; until they are recorded, the one of 60 steps
FEWER = 1312  # two thirds of the training cells: there the last third judges


def planned_runs(lesson: dict) -> list[dict]:
    """Every run that the lesson draws or tells of, the most wanted first."""
    chosen = {**lesson["LEARNING_RATE"], "linear probe": lesson["PROBE_RATE"]}
    starts = ("linear probe", "fine-tuned", "scratch")
    runs = [_run("linear probe", 200, "choosing", seed, rate) for rate in PROBE_RATES for seed in range(10)]
    runs += [
        _run(start, labels, "short", seed, chosen[start])
        for labels in LABELS[:3]
        for seed in SEEDS
        for start in starts
    ]
    runs += [_run("scratch", FEWER, "choosing longest", 0, rate) for rate in OWN_RATES]
    runs += [_run("fine-tuned", 1968, "long", seed, chosen["fine-tuned"]) for seed in SEEDS]
    runs += [_run("scratch", 1968, "longest", seed, LONG_RATE) for seed in SEEDS]
    runs += [
        _run(start, labels, "short", seed, chosen[start])
        for labels in LABELS[3:]
        for seed in SEEDS
        for start in starts
    ]
    runs += [_run("scratch", 1968, "long", seed, chosen["scratch"]) for seed in SEEDS]
    return runs + [
        _run(start, 200, "choosing", seed, rate)
        for start in starts[1:]
        for rate in RATES
        for seed in CHOOSING_SEEDS
    ]


def _run(start: str, labels: int, budget: str, seed: int, rate: float) -> dict:
    return {"start": start, "labels": labels, "budget": budget, "rate": rate, "seed": seed}


def measure(lesson: dict, start: str, labels: int, budget: str, rate: float, seed: int) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    choosing = budget.startswith("choosing")
    held_out, steps = lesson["test"], STEPS.get(budget.removeprefix("choosing").strip(), STEPS["short"])
    if choosing:
        held_out = lesson["cells"].few_labels(lesson["train"], len(lesson["train"]), seed)[-656:]
    if start == "linear probe":
        history = lesson["probe"](labels, seed=seed, held_out=held_out, rate=rate)
    else:
        every = steps if choosing or budget == "short" else steps // 12
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


def main(
    only: Annotated[str, typer.Option(help="Record only runs with this budget.")] = "",
    start: Annotated[str, typer.Option(help="Record only runs from this start.")] = "",
) -> None:
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
    runs = [run for run in runs if only in ("", run["budget"]) and start in ("", run["start"])]
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, **wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {wanted}: {run['accuracy']:.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
