"""A JupyterLab server with every config and data folder in a temporary place."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import grader.quiz

TOKEN = "browser-tests"
EXTENSION = Path(grader.quiz.__file__).parent / "labextension"
EXTENSION_NAME = "finetuning-course-quiz"
FROM_SOURCE = "from_source.txt"  # stands in no installed extension


@dataclass(frozen=True)
class Server:
    """A running server: its address and the folder that it shows."""

    url: str
    folder: Path


@contextlib.contextmanager
def serving(home: Path, folder: Path, *words: str) -> Iterator[Server]:
    """JupyterLab, started in ``folder``, which it shows.

    Args:
        home: for whatever Jupyter writes.
    """
    _lay_out_extension(home / "source")
    _silence_news(home / "settings")
    url = f"http://127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    command += [f"--port={url.rpartition(':')[2]}", "--ServerApp.port_retries=0"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", *words]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=_environment(home), cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for(url, process, home / "log")
        yield Server(url, folder)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_PATH": str(home / "source"),  # looked through before the folders of this environment
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }


def _lay_out_extension(data: Path) -> None:
    """The extension as the repository has it: what is installed may be older."""
    shutil.copytree(EXTENSION, data / "labextensions" / EXTENSION_NAME)
    (data / "labextensions" / EXTENSION_NAME / "static" / FROM_SOURCE).write_text("")


def _silence_news(settings: Path) -> None:
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    content = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "notification.jupyterlab-settings").write_text(json.dumps(content))


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(720):  # three minutes: what else runs on the machine may slow it
        try:
            urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.25)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
