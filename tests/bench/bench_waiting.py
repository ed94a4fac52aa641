"""How threads of PyTorch wait: a training step alone, and beside others like it.

    python tests/bench/bench_waiting.py

All in one run on one machine; times are for people to read.
"""

import os
import statistics
import subprocess
import sys
from typing import Annotated

import typer
from measuring import print_table

WAYS: dict[str, dict[str, str]] = {
    "as PyTorch has it": {},
    "GOMP_SPINCOUNT=1000": {"GOMP_SPINCOUNT": "1000"},
    "GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
    "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
STEP = """
import statistics, sys, time
import torch
from torch.nn import functional as F
from grader import lab
torch.manual_seed(0)
model = lab.load_backbone(num_classes=2)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
size = int(sys.argv[2])
images, labels = torch.randn(16, 3, size, size), torch.randint(2, (16,))
seconds = []
for _ in range(int(sys.argv[1])):
    started = time.perf_counter()
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()
    seconds.append(time.perf_counter() - started)
print(statistics.median(seconds[2:]))
"""


def step(way: dict[str, str], processes: int, steps: int, size: int) -> float:
    """Milliseconds of one training step of 16 images of this side, the median over the processes."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))
    }
    words = [sys.executable, "-c", STEP, str(steps), str(size)]
    running = [
        subprocess.Popen(words, env=kept | way, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    return 1000 * statistics.median(float(process.communicate()[0]) for process in running)


def main(quick: Annotated[bool, typer.Option(help="Few steps, to see that it runs.")] = False) -> None:
    """Print the table."""
    # Quick, only those that a busy machine does not slow a hundredfold.
    ways, together = (dict(list(WAYS.items())[-2:]), 2) if quick else (WAYS, 3)
    steps, size = (3, 32) if quick else (20, 96)
    rows = [
        (name, f"{step(way, 1, steps, size):.0f}", f"{step(way, together, steps, size):.0f}")
        for name, way in ways.items()
    ]
    words = ["threads wait", "alone, ms", f"{together} at once, ms"]
    print_table(f"A training step, {size} pixels", words, rows)


if __name__ == "__main__":
    typer.run(main)
