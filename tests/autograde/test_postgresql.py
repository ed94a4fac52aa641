"""The same marks in a gradebook of PostgreSQL, through nbgrader's own ``db_url``."""

import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader.autograde.run.recheck import recheck
from tests.autograde.conftest import (
    LESSON,
    RIGHT,
    answered,
    class_run,
    grade,
    hand_in,
    release,
    rows,
    solution,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server on loopback, by a user that is not root; its address."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    programs = programs[-1].parent
    data = tmp_path_factory.mktemp("postgresql")
    become: list[str] = []
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        for folder in (data, *data.parents):
            if folder.stat().st_uid == 0 and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        become = ["runuser", "-u", "postgres", "--"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": "/",
    }
    subprocess.run(
        [*become, programs / "initdb", "-D", data / "db", "-A", "trust", "-U", "course"],
        check=True,
        timeout=60,
        **quiet,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off"
    control = [*become, programs / "pg_ctl", "-D", data / "db", "-l", data / "log", "-w", "-t", "60"]
    subprocess.run([*control, "-o", options, "start"], check=True, timeout=90, **quiet)
    try:
        yield f"postgresql+psycopg://course@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, timeout=60, **quiet)


@pytest.fixture
def course_there(course, server, nbgrader):
    """The small course with its gradebook in the server."""
    name = f"gradebook_{os.getpid()}"
    import psycopg

    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server + '/' + name!r}\n")
    (course / "gradebook.db").unlink()
    nbgrader(course, "generate_assignment", LESSON, "--force")
    return course, f"{server}/{name}"


def test_a_class_is_graded_rechecked_and_graded_again(course_there):
    course, database = course_there
    hand_in(course, "full", solution(course))
    hand_in(course, "half", answered(course, RIGHT))
    hand_in(course, "none", release(course))
    hand_in(course, "damaged", b"{")
    expected = {
        "full": (6, "graded"),
        "half": (3, "graded"),
        "none": (0, "graded"),
        "damaged": (0, "set aside"),
    }
    assert rows(grade(course)) == expected
    assert not (course / "gradebook.db").exists()
    with Gradebook(database, "finetuning") as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions(LESSON)}
    assert scores == {student: points for student, (points, _) in expected.items()}
    assert rows(recheck(class_run(course))) == expected
    assert rows(grade(course, force=True)) == expected


def test_a_server_that_does_not_answer_is_one_sentence(course, server):
    shutil.rmtree(course / "submitted", ignore_errors=True)
    hand_in(course, "ada", release(course))
    with open(course / "nbgrader_config.py", "a") as config:
        config.write("\nc.CourseDirectory.db_url = 'postgresql+psycopg://course@127.0.0.1:1/x'\n")
    from grader.errors import CourseError

    with pytest.raises(CourseError, match="cannot be opened"):
        grade(course)
