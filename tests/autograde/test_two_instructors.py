"""Two instructors with accounts of their own share one course, as ``groupshared`` means it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from grader.autograde.run.recheck import recheck
from tests.autograde.conftest import RIGHT, answered, class_run, grade, hand_in, rows, solution

GROUP, ANOTHER_ACCOUNT = 61_234, 61_235
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root is anybody"),
]


@pytest.fixture
def shared(released_once):
    """A course that a group shares, where others may look: pytest's own folders are closed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield shutil.copytree(released_once, Path(folder) / "course")


@pytest.fixture
def another_instructor():
    """``another_instructor(action)``: what the action gives, called by another account of the group.

    What it needs is imported already: where Python lies, that account may not look.
    """

    def act(action):
        groups, group, mask = os.getgroups(), os.getegid(), os.umask(0o022)
        os.setgroups([])
        os.setegid(GROUP)
        os.seteuid(ANOTHER_ACCOUNT)
        try:
            return action()
        finally:
            os.seteuid(0)
            os.setegid(group)
            os.setgroups(groups)
            os.umask(mask)

    return act


def test_the_second_goes_on_where_the_first_was(shared, another_instructor):
    with open(shared / "nbgrader_config.py", "a") as config:
        config.write("\nc.CourseDirectory.groupshared = True\n")
    hand_in(shared, "ada", solution(shared))
    hand_in(shared, "bob", answered(shared, RIGHT))
    for path in (shared, *shared.rglob("*")):
        os.chown(path, -1, GROUP)
        path.chmod(path.stat().st_mode | (0o2070 if path.is_dir() else 0o060))
    first = grade(shared)
    assert rows(first) == {"ada": (6, "graded"), "bob": (3, "graded")}
    again = another_instructor(lambda: grade(shared))
    assert rows(again) == rows(first)
    assert not any(row.executed for row in again.rows)
    assert rows(another_instructor(lambda: recheck(class_run(shared)))) == rows(first)
    assert rows(grade(shared)) == rows(first)
