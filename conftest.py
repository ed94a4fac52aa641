"""For every test and for nbval: lessons train anew, whatever checkpoints a user's runs have left."""

import contextlib
import io
import os

import pytest

from grader.lab.checkpoints import VARIABLE

SIZES = (64, 96, 128, 224, 300)  # pixels at which the lessons load the solar cells

os.environ[VARIABLE] = "off"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare the photographs before nbval compares: a progress bar is an output that no lesson stores."""
    if session.config.option.collectonly or not any(".ipynb" in item.nodeid for item in session.items):
        return
    from grader.lab.solar_cells import prepare_solar_cells

    with contextlib.redirect_stderr(io.StringIO()):  # the progress bars
        for size in SIZES:
            prepare_solar_cells(size)
