"""The extension of a Jupyter server that lets an upload of several photographs through."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_core.paths import jupyter_config_path

from grader import message_limit
from grader.course import ROOT

CONFIG = "grader/message_limit.json"


def test_a_server_finds_the_extension_where_pip_puts_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    place = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"][CONFIG]
    assert place.startswith("etc/jupyter/jupyter_server_config.d/")
    assert place.endswith(".json")
    extensions = json.loads((ROOT / CONFIG).read_text(encoding="utf-8"))["ServerApp"]["jpserver_extensions"]
    assert extensions == {message_limit.__name__: True}
    assert message_limit._jupyter_server_extension_points() == [{"module": message_limit.__name__}]


@pytest.mark.parametrize(
    ("settings", "largest_buffer", "holds"),
    [
        ({}, 512_000_000, message_limit.RAISED),
        ({"websocket_max_message_size": 20_000_000}, 512_000_000, 20_000_000),
        ({}, 50_000_000, 50_000_000),
    ],
)
def test_a_server_raises_the_limit_and_its_kernels_know_it(monkeypatch, settings, largest_buffer, holds):
    monkeypatch.setenv(message_limit.VARIABLE, "")  # so that it is taken back afterwards
    assert message_limit.message_limit() == message_limit.TORNADOS_OWN
    server = SimpleNamespace(web_app=SimpleNamespace(settings=settings), max_buffer_size=largest_buffer)
    message_limit._load_jupyter_server_extension(server)
    assert settings["websocket_max_message_size"] >= holds
    assert message_limit.message_limit() == holds


def test_a_server_of_the_environment_that_the_course_is_installed_in_loads_it():
    name = "jupyter_server_config.d/finetuning-course.json"
    installed = [path for folder in jupyter_config_path() if (path := Path(folder, name)).is_file()]
    assert installed, "not installed: run pip install -e . again"
    assert installed[0].read_bytes() == (ROOT / CONFIG).read_bytes()


def test_the_page_for_instructors_says_this_limit():
    page = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
    assert f'"websocket_max_message_size": {message_limit.RAISED:_}}}' in page
    assert f"{message_limit.VARIABLE}={message_limit.RAISED}" in page
