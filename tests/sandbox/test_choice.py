"""The strongest sandbox is taken, and below the minimum nothing is run."""

import pytest

from grader.errors import CourseError
from grader.sandbox import Sandbox, choice, choose


@pytest.fixture
def only(monkeypatch):
    """``only("landlock", …)``: these work, the others do not."""

    def let(*names):
        monkeypatch.setattr(choice, "_problem", lambda sandbox: None if sandbox in names else "not here")

    return let


def test_the_strongest_is_taken(only):
    only(*Sandbox)
    assert choose() is Sandbox.NAMESPACES
    only("landlock", "docker")
    assert choose() is Sandbox.LANDLOCK


def test_where_none_works_it_refuses_in_one_sentence(only):
    only()
    with pytest.raises(CourseError, match="No sandbox works on this machine"):
        choose()


def test_trust_must_be_said_aloud(only):
    only()
    assert choose(trust_students=True) is Sandbox.NONE
    with pytest.raises(CourseError, match="--trust-students"):
        choose("none")
    assert choose("none", trust_students=True) is Sandbox.NONE


def test_trust_does_not_give_a_working_sandbox_away(only):
    only("bwrap")
    assert choose(trust_students=True) is Sandbox.BUBBLEWRAP


def test_a_named_one_that_does_not_work_is_not_replaced(only):
    only("namespaces")
    with pytest.raises(CourseError, match="landlock does not work here"):
        choose("landlock")


def test_an_unknown_name_is_told(only):
    only(*Sandbox)
    with pytest.raises(CourseError, match="no sandbox 'chroot'"):
        choose("chroot")
