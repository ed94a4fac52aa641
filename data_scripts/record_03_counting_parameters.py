"""Record lesson 03's experiment over what trains, into the lesson's ``recorded.json``.

Trains with the functions of the lesson. Interrupted, it goes on where it was. 138 trainings, about ten
minutes on one core.

    python data_scripts/record_03_counting_parameters.py

Runs with the role "choosing" are for the learning rates; the fourth quarter judges them, and nothing else.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
import typer
from rich import print
from sklearn.metrics import roc_auc_score
from torch import nn

from grader.authoring.recording import RecordingFile, lesson_functions

LESSON = "03_counting_parameters"
CHOOSING_SEEDS = (0, 1, 2)
SEEDS = {quarter: [10 * quarter + draw for draw in range(4)] for quarter in (1, 2, 3)}
RATES = {
    "head": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
    "stage 3 and head": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "BatchNorm and head": (1e-3, 3e-3, 1e-2, 3e-2),
    "last stage and head": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "everything": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
# The stages before what trains: they stay as they are, and need to run only once.
CACHED = {"head": 6, "last stage and head": 6, "stage 3 and head": 2}


def choosing_runs() -> list[dict]:
    """Each choice at each rate of its grid."""
    return [
        {"role": "choosing", "choice": choice, "rate": rate, "judges": 4, "seed": seed}
        for seed in CHOOSING_SEEDS
        for choice, rates in RATES.items()
        for rate in rates
    ]


def arms(lesson: dict) -> list[dict]:
    """Each choice at the lesson's rate, on the three quarters that judge in turn; a seed has one quarter."""
    return [
        {"role": "arm", "choice": choice, "rate": lesson["RATE"][choice], "judges": quarter, "seed": seed}
        for draw in range(4)
        for quarter, seeds in SEEDS.items()
        for seed in seeds[draw : draw + 1]
        for choice in RATES
    ]


def cut(model: nn.Module, stages: int) -> nn.Module:
    """The network without its first stages, which the cache has run: the other parts keep their names."""
    model.conv_stem = model.bn1 = nn.Identity()
    for stage in range(stages):
        model.blocks[stage] = nn.Identity()
    return model


def cached(lesson: dict, stages: int) -> Any:
    """What the first stages give, for every cell and each of its flips."""
    lab, cells = lesson["lab"], lesson["cells"]
    prefix, _ = lab.split_backbone(lab.load_backbone(pretrained=True), stages)
    return lab.CachedFeatures(prefix, cells, np.arange(len(cells.images)), flips=True)


def measure(lesson: dict, data_of: Callable[[str], Any], wanted: dict) -> dict:
    """One run with the lesson's own functions: what ``recorded.json`` keeps of it."""
    choice, seed, lab = wanted["choice"], wanted["seed"], lesson["lab"]
    train_on, judging = lesson["split"](wanted["judges"])
    model, data = lesson["network_for"](choice, seed), data_of(choice)
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if choice in CACHED:
        model = cut(model, CACHED[choice])
    few = lesson["cells"].few_labels(train_on, 200, seed)
    lesson["fit"](model, data, few, wanted["rate"], seed)
    logits, labels = lab.predict(model, data, judging), lesson["cells"].defective[judging]
    right = logits.argmax(axis=1) == labels
    by_label = [right[labels == label].mean() for label in (0, 1)]
    measured: dict[str, Any] = {
        "parameters": parameters,
        "accuracy": round(float(right.mean()), 4),
        "balanced_accuracy": round(float(np.mean(by_label)), 4),
        "area": round(float(roc_auc_score(labels, logits[:, 1] - logits[:, 0])), 4),
    }
    if wanted["role"] == "arm":
        measured["right"] = np.packbits(right).tobytes().hex()
    return wanted | measured


def main(
    role: Annotated[str, typer.Option(help='Record only "choosing", or only "arm".')] = "",
    choice: Annotated[str, typer.Option(help="Record only this choice.")] = "",
) -> None:
    """Record what is missing."""
    lesson = lesson_functions(LESSON)
    settings = {"image_size": 64, "batch_size": 32, "labels": 200, "steps": 60, "statistics": "frozen"}
    file = RecordingFile(LESSON, settings, named_by=("role", "choice", "rate", "judges", "seed"))
    runs = [*choosing_runs(), *(arms(lesson) if role != "choosing" else [])]
    runs = [run for run in runs if role in ("", run["role"]) and choice in ("", run["choice"])]
    missing = [run for run in runs if not file.has(**run)]
    stages = {CACHED[run["choice"]] for run in missing if run["choice"] in CACHED}
    features = {number: cached(lesson, number) for number in sorted(stages)}
    measure_one = partial(
        measure, lesson, lambda name: features[CACHED[name]] if name in CACHED else lesson["cells"]
    )
    for number, wanted in enumerate(missing, start=1):
        run = measure_one(wanted)
        file.add(run)
        print(f"{number}/{len(missing)} {wanted}: {run['accuracy']:.4f}, area {run['area']:.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
