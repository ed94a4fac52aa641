"""What a bar shows while it moves, and what it leaves in the notebook that is saved."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from grader.course import ROOT
from grader.lab import progress_bar
from grader.lab.progress_bar import MARK, ProgressBar

PLAIN = "text/plain"


class Handle:
    """Keeps what a notebook would show."""

    def __init__(self):
        self.shown = []

    def display(self, shown, raw, metadata, display_id):
        assert raw
        assert display_id
        assert metadata == MARK
        self.shown.append(shown)
        return self

    def update(self, shown, raw, metadata):
        assert raw
        assert metadata == MARK
        self.shown.append(shown)


class Shell:
    kernel = "some kernel"


@pytest.fixture
def shown(monkeypatch):
    """What is drawn in a notebook, one bundle after the other; every update is drawn."""
    handle = Handle()
    monkeypatch.setattr(progress_bar, "get_ipython", Shell)
    monkeypatch.setattr(progress_bar, "display", handle.display)
    monkeypatch.setattr(progress_bar, "_INTERVAL", 0.0)
    return handle.shown


def test_a_finished_bar_leaves_one_line_of_plain_text(shown):
    with ProgressBar(3, "a < b", "step") as bar:
        for _ in range(3):
            bar.update()
    first, *_, last = shown
    assert (
        '<progress value="1" max="3" aria-label="a &lt; b"></progress> a &lt; b: 1 of 3' in first["text/html"]
    )
    assert last == {PLAIN: "a < b: 3 of 3 steps in less than 1 s"}


def test_a_bar_that_was_stopped_says_so(shown):
    with ProgressBar(2000, "cells", "image", done=500) as bar:
        bar.update(1000)
    assert shown[-1] == {PLAIN: "cells: stopped after 1,500 of 2,000 images in less than 1 s"}


def test_what_never_began_and_what_has_no_name_leave_nothing(shown):
    with ProgressBar(3, "training", "step"):
        pass
    with ProgressBar(1, "", "step") as bar:
        bar.update()
    assert bar.n == 1
    assert shown == []


def test_it_is_drawn_now_and_then(shown, monkeypatch):
    monkeypatch.setattr(progress_bar, "_INTERVAL", 3600.0)
    with ProgressBar(1000, "training", "step") as bar:
        for _ in range(1000):
            bar.update()
    assert len(shown) == 2


def test_outside_a_notebook_it_is_a_line_on_stderr():
    program = (
        "from grader.lab.progress_bar import ProgressBar\n"
        "with ProgressBar(2, 'cells', 'image') as bar: bar.update(); bar.update()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert "cells: " in done.stderr


@pytest.mark.slow
def test_a_saved_lesson_and_its_export_say_what_was_done():
    """Bars and panels, in a kernel of their own: as plain text, and nothing that a page would look for."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "from grader.lab.progress_bar import ProgressBar\n"
            "with ProgressBar(60, 'head alone', 'step') as bar:\n"
            "    for _ in range(60): bar.update()"
        ),
        nbformat.v4.new_code_cell("from grader import lab\nlab.stage_panel({'stem': 1, 'head': 2})"),
        nbformat.v4.new_code_cell("lab.upload_panel('photos')"),
    ]
    NotebookClient(notebook, kernel_name="python3", store_widget_state=False).execute()
    (bar,) = notebook.cells[0].outputs
    assert bar.data == {PLAIN: "head alone: 60 of 60 steps in less than 1 s"}
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    for words in (bar.data[PLAIN], "An interactive panel stands here", "An upload panel stands here"):
        assert words in page
    assert "widget-view+json" not in page
