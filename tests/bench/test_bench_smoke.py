"""The benchmarks run and print their tables; what they measure is for people to read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent


def printed(name: str, cache: Path) -> str:
    done = subprocess.run(
        [sys.executable, HERE / name, "--quick"],
        env=os.environ | {"FINETUNING_COURSE_CACHE": str(cache), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "bench_time_to_accuracy.py",
            [
                "tutorial, seed 0",
                "last stages on cached activations, 96 px, seed 0",
                "last stages on cached activations, 128 px, seed 0",
                "head on cached features, 128 px, seed 0",
                "tutorial: PIL, 224 px, contiguous",
                "+ prepared data instead of decoding",
                "+ channels_last",
                "+ 128 px",
                "+ 96 px",
                "+ frozen prefix",
                "+ its activations cached",
                "head alone, features cached",
                "decoding with PIL to 224 px, one process",
                "prepared data, 96 px",
                "whole network, 224 px",
                "last stages, cached, 96 px",
            ],
        ),
        (
            "bench_flops.py",
            [
                "whole network, 32 px",
                "frozen prefix, 32 px",
                "cached prefix, 32 px",
                "Largest obstacle, whole network, 32 px",
                "GFLOP/s in torch.mm",
            ],
        ),
        (
            "bench_data_size.py",
            ["8 images", "16 images", "32 images", "slope, an image", "at no image", "R²"],
        ),
        ("bench_waiting.py", ["OMP_WAIT_POLICY=passive", "one thread", "2 at once"]),
        (
            "bench_grading.py",
            [
                "stock nbgrader",
                "ours, 1 worker",
                "ours, 2 workers",
                "ours, Dask, 2 workers",
                "All our runs agree: True",
                "the same marks as from stock",
                "2 submissions",
                "Recheck",
                "An idle kernel",
            ],
        ),
    ],
)
def test_it_prints_its_rows(name, rows, course_cache):
    told = printed(name, course_cache)
    assert [row for row in rows if row not in told] == []


def test_depthwise_gradients_are_counted_once(monkeypatch):
    """By hand: forward, input's gradient and weight's gradient take the same number of operations."""
    monkeypatch.syspath_prepend(HERE)
    import bench_flops
    import torch

    layer, images = (
        torch.nn.Conv2d(16, 16, 3, padding=1, groups=16),
        torch.randn(2, 16, 8, 8, requires_grad=True),
    )
    forward = 2 * (2 * 16 * 8 * 8) * 9  # two for a multiply-add, 9 of them for each number of the output
    assert bench_flops.flops_of(lambda: layer(images).sum().backward()) == 3 * forward
    assert bench_flops.kind_of("aten::mkldnn_convolution", [[2, 16, 8, 8], [16, 1, 3, 3], []]).startswith(
        "depth"
    )
    assert bench_flops.kind_of("aten::mkldnn_convolution", [[2, 16, 8, 8], [16, 16, 1, 1], []]).startswith(
        "other"
    )
