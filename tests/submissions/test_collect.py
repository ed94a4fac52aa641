"""Downloads of learning platforms become submissions; what is doubtful is kept and named."""

import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import CourseError
from grader.submissions.collect import Placed
from tests.submissions.conftest import Course, everything, notebook

LESSON = "02_freezing"
MOODLE = "{}_{}_assignsubmission_file_/{}"


def test_a_zip_is_laid_out_for_nbgrader_and_nothing_is_dropped(course, write):
    collected = course.collect(
        {
            MOODLE.format("Ada Lovelace", 1, "lesson.ipynb"): write("1"),
            MOODLE.format("Alan Turing", 2, "lesson.ipynb"): write("2"),
            MOODLE.format("Alan Turing", 2, "notes.pdf"): b"pdf",
            "lesson.ipynb": b"{}",
        }
    )
    assert course.submitted == {"Ada-Lovelace": write("1"), "Alan-Turing": write("2")}
    assert course.unmatched == [b"pdf", b"{}"]
    assert dict(collected.aside) == {
        MOODLE.format("Alan Turing", 2, "notes.pdf"): "it is no notebook",
        "lesson.ipynb": "its name is none that Moodle gives to what a student hands in",
    }
    assert collected.recognised == "recognised as Moodle"


def test_two_people_of_one_name_stay_two(course, write):
    course.collect({MOODLE.format("Ada L", n, "a.ipynb"): write(str(n)) for n in (1, 2)})
    assert course.submitted == {"Ada-L-1": write("1"), "Ada-L-2": write("2")}


def test_two_whom_nothing_tells_apart_are_nobodys(course, write):
    collected = course.collect(
        {"Ada L.ipynb": write("1"), "Ada-L.ipynb": write("2"), "ada-l.ipynb": write("3")}
    )
    assert course.submitted == {}
    assert len(course.unmatched) == 3
    assert "give a roster that tells them apart" in collected.aside[0][1]


def test_one_who_is_called_like_two_others_told_apart_takes_nobodys_place(course, write):
    files = {MOODLE.format("Ada L", n, "a.ipynb"): write(str(n)) for n in (1, 2)}
    course.collect({**files, MOODLE.format("Ada L-1", 3, "a.ipynb"): write("3")})
    assert course.submitted == {"Ada-L-2": write("2"), "Ada-L-1": write("3")}
    assert course.unmatched == [write("1")]


def test_a_roster_names_the_students_and_who_is_missing(course, write):
    header = "id,first_name,last_name,email,lms_user_id\n"
    roster = header + "al1,Ada,Lovelace,,\nat2,Alan,Turing,,77\ngh3,Grace,Hopper,,\n"
    files = {
        "lovelaceada_5_6_x.ipynb": write("1"),
        "turingalan_77_8_x.ipynb": write("2"),
        "mallory_9_9_x.ipynb": write("3"),
    }
    collected = course.collect(files, roster)
    assert course.submitted == {"al1": write("1"), "at2": write("2")}
    assert collected.missing == ["gh3"]
    assert collected.aside == [
        ("mallory_9_9_x.ipynb", "nobody in the roster is 'mallory', and the number 9 is nobody's")
    ]


def test_the_last_attempt_counts_and_the_earlier_is_kept(course, write):
    files = {"a_1_2_x.ipynb": write("1"), "a_1_3_x-1.ipynb": write("2"), "a_1_4_x-10.ipynb": write("3")}
    collected = course.collect(files)
    assert course.submitted == {"a": write("3")}
    assert [reason for _, reason in collected.aside] == ["an earlier attempt of a"] * 2
    assert course.unmatched == [write("1"), write("2")]


def test_what_was_submitted_before_is_moved_not_lost(course, write):
    for content in ("1", "1", "2"):
        collected = course.collect({"a.ipynb": write(content)})
    assert collected.placed == [
        Placed("a", "a.ipynb", remarks=("in place of another, which is kept in unmatched/",))
    ]
    assert course.submitted == {"a": write("2")}
    assert course.unmatched == [write("1")]


def test_the_same_once_more_changes_nothing(course, write):
    course.collect({"a.ipynb": write()})
    collected = course.collect({"a.ipynb": write()})
    assert (collected.placed, [one.student for one in collected.unchanged]) == ([], ["a"])


