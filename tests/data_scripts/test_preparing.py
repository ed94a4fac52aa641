"""The preparing scripts, as a user runs them."""

import subprocess
import sys

import pytest

from grader.course import ROOT
from grader.lab.cache import VARIABLE

pytestmark = pytest.mark.slow  # a process with PyTorch each


def run(script, cache, *arguments):
    import os

    return subprocess.run(
        [sys.executable, ROOT / "data_scripts" / script, *arguments],
        env=os.environ | {VARIABLE: str(cache)},
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_solar_cells_are_prepared_and_described(tmp_path):
    done = run("prepare_solar_cells.py", tmp_path / "cache", "--size", "16")
    assert done.returncode == 0, done.stderr
    assert "1,968 to train on, 656 held out" in done.stdout
    assert (tmp_path / "cache" / "solar-cells-16.npy").is_file()


def test_the_backbone_is_prepared_and_described(tmp_path):
    done = run("prepare_backbone.py", tmp_path / "cache")
    assert "296 tensors, 4,652,008 parameters" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("prepare_solar_cells.py", ["--size", "9"]), ("prepare_backbone.py", []), ("prepare_flowers.py", [])],
)
def test_a_mistake_is_one_sentence(tmp_path, script, arguments):
    cache = tmp_path / "cache"
    if not arguments:
        cache.write_text("a file where the folder should be")
    done = run(script, cache, *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
