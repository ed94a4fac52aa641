"""Threads wait briefly, and never against what the user has chosen."""

import subprocess
import sys

import pytest

from grader.course import lesson_ids
from grader.lab import waiting
from grader.lab.waiting import wait_briefly
from grader.lesson_folder import LessonFolder


@pytest.fixture(autouse=True)
def _pytorch_is_not_there_yet(monkeypatch):
    monkeypatch.setattr(waiting.sys, "modules", {})


@pytest.mark.parametrize(
    ("before", "set_now"),
    [
        ({}, {"GOMP_SPINCOUNT": "1000"}),
        ({"JUPYTERHUB_USER": "ada"}, {"OMP_WAIT_POLICY": "passive"}),
        ({"GOMP_SPINCOUNT": "7"}, {}),
        ({"OMP_WAIT_POLICY": "active", "JUPYTERHUB_USER": "ada"}, {}),
        ({"KMP_BLOCKTIME": "200"}, {}),
    ],
)
def test_what_is_set(before, set_now):
    environment = dict(before)
    assert wait_briefly(environment) is bool(set_now)
    assert environment == before | set_now


def test_it_is_too_late_once_pytorch_is_there(monkeypatch):
    monkeypatch.setattr(waiting.sys, "modules", {"torch": None})
    environment: dict[str, str] = {}
    assert not wait_briefly(environment)
    assert environment == {}


IN_TIME, TOO_LATE = "from grader import lab\nimport torch", "import torch\nfrom grader import lab"


@pytest.mark.parametrize("lesson_begins", [IN_TIME, TOO_LATE])
def test_a_lesson_that_imports_lab_first_sets_it_in_time(lesson_begins):
    """The second order works too, and changes nothing."""
    code = f"import os\nfor name in {waiting._SET_BY_THE_USER}: os.environ.pop(name, None)\n{lesson_begins}\n"
    code += "print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("1000" if lesson_begins == IN_TIME else "None")


@pytest.mark.parametrize("lesson", lesson_ids())
def test_every_lesson_imports_ours_before_pytorch(lesson):
    lines = LessonFolder(lesson).source("lesson.py").read_text(encoding="utf-8").splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    ours = next(number for number, line in enumerate(imports) if line.startswith("from grader"))
    torch = next(number for number, line in enumerate(imports) if "torch" in line)
    assert ours < torch
