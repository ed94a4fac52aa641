"""Pages reach those who submitted to the exchange, and stop nobody else's."""

import logging
import os
import pwd
import zipfile

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import notebook_hash

from grader.autograde.steps.release_feedback import ReleaseFeedback
from grader.submissions.collect import collect
from grader.submissions.exchange import collect_exchange, inbound
from grader.submissions.intake import handed_in_at
from tests.autograde.conftest import LESSON, grade, put_into_spool


@pytest.fixture
def release(tmp_path):
    """Publish pages from feedback folders, each given by what lies beside its page: texts by student."""

    def run(**folders):
        (tmp_path / "exchange").mkdir(exist_ok=True)
        for student, files in folders.items():
            for name, content in {"lesson.html": f"of {student}".encode(), **files}.items():
                path = tmp_path / "feedback" / student / LESSON / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        given = CourseDirectory(root=str(tmp_path), course_id="c", assignment_id=LESSON)
        ReleaseFeedback(coursedir=given, root=str(tmp_path / "exchange")).start()
        published = (tmp_path / "exchange" / "c" / "feedback").iterdir()
        return {path.name: path.read_text() for path in published}

    return run


def warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def page(secret: str) -> str:
    """The name under which the owner of a secret looks for her page."""
    return f"{notebook_hash(secret=secret, notebook_id='lesson')}.html"


@pytest.mark.parametrize("secret", [None, b"", b"\xff"], ids=["none", "empty", "no text"])
def test_a_secret_that_is_missing_or_spoilt_costs_nobody_else_a_page(release, secret, caplog):
    bob = {} if secret is None else {"submission_secret.txt": secret}
    zoe = {"submission_secret.txt": b"z", "timestamp.txt": b"2026-01-01 08:00:00 UTC"}
    assert release(ada={"submission_secret.txt": b"a"}, bob=bob, zoe=zoe) == {
        page("a"): "of ada",
        page("z"): "of zoe",
    }
    (warning,) = warnings(caplog)
    assert f"give them feedback/<student>/{LESSON}/lesson.html yourself" in warning
    assert warning.endswith(": bob")


def test_two_with_one_secret_do_not_get_each_others_page(release, caplog):
    """As where a folder was copied for somebody's partner: the last one's page would be both's."""
    same = {"submission_secret.txt": b"s"}
    assert release(ada=same, bob=same, cyd={"submission_secret.txt": b"c"}) == {page("c"): "of cyd"}
    (warning,) = warnings(caplog)
    assert warning.endswith("who would find this page): ada, bob")


@pytest.mark.slow
def test_in_a_mixed_class_each_finds_what_is_hers(course, nbgrader, tmp_path):
    account = pwd.getpwuid(os.geteuid()).pw_name
    (tmp_path / "exchange").mkdir()
    options = [f"--Exchange.root={tmp_path / 'exchange'}", f"--Exchange.cache={tmp_path / 'cache'}"]
    course_option = ["--course", "finetuning"]
    home = tmp_path / "home"
    home.mkdir()
    nbgrader(course, "release_assignment", LESSON, *options)
    nbgrader(home, "fetch_assignment", LESSON, *options, *course_option)
    nbgrader(home, "submit", LESSON, *options, *course_option)
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.write(course / "notebooks" / LESSON / "lesson.ipynb", "aaron.ipynb")

    submitted = course / "submitted"
    collect(tmp_path / "download.zip", LESSON, submitted)
    collect_exchange(inbound(tmp_path / "exchange", "finetuning"), LESSON, submitted)
    for student in ("aaron", account):
        put_into_spool(course, student, lambda labels: 0.0)
    assert not grade(course).failed
    nbgrader(course, "release_feedback", LESSON, *options)
    nbgrader(home, "fetch_feedback", LESSON, *options, *course_option)

    (fetched,) = (home / LESSON / "feedback").rglob("*.html")
    assert fetched.read_bytes() == (course / "feedback" / account / LESSON / "lesson.html").read_bytes()
    assert len(list((tmp_path / "exchange" / "finetuning" / "feedback").iterdir())) == 1
    assert handed_in_at(submitted / "aaron" / LESSON) is None  # nobody knows it, and nothing says otherwise
    assert not list(course.glob(f"*/aaron/{LESSON}/timestamp.txt"))
