"""The spool gives back what was stored, whole, or nothing."""

import shutil

import pytest

from grader.autograde.execute import spool as module
from grader.autograde.execute.spool import Spool
from grader.autograde.execution import CellRun, Execution
from grader.autograde.grading_folder import GradingFolder
from grader.errors import CourseError

ENTRY = Execution(
    lesson="a",
    student="ada",
    key="k" * 64,
    sandbox="namespaces",
    seconds=1.0,
    cells=[CellRun(bundles=["{}"])],
)


def test_what_is_stored_comes_back(tmp_path):
    spool = Spool(GradingFolder(tmp_path))
    assert spool.get(ENTRY.key) is None
    spool.put(ENTRY)
    assert Spool(GradingFolder(tmp_path)).get(ENTRY.key) == ENTRY
    (path,) = GradingFolder(tmp_path).spool.glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    spool.remove(ENTRY.key)
    assert spool.get(ENTRY.key) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 2}', b"\xff" * 9, b"[" * 100_000], ids=len)
def test_a_damaged_entry_is_as_if_it_were_not_there(tmp_path, damage):
    spool = Spool(GradingFolder(tmp_path))
    spool.put(ENTRY)
    (GradingFolder(tmp_path).spool / f"{ENTRY.key}.json").write_bytes(damage)
    assert spool.get(ENTRY.key) is None


def test_an_entry_under_another_key_is_not_believed(tmp_path):
    spool = Spool(GradingFolder(tmp_path))
    spool.put(ENTRY)
    folder = GradingFolder(tmp_path).spool
    shutil.copy(folder / f"{ENTRY.key}.json", folder / f"{'x' * 64}.json")
    assert spool.get("x" * 64) is None


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    spool = Spool(GradingFolder(tmp_path))

    def full(path, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_privately", full)
    with pytest.raises(CourseError, match="no space left on device"):
        spool.put(ENTRY)
    assert spool.get(ENTRY.key) is None


def test_a_spool_of_another_course_is_refused(tmp_path):
    here, there = GradingFolder(tmp_path / "here"), GradingFolder(tmp_path / "there")
    for folder in (here, there):
        folder.course.mkdir()
        Spool(folder)
    shutil.rmtree(there.spool)
    shutil.copytree(here.spool, there.root / "spool")
    with pytest.raises(CourseError, match="another course"):
        Spool(there)


def test_a_course_that_was_moved_keeps_its_spool(tmp_path):
    Spool(GradingFolder(tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path)).put(ENTRY)
    (tmp_path / "a").rename(tmp_path / "b")
    assert Spool(GradingFolder(tmp_path / "b")).get(ENTRY.key) == ENTRY
