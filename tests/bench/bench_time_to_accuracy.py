"""Time to 84 % held-out accuracy on the solar cells: the course's way against every tutorial's.

Both fine-tune the same backbone, on the same split, on this machine, in one run. The tutorial's way:
torchvision's ``ImageFolder``, PIL decoding in every epoch in two workers, 224 pixels, everything trainable.
Its folder of PNG files is there before the clock starts. The course's way pays for preparing its data and
for caching. Measuring counts for neither. The second table tells what each ingredient buys.

    python tests/bench/bench_time_to_accuracy.py
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from measuring import (
    BATCH_SIZE,
    FROZEN_STAGES,
    QUICK_HELP,
    Run,
    adamw,
    cut_network,
    print_machine,
    print_table,
    run_to_target,
    seconds_of,
    training_step,
    whole_network,
)
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from grader.lab import cache
from grader.lab.backbone import MEAN, STD, prepare_backbone
from grader.lab.batches import Batches
from grader.lab.features import CachedFeatures
from grader.lab.solar_cells import SolarCells, load_solar_cells
from grader.lab.training import evaluate, seed_everything

CONTIGUOUS, CHANNELS_LAST = torch.contiguous_format, torch.channels_last
RECIPES = {  # name: pixels, stages of the frozen prefix (None: all but the head), epochs at most
    "last stages on cached activations, 96 px": (96, FROZEN_STAGES, 12),
    "last stages on cached activations, 128 px": (128, FROZEN_STAGES, 12),
    "head on cached features, 128 px": (128, None, 60),
    "head on cached features, 96 px": (96, None, 60),
}


class Setting:
    """Which images, how large, how long."""

    def __init__(self, quick: bool, folder: Path) -> None:
        self.quick, self.folder = quick, folder
        cells = load_solar_cells(32)  # only labels and split are read from these
        self.train, self.test = cells.split("stratified")
        if quick:
            self.train, self.test = cells.few_labels(self.train, 64, 0), cells.few_labels(self.test, 16, 0)
        self.steps_an_epoch = -(-len(self.train) // BATCH_SIZE)
        self.every = max(1, self.steps_an_epoch // 4)
        for name, indices in (("train", self.train), ("test", self.test)):
            self._copy_photographs(name, indices, cells)

    def pixels(self, size: int) -> int:
        return 32 if self.quick else size

    def epochs(self, number: int) -> int:
        return 1 if self.quick else number

    def _copy_photographs(self, name: str, indices: np.ndarray, cells: SolarCells) -> None:
        """The data set's own PNG files of 300 × 300 pixels, in one folder a class."""
        package = resources.files("elpv_dataset") / "data"
        files = [
            line.split()[0] for line in (package / "labels.csv").read_text().splitlines() if line.strip()
        ]
        for index in indices:
            target = self.folder / name / ("good", "defective")[cells.defective[index]]
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(package / files[index], target)


# The tutorial's way


def tutorial_loader(setting: Setting, name: str) -> DataLoader:
    """Photographs as they come out of the folder, decoded anew in every epoch."""
    size = setting.pixels(224)
    steps = [transforms.Resize((size, size))]
    steps += [transforms.RandomHorizontalFlip()] if name == "train" else []
    steps += [transforms.ToTensor(), transforms.Normalize([MEAN] * 3, [STD] * 3)]
    data = ImageFolder(setting.folder / name, transforms.Compose(steps))
    return DataLoader(data, BATCH_SIZE, shuffle=name == "train", num_workers=2)


def tutorial_run(setting: Setting, seed: int, target: float, epochs: int, most_seconds: float) -> Run:
    """Everything trainable, AdamW at 3e-4."""
    seed_everything(seed)
    model = whole_network(CONTIGUOUS)
    loader, held_out = tutorial_loader(setting, "train"), tutorial_loader(setting, "test")

    def batches() -> Iterator:
        for _ in range(setting.epochs(epochs)):
            yield from loader

    @torch.inference_mode()
    def accuracy() -> float:
        model.eval()
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in held_out)
        model.train()
        return right / len(held_out.dataset)

    return run_to_target(model, adamw(model), batches(), accuracy, target, setting.every, most_seconds)


# The course's way


