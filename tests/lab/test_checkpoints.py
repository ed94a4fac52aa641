"""A run comes back after a restart, and only while its recipe is the same."""

import json
import os
import subprocess
import sys

import pytest

from grader.errors import CourseError
from grader.lab import checkpoints
from grader.lab.checkpoints import checkpoint
from grader.lab.training import History, Score

NOTEBOOK = """
trained = []
RATE = {rate}

def step(x):
    return x + {added}

def run(start, labels, plot=None):
    trained.append(start)
    history = History(start, [step(1.0), RATE], seconds=[0.5, 1.0], images_seen=64, notes={{"moved": 0.1}})
    history.scores[2] = Score(0.8, 0.7, 656)
    return history
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(checkpoints.VARIABLE, "on")
    return tmp_path / checkpoints.FOLDER


def kernel(added=1, rate=0.1):
    """The notebook's functions in a kernel that has just started."""
    namespace = {"__name__": "__main__", "History": History, "Score": Score}
    exec(NOTEBOOK.format(added=added, rate=rate), namespace)
    return namespace


def test_after_a_restart_the_run_comes_from_its_checkpoint(capsys):
    first = kernel()
    history = checkpoint("scratch", first["run"], "scratch", labels=200)
    again, plotted = kernel(), []
    assert checkpoint("scratch", again["run"], "scratch", labels=200, plot=plotted.append) == history
    assert (first["trained"], again["trained"]) == (["scratch"], [])
    assert plotted == [history]
    assert "taken from the checkpoint" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"added": 2}, {"rate": 0.2}])
def test_a_changed_function_or_setting_trains_anew(change):
    checkpoint("scratch", kernel()["run"], "scratch", labels=200)
    again = kernel(**change)
    checkpoint("scratch", again["run"], "scratch", labels=200)
    assert again["trained"] == ["scratch"]


def test_other_arguments_train_anew():
    checkpoint("scratch", kernel()["run"], "scratch", labels=200)
    again = kernel()
    checkpoint("scratch", again["run"], "scratch", labels=100)
    assert again["trained"] == ["scratch"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"fingerprint": 1}'])
def test_a_damaged_checkpoint_trains_anew(folder, damage):
    checkpoint("scratch", kernel()["run"], "scratch", labels=200)
    (folder / "scratch.json").write_text(damage)
    again = kernel()
    checkpoint("scratch", again["run"], "scratch", labels=200)
    assert again["trained"] == ["scratch"]
    assert json.loads((folder / "scratch.json").read_text())


def test_a_run_that_trained_nothing_is_not_kept(folder):
    checkpoint("nothing", lambda: History("nothing"))
    assert not folder.exists()


def test_switched_off_it_always_trains(folder, monkeypatch):
    monkeypatch.setenv(checkpoints.VARIABLE, "off")
    for _ in range(2):
        again = kernel()
        checkpoint("scratch", again["run"], "scratch", labels=200)
        assert again["trained"] == ["scratch"]
    assert not folder.exists()


def test_another_folder_can_be_named_and_is_made(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoints.VARIABLE, str(tmp_path / "elsewhere" / "kept"))
    for trained in (["scratch"], []):
        again = kernel()
        checkpoint("scratch", again["run"], "scratch", labels=200)
        assert again["trained"] == trained
    assert not folder.exists()


def test_a_run_whose_checkpoint_cannot_be_written_is_not_lost(folder, capsys):
    folder.write_text("a file stands where the folder is needed")
    history = checkpoint("scratch", kernel()["run"], "scratch", labels=200)
    assert history.loss == [2.0, 0.1]
    assert "cannot be written" in capsys.readouterr().out


def test_another_result_is_one_sentence():
    with pytest.raises(CourseError, match="must return the history"):
        checkpoint("none", lambda: None)


@pytest.mark.slow
def test_the_fingerprint_does_not_depend_on_the_kernels_hash_seed(folder):
    """Two real kernels order sets of strings differently."""
    program = (
        "from grader.lab.training import History\nfrom grader.lab.checkpoints import checkpoint\n"
        "def a(x): return x in {'p', 'q', 'r', 's'}\ndef b(x): return x\n"
        "def run(name):\n    print('trained'); a(1); b(2); len(name)\n    return History(name, loss=[1.0])\n"
        "checkpoint('x', run, 'x')\n"
    )
    outputs = []
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=folder.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append("trained" in done.stdout)
    assert outputs == [True, False, False]