def test_a_dry_run_writes_nothing(course, write):
    collected = course.collect({"a.ipynb": write(), "b.txt": b"x"}, dry_run=True)
    assert collected.placed
    assert {path.name for path in course.folder.iterdir()} == {"d.zip"}


@pytest.mark.parametrize(
    "name", ["Ada L_1_assignsubmission_file_/all.zip", "Ada L_1_assignsubmission_file_all.zip"]
)
def test_a_zip_of_a_students_own_is_opened_and_is_hers(name, course, write):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("my work/02_freezing/lesson.ipynb", write())
    course.collect({name: inner.getvalue()})
    assert course.submitted == {"Ada-L": write()}


def test_a_students_zip_with_a_folder_in_it_is_the_students_not_the_folders(course, write):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("bob/lesson.ipynb", write())
    course.collect({"ada.zip": inner.getvalue()})
    assert course.submitted == {"ada": write()}


def test_what_is_late_is_told(course, write):
    collected = course.collect({"ada_LATE_1_2_x.ipynb": write(), "bob_3_4_x.ipynb": write()})
    assert [(one.student, one.late) for one in collected.placed] == [("ada", True), ("bob", False)]


def test_a_groups_submission_is_each_members(course, write):
    metadata = "submission_1:\n  :submitters:\n" + "".join(
        f"  - :name: {name}\n    :sid: {sid}\n"
        for name, sid in (("Ada L", "al1"), ("Alan T", "at2"), ("X Y", "xy"))
    )
    files = {"e/submission_metadata.yml": metadata, "e/submission_1/lesson.ipynb": write()}
    collected = course.collect(files, "id,name\nal1,Ada L\nat2,Alan T\n")
    assert course.submitted == {"al1": write(), "at2": write()}
    assert collected.placed[0].remarks == ("handed in for a group: Ada L, Alan T, X Y",)
    assert collected.aside == [("submission_1/lesson.ipynb", "nobody in the roster is 'X Y'")]
    assert collected.own == ["submission_metadata.yml"]
    assert collected.recognised == "recognised as Gradescope, in the folder e/"


def test_what_cannot_be_read_is_one_sentence(course, tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        course.collect_from(tmp_path / "none.zip")
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(CourseError, match="neither a folder nor a zip"):
        course.collect_from(tmp_path / "a.zip")
    (tmp_path / "a.zip").write_bytes(b"PK\x01\x02" * 20 + b"PK\x05\x06" + b"\x01" * 18)
    with pytest.raises(CourseError, match=r"a damaged zip|neither"):
        course.collect_from(tmp_path / "a.zip")
    with pytest.raises(CourseError, match=r"no column id, only these: name\. Wanted is a column id"):
        course.collect_from(tmp_path, "name\nx\n")


def test_a_place_that_cannot_be_written_is_one_sentence(course, write, tmp_path):
    (tmp_path / "submitted").write_text("a file in the way")
    with pytest.raises(CourseError, match="cannot be written"):
        course.collect({"a.ipynb": write()})


PIECES = [
    "Ada", "ada", "Alan T", "_1", "_23", "_LATE", "_assignsubmission_file_", "_attempt_2026-01-31-23-59-00",
    "1-2 - ", " - Jan 1, 2026 1000 AM", ", ", "(al1)", "/", "/Submission attachment(s)/", "submission_1",
    "lesson", "02_freezing", ".ipynb", ".ipynb", ".zip", ".txt", "anon_aB3dE", "timestamp.txt", "किरण",
    "\u0301", "-", "  ", "..", "\\", ":",
]  # fmt: skip
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
CLASS = "id,name,email,lms_user_id\nal1,Ada,ada@x.org,1\nat2,Alan T,,23\n"


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, max_size=6), st.sampled_from([None, CLASS]))
def test_whatever_names_come_every_file_is_kept_or_named(names, roster):
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder))
        files = {
            name: notebook(str(n)) for n, name in enumerate(dict.fromkeys(names)) if not name.endswith("/")
        }
        collected = course.collect(files, roster)
        kept = [*everything(course.folder / "submitted").values(), *course.unmatched]
        told = [name for name, _ in collected.aside] + collected.own + collected.passed_over
        assert len(set(kept)) + len(told) >= len(files)
        for name, content in files.items():
            tail = name.replace("\\", "/").rpartition("/")[2]
            assert content in kept or any(one.endswith(tail) for one in told)
        if roster:
            assert set(course.submitted) <= {"al1", "at2"}
