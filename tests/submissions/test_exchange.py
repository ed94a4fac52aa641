"""From the exchange a folder is its owner's, at the time that the system keeps."""

import os
import time
from datetime import UTC, datetime

import pytest

from grader.errors import CourseError
from grader.submissions import exchange
from grader.submissions.exchange import KEPT_OF_ONE, collect_exchange, inbound
from grader.submissions.intake import handed_in_at
from tests.submissions.conftest import everything

LESSON = "02_freezing"
MORNING = "2020-01-01 08:00:00.000000 UTC"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


class Exchange:
    """An exchange of one machine; whose a folder is, is pretended."""

    def __init__(self, root):
        self.root, self.owners = root, {}
        self.inbox.mkdir(parents=True)

    @property
    def inbox(self):
        return self.root / "finetuning" / "inbound"

    def submit(self, files, claimed="ada", owner="ada", when=MORNING, random="+Zx-_09876abc", lesson=LESSON):
        folder = self.inbox / f"{claimed}+{lesson}+{when}{random}"
        folder.mkdir()
        for name, content in {"timestamp.txt": when.encode(), **files}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        self.owners[folder.name] = owner
        return folder

    def collect(self, roster=None, **options):
        path = None
        if roster:
            path = self.root / "class.csv"
            path.write_text(roster)
        return collect_exchange(self.inbox, LESSON, self.submitted, roster=path, **options)

    @property
    def submitted(self):
        return self.root / "submitted"

    @property
    def unmatched(self):
        return everything(self.root / "unmatched")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Exchange(tmp_path)
    monkeypatch.setattr(exchange, "account_of", lambda folder: made.owners[folder.path.name])
    return made


def test_a_submission_is_laid_out_whole_with_the_time_of_its_last_change(machine, write):
    before = datetime.now(UTC).replace(tzinfo=None)
    machine.submit({"lesson.ipynb": write(), "own/data.csv": b"1", "submission_secret.txt": b"s"})
    collected = machine.collect()
    files = everything(machine.submitted / "ada" / LESSON)
    assert files.keys() == {"lesson.ipynb", "own/data.csv", "submission_secret.txt", "timestamp.txt"}
    assert files["lesson.ipynb"] == write()
    assert abs((handed_in_at(machine.submitted / "ada" / LESSON) - before).total_seconds()) < 60
    assert files["timestamp.txt"].endswith(b" UTC")
    assert f"its name says {MORNING}, but it was last changed" in collected.placed[0].remarks[0]


def test_a_name_that_tells_the_right_time_is_no_remark(machine, write):
    machine.submit({"lesson.ipynb": write()}, when=datetime.now(UTC).strftime(exchange.TIME_FORMAT))
    assert machine.collect().placed[0].remarks == ()


def test_a_folder_in_a_classmates_name_is_nobodys(machine, write):
    """Seen: `nbgrader collect` takes it, and the classmate gets 0."""
    machine.submit({"lesson.ipynb": write("honest")})
    forged = machine.submit({"lesson.ipynb": write("forged")}, owner="mal", when="2030-01-01 08:00:00.0 UTC")
    collected = machine.collect()
    assert [one.student for one in collected.placed] == ["ada"]
    assert everything(machine.submitted)[f"ada/{LESSON}/lesson.ipynb"] == write("honest")
    assert write("forged") in machine.unmatched.values()
    assert dict(collected.aside)[forged.name] == (
        "its name says ada, but it belongs to the account mal: neither gets it; ask both, and lay it into "
        "submitted/<id>/<lesson>/ by hand if it is honest"
    )


def test_of_one_who_forges_hundreds_only_some_are_copied(machine, write):
    for n in range(KEPT_OF_ONE + 5):
        machine.submit({"lesson.ipynb": write(str(n))}, owner="mal", claimed=f"victim{n}")
    collected = machine.collect()
    assert len(collected.aside) == KEPT_OF_ONE + 5
    assert len(machine.unmatched) == 2 * KEPT_OF_ONE  # a timestamp each
    assert sum("stays in the exchange" in reason for _, reason in collected.aside) == 5


def test_the_last_by_the_systems_time_counts_whatever_the_names_say(machine, write):
    machine.submit({"lesson.ipynb": write("first")}, when="2031-01-01 08:00:00.0 UTC")
    time.sleep(0.05)
    machine.submit({"lesson.ipynb": write("last")}, when="2021-01-01 08:00:00.0 UTC")
    collected = machine.collect()
    assert everything(machine.submitted)[f"ada/{LESSON}/lesson.ipynb"] == write("last")
    assert collected.aside[0][1] == "an earlier submission of ada; it stays in the exchange"


def test_a_file_that_is_changed_later_makes_the_submission_later(machine, write):
    folder = machine.submit({"lesson.ipynb": write()})
    machine.collect()
    first = handed_in_at(machine.submitted / "ada" / LESSON)
    time.sleep(0.05)
    (folder / "lesson.ipynb").write_bytes(write("better"))
    os.utime(folder / "lesson.ipynb", (0, 0))  # what anybody can set is not looked at
    collected = machine.collect()
    assert handed_in_at(machine.submitted / "ada" / LESSON) > first
    assert "in place of another, which is kept in unmatched/" in collected.placed[0].remarks


def test_the_same_once_more_changes_nothing(machine, write):
    machine.submit({"lesson.ipynb": write()})
    machine.collect()
    collected = machine.collect()
    assert (collected.placed, len(collected.unchanged)) == ([], 1)


