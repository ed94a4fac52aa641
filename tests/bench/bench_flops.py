"""The training step's floating-point rate, as a share of what this machine reaches in matrix products.

python tests/bench/bench_flops.py
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Annotated

import torch
import typer
from measuring import (
    BATCH_SIZE,
    QUICK_HELP,
    adamw,
    cut_network,
    print_machine,
    print_table,
    seconds_of,
    training_step,
    whole_network,
)
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

SIZES = (96, 128, 224)
KINDS = (
    "depthwise convolutions",
    "other convolutions",
    "BatchNorm",
    "activations and sums",
    "optimizer",
    "the rest",
)
# Nothing else in a step calls these.
_OF_ADAM = ("optimizer", "lerp", "addcmul", "addcdiv", "sqrt", "aten::mul", "aten::div", "_foreach", "_fused")


def matmul_peak(sizes: tuple[int, ...], repeats: int) -> tuple[float, int]:
    """The best rate of ``torch.mm`` in float32, in FLOP/s, and the size of the matrices that gave it."""
    rates = {}
    for size in sizes:
        a, b, out = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
        fastest = min(
            seconds_of(lambda a=a, b=b, out=out: torch.mm(a, b, out=out), 1) for _ in range(repeats)
        )
        rates[size] = 2 * size**3 / fastest
    best = max(rates, key=rates.get)
    return rates[best], best


def steps_at(size: int) -> dict[str, Callable[[], None]]:
    """A training step of the whole network, with a frozen prefix, and on its cached activations."""
    images = torch.randn(BATCH_SIZE, 3, size, size).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(BATCH_SIZE) % 2
    whole = whole_network()
    prefix, rest = cut_network()
    with torch.no_grad():
        activations = prefix(images)
    optimizer, rest_optimizer = adamw(whole), adamw(rest)

    def frozen() -> None:
        with torch.no_grad():
            features = prefix(images)
        training_step(rest, features, labels, rest_optimizer)

    return {
        "whole network": lambda: training_step(whole, images, labels, optimizer),
        "frozen prefix": frozen,
        "cached prefix": lambda: training_step(rest, activations, labels, rest_optimizer),
    }


def backward_flops(
    grad_shape: list, x_shape: list, w_shape: list, _bias, _stride, _padding, _dilation, transposed: bool,
    _output_padding, _groups, output_mask: list, out_shape=None, **_: object,
) -> int:  # fmt: skip
    """Each gradient of a convolution takes as many operations as its forward pass.

    PyTorch's own formula counts the weight's gradient as if a grouped convolution had one group: for this
    network's depthwise convolutions up to 1,152 times too much.
    """
    return sum(output_mask[:2]) * conv_flop_count(x_shape, w_shape, grad_shape, transposed=transposed)


def flops_of(step: Callable[[], None]) -> int:
    """Floating-point operations of a step in convolutions and matrix products; a multiply-add is two."""
    counter = FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution_backward: backward_flops}
    )
    with counter:
        step()
    return counter.get_total_flops()


def shares_of_time(step: Callable[[], None]) -> dict[str, float]:
    """Which share of a step's time each kind of operation takes, from the profiler."""
    step()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiled:
        step()
    spent: dict[str, float] = defaultdict(float)
    for event in profiled.key_averages(group_by_input_shape=True):
        spent[kind_of(event.key, event.input_shapes)] += event.self_cpu_time_total
    return {kind: spent[kind] / sum(spent.values()) for kind in KINDS}


def kind_of(name: str, shapes: list) -> str:
    """Where an operation belongs; the weight of a depthwise convolution has the shape ``(C, 1, k, k)``."""
    name = name.lower()
    if "conv" in name:
        depthwise = any(len(shape) == 4 and shape[1] == 1 and shape[2] > 1 for shape in shapes)
        return "depthwise convolutions" if depthwise else "other convolutions"
    if "batch_norm" in name or "batchnorm" in name:
        return "BatchNorm"
    if any(part in name for part in _OF_ADAM):
        return "optimizer"
    if "hardtanh" in name or "relu" in name or name in ("aten::add", "aten::add_"):
        return "activations and sums"
    return "the rest"


def main(quick: Annotated[bool, typer.Option("--quick", help=QUICK_HELP)] = False) -> None:
    """Print rate and share of each step, then where the time goes."""
    repeats = 1 if quick else 5
    sizes = (32,) if quick else SIZES
    peak, best_size = matmul_peak((256,) if quick else (512, 1024, 2048, 3072), 2 * repeats)
    print_machine()
    rows, shares = [], {}
    for size in sizes:
        for name, step in steps_at(size).items():
            flops, seconds = flops_of(step), seconds_of(step, repeats)
            rate = flops / seconds
            rows.append(
                (
                    f"{name}, {size} px",
                    f"{flops / 1e9:,.1f}",
                    f"{seconds:.3f}",
                    f"{rate / 1e9:,.1f}",
                    f"{rate / peak:.1%}",
                )
            )
            shares[f"{name}, {size} px"] = shares_of_time(step)
    print_table(
        "Floating-point rate of a training step",
        ("step", "GFLOP", "seconds", "GFLOP/s", "of the peak"),
        rows,
        note=f"Peak: {peak / 1e9:,.0f} GFLOP/s in torch.mm of {best_size} × {best_size}, float32.",
    )
    print_table(
        "Where the time goes",
        ("step", *KINDS),
        [(name, *(f"{share:.0%}" for share in by_kind.values())) for name, by_kind in shares.items()],
    )
    for name, by_kind in shares.items():
        # Pointwise convolutions are the matrix products; all else stands between the step and the peak.
        largest = max((kind for kind in KINDS if kind != "other convolutions"), key=by_kind.get)
        print(f"Largest obstacle, {name}: {largest}, {by_kind[largest]:.0%} of the time.")


if __name__ == "__main__":
    typer.run(main)
