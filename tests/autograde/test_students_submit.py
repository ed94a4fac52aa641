"""A student fetches a lesson, fills its folder with large files, and submits it, by nbgrader's commands."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import course
from tests.conftest import LESSON

pytestmark = pytest.mark.slow


@pytest.fixture
def exchange(built_course: Path, nbgrader: Callable[..., str], tmp_path: Path) -> list[str]:
    """nbgrader's options for an exchange with the lesson in it, and for a student's own cache."""
    (tmp_path / "exchange").mkdir()
    options = [f"--Exchange.root={tmp_path / 'exchange'}", f"--Exchange.cache={tmp_path / 'cache'}"]
    nbgrader(built_course, "release_assignment", LESSON, *options)
    return [*options, "--course", "finetuning"]


def a_hub(home: Path) -> None:
    """What solutions/README.md says for all accounts of a machine, and nothing of the course's folder."""
    page = (course.SOLUTIONS / "README.md").read_text(encoding="utf-8")
    (config,) = re.findall(r"```python\n(c = get_config\(\)\n.*?)```", page, re.S)
    (home / ".jupyter").mkdir(parents=True)
    (home / ".jupyter" / "nbgrader_config.py").write_text(config)


def the_courses_folder(home: Path) -> None:
    home.mkdir()
    shutil.copy(course.ROOT / "nbgrader_config.py", home)


@pytest.mark.parametrize("place", [a_hub, the_courses_folder])
def test_photographs_and_scratch_files_stay_with_the_student(place, exchange, nbgrader, tmp_path) -> None:
    home = tmp_path / "home"
    place(home)
    nbgrader(home, "fetch_assignment", LESSON, *exchange)
    for name in (".checkpoints/inspector.npz", "my_photos/oak/1.jpg"):
        file = home / LESSON / name
        file.parent.mkdir(parents=True)
        with file.open("wb") as opened:
            opened.truncate(120_000_000)  # holds nothing, and takes no room on a disk
    (home / LESSON / "notes.txt").write_text("mine")

    nbgrader(home, "submit", LESSON, *exchange)

    (submitted,) = (tmp_path / "exchange" / "finetuning" / "inbound").iterdir()
    (cached,) = (tmp_path / "cache" / "finetuning").iterdir()
    written = {"timestamp.txt", "submission_secret.txt"}
    fetched = {path.name for path in (tmp_path / "exchange" / "finetuning" / "outbound" / LESSON).iterdir()}
    for folder in (submitted, cached):
        assert {path.name for path in folder.iterdir()} == fetched | written | {"notes.txt"}
    assert (home / LESSON / "my_photos" / "oak" / "1.jpg").exists()
