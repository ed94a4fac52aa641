"""Cost against the number of images: linear, with its slope.

python tests/bench/bench_data_size.py
"""

import time
from typing import Annotated

import numpy as np
import torch
import typer
from measuring import (
    BATCH_SIZE,
    QUICK_HELP,
    adamw,
    cut_network,
    print_machine,
    print_table,
    training_step,
    whole_network,
)

from grader.lab.batches import LabelledImages
from grader.lab.features import CachedFeatures
from grader.lab.solar_cells import SolarCells, load_solar_cells

COUNTS = (200, 800, 1968)
KINDS = ("one epoch, whole network", "caching the prefix", "one epoch on the cache")


def epoch(model: torch.nn.Module, data: LabelledImages, indices: np.ndarray) -> float:
    """Seconds of one pass over the images at ``indices``, each exactly once."""
    optimizer, started = adamw(model), time.perf_counter()
    for part in np.array_split(indices, -(-len(indices) // BATCH_SIZE)):
        training_step(model, data.batch(part), data.labels(part), optimizer)
    return time.perf_counter() - started


def measure(cells: SolarCells, indices: np.ndarray) -> tuple[float, float, float]:
    """Seconds in the order of ``KINDS``."""
    whole = epoch(whole_network(), cells, indices)
    prefix, rest = cut_network()
    started = time.perf_counter()
    features = CachedFeatures(prefix, cells, indices)
    caching = time.perf_counter() - started
    return whole, caching, epoch(rest, features, indices)


def main(
    size: Annotated[int, typer.Option(help="Pixels.")] = 96,
    repeats: Annotated[int, typer.Option(help="The fastest of so many counts.")] = 2,
    quick: Annotated[bool, typer.Option("--quick", help=QUICK_HELP)] = False,
) -> None:
    """Print seconds for each number of images, and the straight line through them."""
    counts = (8, 16, 32) if quick else COUNTS
    size, repeats = (32, 1) if quick else (size, repeats)
    cells = load_solar_cells(size)
    train, _ = cells.split("stratified")
    print_machine()
    measure(cells, train[:8])  # first calls plan and allocate
    fastest = {
        count: np.min([measure(cells, cells.few_labels(train, count, 0)) for _ in range(repeats)], axis=0)
        for count in counts
    }
    seconds = np.array(list(fastest.values()))
    rows = [
        (f"{count:,} images", *(f"{value:.2f} s" for value in row))
        for count, row in zip(counts, seconds, strict=True)
    ]
    fits = [straight_line(np.array(counts), column) for column in seconds.T]
    rows.append(("slope, an image", *(f"{1e3 * slope:.2f} ms" for slope, _, _ in fits)))
    rows.append(("at no image", *(f"{start:.2f} s" for _, start, _ in fits)))
    rows.append(("R²", *(f"{share:.4f}" for _, _, share in fits)))
    print_table(f"Cost against the number of images, {size} px", ("", *KINDS), rows)


def straight_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Slope, value at 0, and R² of the least-squares line."""
    slope, start = np.polyfit(x, y, 1)
    left = np.sum((y - (slope * x + start)) ** 2)
    return float(slope), float(start), float(1 - left / np.sum((y - y.mean()) ** 2))


if __name__ == "__main__":
    typer.run(main)
