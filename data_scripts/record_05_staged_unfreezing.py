"""Record lesson 05's recipes over tasks, labels, BatchNorm modes and seeds, into its ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 175 trainings of
10 to 20 seconds each.

    python data_scripts/record_05_staged_unfreezing.py

Runs with the role "choosing" are for the learning rates: of them only what the cells that choose say is kept.
"""

import math
from typing import Annotated, Any

import numpy as np
import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "05_staged_unfreezing"
SEEDS = (0, 1, 2, 3, 4)  # where all runs have the same cells
LABELS = (200, 800, 1968)
QUARTER_SEEDS = {f"quarter {number}": [10 * number + draw for draw in range(3)] for number in (1, 2, 3, 4)}
CHOOSING_SEEDS = (0, 1, 2)
HEAD_RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
STAGE_RATES = {
    (1668, "moving"): (3e-4, 1e-3, 3e-3),
    (1668, "frozen"): (1e-4, 3e-4, 1e-3),
    (200, "moving"): (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
NAMED_BY = ("role", "task", "labels", "recipe", "statistics", "rate", "seed")


def choosing_runs(lesson: dict) -> list[dict]:
    """Each recipe at each rate of its grid: with all labels, and with 200 where statistics move."""
    return [
        _named("choosing", "choosing", labels, recipe, statistics, rate, seed)
        for labels in (1668, 200)
        for recipe, (_, stage_steps) in lesson["RECIPES"].items()
        for statistics in (("moving", "frozen") if stage_steps else ("frozen",))
        for rate in (STAGE_RATES.get((labels, statistics), ()) if stage_steps else HEAD_RATES)
        for seed in CHOOSING_SEEDS
    ]


def arms(lesson: dict) -> list[dict]:
    """Every recipe at the rates that the lesson has, on each quarter and from poly to mono.

    The head alone at every rate of its grid, so that nobody need believe the choice of the control's.
    """
    runs = []
    for recipe, (_, stage_steps) in lesson["RECIPES"].items():
        for labels in LABELS:
            modes = ("moving", "frozen") if stage_steps and labels == 1968 else ("moving",)
            for statistics in modes if stage_steps else ("frozen",):
                rates = [_rate(lesson, recipe, labels, statistics)] if stage_steps else HEAD_RATES
                runs += [
                    _named("arm", task, labels, recipe, statistics, rate, seed)
                    for rate in rates
                    for task, seeds in QUARTER_SEEDS.items()
                    for seed in seeds
                ]
        for statistics in ("moving", "frozen") if stage_steps else ("frozen",):
            rate = _rate(lesson, recipe, 1250, statistics)
            runs += [_named("arm", "poly to mono", 1250, recipe, statistics, rate, seed) for seed in SEEDS]
    return runs


def _rate(lesson: dict, recipe: str, labels: int, statistics: str) -> float:
    stages = lesson["RECIPES"][recipe][1]
    return rates_of(lesson, labels)["frozen statistics" if stages and statistics == "frozen" else recipe]


def rates_of(lesson: dict, labels: int) -> dict:
    """The learning rates that the lesson takes with so many labels."""
    return lesson["RATES"]["few labels" if labels <= 200 else "many labels"]


def _named(*values: Any) -> dict:
    return dict(zip(NAMED_BY, values, strict=True))


def measure(lesson: dict, wanted: dict) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    recipe, rate = wanted["recipe"], wanted["rate"]
    alone = not lesson["RECIPES"][recipe][1]
    rates = (rate, math.nan) if alone else (rates_of(lesson, wanted["labels"])["head alone"], rate)
    labels = None if wanted["labels"] in (1250, 1668, 1968) else wanted["labels"]
    history = lesson["run"](recipe, labels, wanted["task"], wanted["statistics"], wanted["seed"], rates)
    measured: dict[str, Any] = {
        "accuracy": round(history.final.accuracy, 4),
        "balanced": round(history.final.balanced_accuracy, 4),
        "area": round(history.notes["area"], 4),
    }
    if "quarter" in wanted["task"]:
        _, judges = lesson["TASKS"][wanted["task"]]
        right = (np.array(history.notes["scores"]) > 0) == lesson["cells"].defective[judges]
        measured["right"] = np.packbits(right).tobytes().hex()
    return wanted | measured


def main(
    only: Annotated[str, typer.Option(help="Arms of which task, to share the work between machines.")] = "",
) -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {
        "image_size": 96,
        "batch_size": 32,
        "frozen_stages": 5,
        "recipes": {name: list(steps) for name, steps in lesson["RECIPES"].items()},
        "label_counts": list(LABELS),
    }
    file = RecordingFile(LESSON, settings, named_by=NAMED_BY)
    if not file.has(role="probe"):
        areas = lesson["probe_stages"](lesson["cells"], lesson["fitting"], lesson["validation"])
        for number, area in enumerate(areas.values(), start=1):
            name = _named("probe", "same modules", 1668, f"probe of stage {number}", "frozen", 0.0, 0)
            file.add(name | {"area": round(area, 4)})
    for seed in SEEDS:
        name = _named(
            "stopping", "same modules", 1668, "staged", "moving", rates_of(lesson, 1668)["staged"], seed
        )
        if not file.has(**name):
            notes = lesson["stop_by_validation"](seed).notes
            file.add(name | {part: round(notes[part], 4) for part in ("end", "best")})
    runs = [*choosing_runs(lesson), *arms(lesson)]
    if only:
        runs = [run for run in runs if run["task"] == only]
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {run}", flush=True)


if __name__ == "__main__":
    typer.run(main)
