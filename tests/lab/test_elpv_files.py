"""The prepared array: made once, whole or not at all, made anew where it is damaged."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from grader.errors import CourseError
from grader.lab import elpv_files
from grader.lab.elpv_files import COUNT, prepare_solar_cells
from grader.lab.solar_cells import load_solar_cells

pytestmark = pytest.mark.slow  # decodes all photographs


def test_an_impossible_size_is_one_sentence(empty_cache):
    with pytest.raises(CourseError, match="16 to 300"):
        load_solar_cells(301)


@pytest.mark.parametrize("damage", ["cut", "flipped", "manifest"])
def test_a_damaged_file_is_prepared_again(empty_cache, damage, capsys):
    path = prepare_solar_cells(16)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[:-100])
    elif damage == "flipped":
        path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    else:
        path.with_suffix(".json").write_text("{")
    cells = load_solar_cells(16)
    assert "damaged" in capsys.readouterr().out
    assert path.read_bytes() == whole
    assert cells.images.shape == (COUNT, 16, 16)


def test_preparing_again_changes_nothing(empty_cache):
    path = prepare_solar_cells(16)
    before = path.stat().st_mtime_ns
    assert prepare_solar_cells(16) == path
    assert path.stat().st_mtime_ns == before


def test_a_missing_package_is_one_sentence(empty_cache, monkeypatch):
    monkeypatch.setattr(elpv_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="pip install elpv-dataset"):
        load_solar_cells(16)


def test_two_processes_at_once_prepare_once(empty_cache):
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        paths = pool.map(prepare_solar_cells, [16, 16])
    assert paths[0] == paths[1]
    assert elpv_files.damage(paths[0]) is None


def test_a_killed_preparation_goes_on_where_it_was(empty_cache):
    process = subprocess.Popen(
        [sys.executable, "-c", "from grader.lab.elpv_files import prepare_solar_cells as p; p(64)"],
        env=os.environ,
        stderr=subprocess.DEVNULL,
    )
    progress = empty_cache / "solar-cells-64.progress"
    while process.poll() is None and not (progress.is_file() and int(progress.read_text()) >= 256):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = int(progress.read_text())
    assert 0 < done < COUNT
    unfinished = np.load(empty_cache / "solar-cells-64.partial", mmap_mode="r+")
    unfinished[0] = 7  # a mark that a fresh start would wipe out
    unfinished.flush()
    cells_path = prepare_solar_cells(64)
    assert (np.load(cells_path)[0] == 7).all()
    cells_path.unlink()
    fresh = np.load(prepare_solar_cells(64))
    assert fresh[0].std() > 0
    assert not progress.exists()
