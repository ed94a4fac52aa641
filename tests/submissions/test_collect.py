"""Downloads of learning platforms become submissions; what is doubtful is kept and named."""

import io
import stat
import zipfile

import pytest
from rich.console import Console

from grader.errors import CourseError
from grader.submissions.collect import collect, show
from grader.submissions.download_names import as_student_id, sender_of

LESSON = "02_freezing"
NOTEBOOK = b'{"cells": []}'


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def everything(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "who", "number"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_/lesson.ipynb", "Ada Lovelace", "12345"),
        ("Ada Lovelace_12345_assignsubmission_file_lesson.ipynb", "Ada Lovelace", "12345"),
        ("Course-02-777/Ada Lovelace_12345_assignsubmission_file_/lesson.ipynb", "Ada Lovelace", "12345"),
        ("lovelaceada_12345_67890_lesson.ipynb", "lovelaceada", "12345"),
        ("lovelaceada_LATE_12345_67890_lesson-2.ipynb", "lovelaceada", "12345"),
        ("Homework_ada_attempt_2026-01-31-23-59-00_lesson.ipynb", "ada", ""),
        ("ada.ipynb", "ada", ""),
        ("ada/lesson.ipynb", "ada", ""),
        ("ada/02_freezing/lesson.ipynb", "ada", ""),
    ],
)
def test_who_handed_it_in(name, who, number):
    sender = sender_of(name, LESSON)
    assert (sender.name, sender.number) == (who, number)


@pytest.mark.parametrize("name", ["lesson.ipynb", "02_freezing.ipynb", "02_freezing/lesson.ipynb"])
def test_names_that_do_not_say_it(name):
    assert sender_of(name, LESSON) is None


def test_ids_hold_no_folders_and_hide_nothing():
    assert as_student_id("../../etc") == "etc"
    assert as_student_id(".Zoë O'Neil ") == "Zoë-O-Neil"


def test_a_zip_is_laid_out_for_nbgrader_and_nothing_is_dropped(tmp_path):
    source = zipped(
        tmp_path / "d.zip",
        {
            "Ada Lovelace_1_assignsubmission_file_/lesson.ipynb": NOTEBOOK,
            "Alan Turing_2_assignsubmission_file_/lesson.ipynb": b'{"cells": [1]}',
            "Alan Turing_2_assignsubmission_file_/notes.pdf": b"pdf",
            "lesson.ipynb": b"{}",
        },
    )
    collected = collect(source, LESSON, tmp_path / "submitted")
    assert everything(tmp_path / "submitted") == {
        f"Ada-Lovelace/{LESSON}/lesson.ipynb": NOTEBOOK,
        f"Alan-Turing/{LESSON}/lesson.ipynb": b'{"cells": [1]}',
    }
    assert sorted(everything(tmp_path / "unmatched").values()) == [b"pdf", b"{}"]
    assert dict(collected.aside).keys() == {
        "Alan Turing_2_assignsubmission_file_/notes.pdf",
        "lesson.ipynb",
    }


def test_two_people_of_one_name_stay_two(tmp_path):
    source = zipped(
        tmp_path / "d.zip", {f"Ada L_{n}_assignsubmission_file_/a.ipynb": NOTEBOOK for n in (1, 2)}
    )
    collect(source, LESSON, tmp_path / "submitted")
    assert {path.name for path in (tmp_path / "submitted").iterdir()} == {"Ada-L-1", "Ada-L-2"}


def test_a_roster_names_the_students_and_who_is_missing(tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text(
        "id,first_name,last_name,email,lms_user_id\nal1,Ada,Lovelace,,\nat2,Alan,Turing,alan@x.org,77\ngh3,Grace,Hopper,,\n"
    )
    source = zipped(
        tmp_path / "d.zip",
        {
            "lovelaceada_5_6_x.ipynb": NOTEBOOK,
            "whoever_77_8_x.ipynb": NOTEBOOK,
            "mallory_9_9_x.ipynb": NOTEBOOK,
        },
    )
    collected = collect(source, LESSON, tmp_path / "submitted", roster=roster)
    assert {path.name for path in (tmp_path / "submitted").iterdir()} == {"al1", "at2"}
    assert collected.missing == ["gh3"]
    assert "mallory" in collected.aside[0][1]


def test_the_last_attempt_counts_and_the_earlier_is_kept(tmp_path):
    source = zipped(
        tmp_path / "d.zip", {"a_1_2_x.ipynb": b"1", "a_1_3_x-1.ipynb": b"2", "a_1_4_x-10.ipynb": b"3"}
    )
    collect(source, LESSON, tmp_path / "submitted")
    assert (tmp_path / "submitted" / "a" / LESSON / "lesson.ipynb").read_bytes() == b"3"
    assert sorted(everything(tmp_path / "unmatched").values()) == [b"1", b"2"]


def test_what_was_submitted_before_is_moved_not_lost(tmp_path):
    for content in (b"1", b"1", b"2"):
        source = zipped(tmp_path / "d.zip", {"a.ipynb": content})
        collected = collect(source, LESSON, tmp_path / "submitted")
    assert collected.placed == [("a", "a.ipynb")]
    assert (tmp_path / "submitted" / "a" / LESSON / "lesson.ipynb").read_bytes() == b"2"
    assert list(everything(tmp_path / "unmatched").values()) == [b"1"]


def test_a_dry_run_writes_nothing(tmp_path):
    source = zipped(tmp_path / "d.zip", {"a.ipynb": NOTEBOOK, "b.txt": b"x"})
    collected = collect(source, LESSON, tmp_path / "submitted", dry_run=True)
    assert collected.placed
    assert {path.name for path in tmp_path.iterdir()} == {"d.zip"}


def test_a_zip_of_a_students_own_is_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("02_freezing/lesson.ipynb", NOTEBOOK)
    source = zipped(tmp_path / "d.zip", {"Ada L_1_assignsubmission_file_/all.zip": inner.getvalue()})
    collect(source, LESSON, tmp_path / "submitted")
    assert everything(tmp_path / "submitted") == {f"Ada-L/{LESSON}/lesson.ipynb": NOTEBOOK}


def test_zips_that_lead_out_link_or_grow_are_refused_and_named(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil.ipynb", NOTEBOOK)
        archive.writestr("/evil.ipynb", NOTEBOOK)
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", b" " * 30_000_000)
    collected = collect(path, LESSON, tmp_path / "submitted")
    assert collected.placed == []
    assert len(collected.aside) == 4
    assert not (tmp_path / "evil.ipynb").exists()
    assert not (tmp_path / "submitted").exists()


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        collect(tmp_path / "none.zip", LESSON, tmp_path / "submitted")
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(CourseError, match="neither a folder nor a zip"):
        collect(tmp_path / "a.zip", LESSON, tmp_path / "submitted")
    (tmp_path / "r.csv").write_text("name\nx\n")
    with pytest.raises(CourseError, match="no column id"):
        collect(tmp_path, LESSON, tmp_path / "submitted", roster=tmp_path / "r.csv")


def test_names_from_a_download_cannot_steer_the_terminal(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "\x1b[31mred.txt").write_text("x")
    said = io.StringIO()
    show(collect(tmp_path / "d", LESSON, tmp_path / "submitted"), Console(file=said))
    assert "\x1b[31m" not in said.getvalue()