def course_run(
    setting: Setting, recipe: str, seed: int, target: float, most_seconds: float
) -> tuple[Run, str]:
    """Prepare the cells, cache what is frozen, train the rest; also says how long the first two took."""
    size, stages, epochs = RECIPES[recipe]
    seed_everything(seed)
    prefix, rest = cut_network(stages)
    with tempfile.TemporaryDirectory() as empty:
        kept, os.environ[cache.VARIABLE] = os.environ[cache.VARIABLE], empty
        started = time.perf_counter()
        cells = load_solar_cells(setting.pixels(size))
        prepared = time.perf_counter()
        features = CachedFeatures(prefix, cells, setting.train)
        cached = time.perf_counter()
        held_out = CachedFeatures(prefix, cells, setting.test)  # for measuring only
        os.environ[cache.VARIABLE] = kept
    *backbone, head = rest
    groups = [{"params": head.parameters(), "lr": 3e-3}]
    groups += (
        [{"params": [p for part in backbone for p in part.parameters()], "lr": 1e-3}] if backbone else []
    )
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = setting.epochs(epochs) * setting.steps_an_epoch
    batches = Batches(features, setting.train, steps, BATCH_SIZE, seed, flip=False)
    accuracy = lambda: evaluate(rest, held_out, setting.test).accuracy  # noqa: E731
    already = cached - started
    run = run_to_target(rest, optimizer, batches, accuracy, target, setting.every, most_seconds, already)
    return run, f"{prepared - started:.1f} + {cached - prepared:.1f} + {run.seconds - already:.1f}"


# What each ingredient buys


def tutorial_rate(setting: Setting, steps: int) -> float:
    """Images a second of the tutorial's loop, once the batches that its workers had ready are used up."""
    model, warm_up = whole_network(CONTIGUOUS), 1 if setting.quick else 5
    optimizer, started = adamw(model), 0.0
    for number, (images, labels) in enumerate(islice(tutorial_loader(setting, "train"), warm_up + steps)):
        if number == warm_up:
            started = time.perf_counter()
        training_step(model, images, labels, optimizer)
    return steps * BATCH_SIZE / (time.perf_counter() - started)


def whole_rate(setting: Setting, size: int, steps: int, memory_format: torch.memory_format) -> float:
    """Images a second with prepared data, everything trainable: loading and step."""
    cells, model = load_solar_cells(setting.pixels(size)), whole_network(memory_format)
    optimizer, indices = adamw(model), setting.train[:BATCH_SIZE]

    def step() -> None:
        images = cells.batch(indices).contiguous(memory_format=memory_format)
        training_step(model, images, cells.labels(indices), optimizer)

    return BATCH_SIZE / seconds_of(step, steps)


def frozen_rate(setting: Setting, size: int, steps: int, memory_format: torch.memory_format) -> float:
    """The same with a frozen prefix through which every image goes in every step."""
    cells, (prefix, rest) = load_solar_cells(setting.pixels(size)), cut_network(memory_format=memory_format)
    optimizer, indices = adamw(rest), setting.train[:BATCH_SIZE]

    def step() -> None:
        with torch.no_grad():
            features = prefix(cells.batch(indices).contiguous(memory_format=memory_format))
        training_step(rest, features, cells.labels(indices), optimizer)

    return BATCH_SIZE / seconds_of(step, steps)


def cached_rate(
    setting: Setting,
    size: int,
    steps: int,
    memory_format: torch.memory_format,
    stages: int | None = FROZEN_STAGES,
) -> float:
    """The same with the prefix's output taken from the cache."""
    cells, (prefix, rest) = load_solar_cells(setting.pixels(size)), cut_network(stages, memory_format)
    optimizer, indices = adamw(rest), setting.train[:BATCH_SIZE]
    features = CachedFeatures(prefix, cells, indices)

    def step() -> None:
        images = features.batch(indices)
        if images.ndim == 4:
            images = images.contiguous(memory_format=memory_format)
        training_step(rest, images, cells.labels(indices), optimizer)

    return BATCH_SIZE / seconds_of(step, steps)


