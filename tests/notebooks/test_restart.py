"""A kernel restart in the middle of a lesson costs none of the training that was done before."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from grader.course import SOLUTIONS, lesson_ids
from grader.lab.checkpoints import VARIABLE

SMALL_RUNS = {
    "02_freezing": 'lab.checkpoint("small", run, "head", labels=50, steps=2)',
    "03_counting_parameters": 'lab.checkpoint("small", run, "head", steps=2)',
}


@pytest.mark.parametrize("lesson", [lesson for lesson in lesson_ids() if lesson >= "02"])
def test_every_lesson_with_training_keeps_its_runs(lesson):
    source = (SOLUTIONS / lesson / "lesson.py").read_text(encoding="utf-8")
    assert re.search(r"lab\.checkpoint\(|\.checkpoints/", source)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", SMALL_RUNS)
def test_after_a_restart_a_run_comes_from_its_checkpoint(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    notebook = nbformat.read(SOLUTIONS / lesson / "lesson.ipynb", 4)
    recorded = [cell.source for cell in notebook.cells if "recorded" in cell.metadata.get("tags", [])]
    told = []
    for _ in range(2):  # two kernels, one after the other, in one folder
        cells = [*recorded, f"history = {SMALL_RUNS[lesson]}\nprint(len(history.loss), history.final)"]
        part = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        NotebookClient(part, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
        told.append("".join(o.text for o in part.cells[-1].outputs if o.get("name") == "stdout"))
    assert "checkpoint" not in told[0]
    assert "taken from the checkpoint" in told[1]
    assert told[1].splitlines()[-1] == told[0].splitlines()[-1]
