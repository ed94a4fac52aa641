"""What the benchmarks share: timing, networks cut in two, a run to a target, tables."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F

from grader.lab.backbone import load_backbone
from grader.lab.features import split_backbone

BATCH_SIZE = 32
FROZEN_STAGES = 5  # of seven: what a frozen prefix means here
QUICK_HELP = "Few images of 32 pixels and few steps, to see that it runs: the numbers mean nothing."

_console = Console(width=max(118, Console().width), soft_wrap=False)


def print_machine() -> None:
    """A line on what the numbers were measured with."""
    _console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads; "
        f"torch {torch.__version__}; batches of {BATCH_SIZE}; on the CPU."
    )


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> None:
    """A table with names in its first column and numbers in the others."""
    table = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=number == 0)
    for row in rows:
        table.add_row(*row)
    _console.print(table)


def seconds_of(action: Callable[[], object], repeats: int, warm_up: int = 1) -> float:
    """Median wall-clock seconds of one call, after some that are not counted."""
    for _ in range(warm_up):
        action()
    measured = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        measured.append(time.perf_counter() - started)
    return statistics.median(measured)


def training_step(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, optimizer: torch.optim.Optimizer
) -> None:
    """One update, as in every lesson."""
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def adamw(model: nn.Module, rate: float = 3e-4) -> torch.optim.Optimizer:
    """AdamW on what is trainable."""
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.01)


def whole_network(memory_format: torch.memory_format = torch.channels_last) -> nn.Module:
    """The pretrained network with two outputs, everything trainable, in training mode."""
    return load_backbone(num_classes=2).to(memory_format=memory_format).train()


def cut_network(
    stages: int | None = FROZEN_STAGES, memory_format: torch.memory_format = torch.channels_last
) -> tuple[nn.Module, nn.Module]:
    """A frozen prefix in eval mode, and the rest, which trains with its BatchNorm statistics at rest.

    Args:
        stages: as ``split_backbone`` takes them; None for everything but the head.
    """
    prefix, rest = split_backbone(load_backbone(num_classes=2).to(memory_format=memory_format), stages)
    return prefix.requires_grad_(False).eval(), rest.eval()


@dataclass(frozen=True)
class Run:
    """How long a recipe took: seconds to the target (None if it was not reached), in all, best accuracy."""

    reached: float | None
    seconds: float
    best: float

    def __str__(self) -> str:
        if self.reached is None:
            return f"not reached by {self.seconds:.1f} s"
        return f"{self.reached:.1f} s"


def run_to_target(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    accuracy: Callable[[], float],
    target: float,
    every: int,
    most_seconds: float,
    already: float = 0.0,
) -> Run:
    """Train until a measurement reaches ``target``; loading counts, measuring does not.

    Args:
        every: steps from one measurement to the next.
        already: seconds that preparing and caching took.
    """
    spent, best, started = already, 0.0, time.perf_counter()
    for number, (images, labels) in enumerate(batches, start=1):
        training_step(model, images, labels, optimizer)
        if number % every and spent + time.perf_counter() - started < most_seconds:
            continue
        spent += time.perf_counter() - started
        best = max(best, accuracy())
        if best >= target:
            return Run(spent, spent, best)
        if spent >= most_seconds:
            return Run(None, spent, best)
        started = time.perf_counter()
    return Run(None, spent + time.perf_counter() - started, best)