def print_ladder(setting: Setting) -> None:
    """From the tutorial's loop to the course's, one ingredient after the other."""
    few, more = (1, 1) if setting.quick else (6, 12)
    rungs: list[tuple[str, Callable[[], float]]] = [
        ("tutorial: PIL, 224 px, contiguous", lambda: tutorial_rate(setting, few)),
        ("+ prepared data instead of decoding", lambda: whole_rate(setting, 224, few, CONTIGUOUS)),
        ("+ channels_last", lambda: whole_rate(setting, 224, few, CHANNELS_LAST)),
        ("+ 128 px", lambda: whole_rate(setting, 128, few, CHANNELS_LAST)),
        ("+ 96 px", lambda: whole_rate(setting, 96, few, CHANNELS_LAST)),
        ("+ frozen prefix", lambda: frozen_rate(setting, 96, more, CHANNELS_LAST)),
        ("+ its activations cached", lambda: cached_rate(setting, 96, more, CHANNELS_LAST)),
        ("head alone, features cached", lambda: cached_rate(setting, 96, more, CHANNELS_LAST, stages=None)),
    ]
    rates = {name: measure() for name, measure in rungs}
    first, before, rows = next(iter(rates.values())), None, []
    for name, rate in rates.items():
        rows.append((name, f"{rate:,.0f}", f"× {rate / (before or rate):.2f}", f"× {rate / first:.1f}"))
        before = rate
    columns = ("one ingredient after the other", "images/s", "of the row before", "of the tutorial's")
    print_table("What each ingredient buys: loading and training step", columns, rows)


def print_pieces(setting: Setting) -> None:
    """Loading alone, and the memory format at every size."""
    steps = 1 if setting.quick else 5
    data = tutorial_loader(setting, "train").dataset
    decoding = BATCH_SIZE / seconds_of(lambda: [data[place] for place in range(BATCH_SIZE)], steps)
    rows = [("decoding with PIL to 224 px, one process", f"{decoding:,.0f}", "", "")]
    indices = setting.train[:BATCH_SIZE]
    for size in (224, 128, 96):
        cells = load_solar_cells(setting.pixels(size))
        rate = BATCH_SIZE / seconds_of(lambda cells=cells: cells.batch(indices), 4 * steps)
        rows.append((f"prepared data, {size} px", f"{rate:,.0f}", "", f"× {rate / decoding:.0f}"))
    print_table("Loading alone", ("", "images/s", "", "of decoding"), rows)

    rows = []
    for name, measure in (("whole network", whole_rate), ("last stages, cached", cached_rate)):
        for size in (224, 128, 96):
            plain = measure(setting, size, steps, CONTIGUOUS)
            last = measure(setting, size, steps, CHANNELS_LAST)
            rows.append((f"{name}, {size} px", f"{plain:,.0f}", f"{last:,.0f}", f"× {last / plain:.2f}"))
    print_table("Memory format: training step", ("", "contiguous, images/s", "channels_last", "gain"), rows)


def main(
    seeds: Annotated[
        int, typer.Option(help="How many seeds; the tutorial's way takes minutes for each.")
    ] = 1,
    target: Annotated[float, typer.Option(help="Held-out accuracy to reach, a fraction.")] = 0.84,
    epochs: Annotated[int, typer.Option(help="Epochs of the tutorial's way at most.")] = 3,
    most_seconds: Annotated[float, typer.Option(help="Seconds of a run at most.")] = 1200,
    quick: Annotated[bool, typer.Option("--quick", help=QUICK_HELP)] = False,
) -> None:
    """Print the time to the target, then what each ingredient buys."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[cache.VARIABLE] = str(Path(folder) / "cache")
        prepare_backbone()  # both ways start from the same file
        setting = Setting(quick, Path(folder) / "photographs")
        print_machine()
        rows = []
        for seed in range(seeds):
            tutorial = tutorial_run(setting, seed, target, epochs, most_seconds)
            rows.append((f"tutorial, seed {seed}", str(tutorial), "", f"{tutorial.best:.1%}", "× 1"))
            for recipe in RECIPES:
                run, parts = course_run(setting, recipe, seed, target, most_seconds)
                bound = "" if tutorial.reached else "more than "
                ratio = f"{bound}× {tutorial.seconds / run.reached:.1f}" if run.reached else "-"
                rows.append((f"{recipe}, seed {seed}", str(run), parts, f"{run.best:.1%}", ratio))
        print_table(
            f"Time to {target:.0%} of {len(setting.test)} held-out cells; {len(setting.train)} to train on",
            ("recipe", "time to target", "prepare + cache + train, s", "best", "faster"),
            rows,
            note=f"Measured every {setting.every} steps, a quarter of an epoch; measuring is not counted.",
        )
        print_ladder(setting)
        print_pieces(setting)


if __name__ == "__main__":
    typer.run(main)