def test_a_dry_run_writes_nothing(machine, write):
    machine.submit({"lesson.ipynb": write()})
    machine.submit({"lesson.ipynb": write()}, owner="mal", claimed="bob")
    assert machine.collect(dry_run=True).placed
    assert not machine.submitted.exists()
    assert machine.unmatched == {}


def test_an_account_without_a_name_is_nobody(machine, write):
    machine.submit({"lesson.ipynb": write()}, owner=None)
    assert "which has no name on this machine" in machine.collect().aside[0][1]


def test_a_roster_says_which_account_is_which_student(machine, write):
    machine.submit({"lesson.ipynb": write("1")})
    machine.submit({"lesson.ipynb": write("2")}, claimed="at2", owner="alan")
    machine.submit({"lesson.ipynb": write("3")}, claimed="at2", owner="mal", random="+abcdefghijkl")
    machine.submit({"lesson.ipynb": write("4")}, claimed="eve", owner="eve")
    collected = machine.collect("id,username\nal1,ada\nat2,alan\nml3,mal\ngh4,grace\n")
    assert {one.student for one in collected.placed} == {"al1", "at2"}
    assert collected.missing == ["ml3", "gh4"]
    reasons = sorted(reason for _, reason in collected.aside)
    assert reasons[0] == "it belongs to the account eve: nobody in the roster is 'eve'"
    assert reasons[1].startswith("its name says at2, but it belongs to the account mal")


@pytest.mark.parametrize(
    "name",
    [
        f"ada+{LESSON}+{MORNING}",
        f"ada+{LESSON}+{MORNING[:-3]}+04+abcdefghijkl",  # a zone without a name
        f"a+da+{LESSON}+{MORNING}+abcdefghijkl",
    ],
)  # fmt: skip
def test_names_as_nbgrader_writes_them(name, machine, write):
    (machine.inbox / name).mkdir()
    machine.owners[name] = name.partition(f"+{LESSON}")[0]
    assert [one.student for one in machine.collect().placed] == [machine.owners[name]]


def test_what_is_no_folder_of_the_lesson_is_named_or_of_another(machine, write, tmp_path):
    machine.submit({"lesson.ipynb": write()}, lesson="01_other")
    (machine.inbox / f"bob+{LESSON}+{MORNING}+abcdefghijkl").symlink_to(tmp_path)
    (machine.inbox / f"cyd+{LESSON}+{MORNING}+abcdefghijkl").write_text("x")
    (machine.inbox / f"dan+{LESSON}+tomorrow").mkdir()
    collected = machine.collect()
    assert collected.placed == []
    assert [reason.partition(":")[0] for _, reason in sorted(collected.aside)] == [
        "it is no folder", "it is no folder", "its name is not student+lesson+time",
    ]  # fmt: skip


def test_links_and_names_that_cannot_be_written_stay_behind_and_stop_nobody(machine, write, tmp_path):
    (tmp_path / "secret").write_text("secret")
    folder = machine.submit({"lesson.ipynb": write()})
    (folder / "link").symlink_to(tmp_path / "secret")
    with open(os.fsencode(folder) + b"/" + b"\xff" * 200, "w"):
        pass
    machine.submit({"lesson.ipynb": write()}, claimed="bob", owner="bob")
    collected = machine.collect()
    assert {one.student for one in collected.placed} == {"ada", "bob"}
    remarks = " ".join(collected.placed[0].remarks)
    assert "link is not taken: it is a link" in remarks
    assert "its name is no text, or too long" in remarks
    assert everything(machine.submitted / "ada" / LESSON).keys() == {"lesson.ipynb", "timestamp.txt"}


@AS_ROOT
def test_what_another_account_put_into_a_folder_is_not_taken(machine, write):
    folder = machine.submit({"lesson.ipynb": write(), "theirs/x.txt": b"x"})
    (folder / "extra.ipynb").write_bytes(b"of another")
    os.chown(folder / "extra.ipynb", 12345, 12345)
    os.chown(folder / "theirs", 12345, 12345)
    collected = machine.collect()
    assert everything(machine.submitted / "ada" / LESSON).keys() == {"lesson.ipynb", "timestamp.txt"}
    assert sum("belongs to another account" in remark for remark in collected.placed[0].remarks) == 2


@AS_ROOT
def test_the_owner_is_the_systems(machine, write, monkeypatch):
    monkeypatch.undo()
    folder = machine.submit({"lesson.ipynb": write()}, claimed="daemon")
    for path in (folder, *folder.iterdir()):
        os.chown(path, 1, 1)
    assert [one.student for one in machine.collect().placed] == ["daemon"]
    os.chown(folder, 2, 2)
    assert "its name says daemon, but it belongs to the account bin" in machine.collect().aside[0][1]


def test_where_all_work_in_one_account_it_is_said(tmp_path, write, monkeypatch):
    machine = Exchange(tmp_path)
    monkeypatch.setattr(exchange, "account_of", lambda folder: "jovyan")
    for student in ("ada", "bob", "cyd"):
        machine.submit({"lesson.ipynb": write()}, claimed=student)
    collected = machine.collect()
    assert collected.placed == []
    assert collected.notes[0].startswith("Every folder belongs to the account jovyan")


def test_an_exchange_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match=r"is no folder: name the exchange's folder after --exchange"):
        inbound(tmp_path, "finetuning")
    (tmp_path / "finetuning" / "inbound").mkdir(parents=True)
    assert inbound(tmp_path, "finetuning") == inbound(tmp_path / "finetuning", "finetuning")
    with pytest.raises(CourseError, match="cannot be listed"):
        collect_exchange(tmp_path / "none", LESSON, tmp_path / "submitted")
