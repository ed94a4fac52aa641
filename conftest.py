"""For every test and for nbval: lessons train anew, whatever checkpoints a user's runs have left."""

import os

import pytest

from grader.lab.checkpoints import VARIABLE

os.environ[VARIABLE] = "off"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare the photographs before nbval compares: a progress bar is an output that no lesson stores."""
    if session.config.option.collectonly or not any(".ipynb" in item.nodeid for item in session.items):
        return
    from grader.lab.prepared import prepare_everything

    prepare_everything()
