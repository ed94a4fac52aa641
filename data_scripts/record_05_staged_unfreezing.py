"""Record lesson 05's recipes over tasks, labels, BatchNorm modes and seeds, into its ``recorded.json``.

Runs the functions of the lesson itself. Interrupted, it goes on where it was. About 50 minutes on two cores.

    python data_scripts/record_05_staged_unfreezing.py

Runs with the role "choosing" are for the learning rates: of them only what the cells that choose say is kept.
"""

import math
from typing import Annotated, Any

import typer
from rich import print

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "05_staged_unfreezing"
SEEDS = (0, 1, 2, 3, 4)
LABELS = (50, 200, 800, 1668)
CHOOSING_SEEDS = (0, 1, 2)
HEAD_RATES = (3e-4, 1e-3, 3e-3, 1e-2)
STAGE_RATES = {
    (1668, "moving"): (3e-4, 1e-3, 3e-3),
    (1668, "frozen"): (1e-4, 3e-4, 1e-3),
    (200, "moving"): (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
NAMED_BY = ("role", "task", "labels", "recipe", "statistics", "rate", "seed")


def choosing_runs(lesson: dict, seeds: tuple[int, ...]) -> list[dict]:
    """Each recipe at each rate of its grid: with all labels, and with 200 where statistics move."""
    runs = []
    for labels in (1668, 200):
        for recipe, (_, stage_steps) in lesson["RECIPES"].items():
            for statistics in ("moving", "frozen") if stage_steps else ("frozen",):
                rates = STAGE_RATES.get((labels, statistics), ()) if stage_steps else HEAD_RATES
                runs += [
                    _named("choosing", "same modules", labels, recipe, statistics, rate, seed)
                    for rate in rates
                    for seed in seeds
                    if seed in CHOOSING_SEEDS
                ]
    return runs


def arms(lesson: dict, seeds: tuple[int, ...]) -> list[dict]:
    """Every recipe at the rates that the lesson has; where no stage trains, no statistics move."""
    runs = []
    for recipe, (_, stage_steps) in lesson["RECIPES"].items():
        usual = "moving" if stage_steps else "frozen"
        asked = [("same modules", labels, usual) for labels in LABELS] + [("poly to mono", 1250, usual)]
        if stage_steps:
            asked += [("same modules", 1668, "frozen"), ("poly to mono", 1250, "frozen")]
        for task, labels, statistics in asked:
            rates = rates_of(lesson, labels)
            rate = rates["frozen statistics" if stage_steps and statistics == "frozen" else recipe]
            runs += [_named("arm", task, labels, recipe, statistics, rate, seed) for seed in seeds]
    return runs


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
    labels = None if wanted["labels"] in (1250, 1668) else wanted["labels"]
    history = lesson["run"](recipe, labels, wanted["task"], wanted["statistics"], wanted["seed"], rates)
    asked = ("validation", "test") if wanted["role"] == "arm" else ("validation",)
    return wanted | {
        (column if part == "test" else f"{part} {column}"): round(history.notes[f"{part} {column}"], 4)
        for part in asked
        for column in ("accuracy", "balanced", "area")
    }


def main(
    seeds: Annotated[str, typer.Option(help="Of which seeds, to share the work between machines.")] = "",
    choose: Annotated[bool, typer.Option(help="Only the runs that choose the rates.")] = False,
) -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    chosen = tuple(int(seed) for seed in seeds.split(",")) if seeds else SEEDS
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
    for seed in chosen:
        name = _named(
            "stopping", "same modules", 1668, "staged", "moving", rates_of(lesson, 1668)["staged"], seed
        )
        if not file.has(**name):
            notes = lesson["stop_by_validation"](seed).notes
            file.add(name | {part: round(notes[part], 4) for part in ("end", "best")})
    runs = choosing_runs(lesson, chosen) + ([] if choose else arms(lesson, chosen))
    for number, wanted in enumerate(runs, start=1):
        if not file.has(**wanted):
            run = measure(lesson, wanted)
            file.add(run)
            print(f"{number}/{len(runs)} {run}", flush=True)


if __name__ == "__main__":
    typer.run(main)
