"""Names are compared as people read them, and become ids that a file system takes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.submissions.person_names import (
    FILE_BYTES,
    ID_BYTES,
    as_file_name,
    as_student_id,
    cut,
    normalised,
    printable,
)

LETTER = "\U00020000"  # a letter of four bytes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë O'Neil", "ZOE ONEIL"),
        ("Lovelace, Ada", "lovelaceada"),
        (unicodedata.normalize("NFC", "Jürgen Škoda"), unicodedata.normalize("NFD", "Jürgen Škoda")),
        ("Ｔａｒｏ", "Taro"),
        ("Straße", "STRASSE"),
    ],
)
def test_names_that_are_one(one, other):
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("किरण", "कुरण"),  # vowel signs
        ("रमा", "राम"),
        ("क्षमा", "कषमा"),  # the virama
        ("かき", "がき"),  # a voiced sign, as one letter and as a mark
        ("สมชาย", "สมชัย"),
    ],
)
def test_names_that_are_two(one, other):
    for form in ("NFC", "NFD"):
        one, other = unicodedata.normalize(form, one), unicodedata.normalize(form, other)
        assert normalised(one) != normalised(other)
        assert as_student_id(one) != as_student_id(other)


def test_ids_hold_no_folders_and_hide_nothing():
    assert as_student_id("../../etc") == "etc"
    assert as_student_id(".Zoë O'Neil ") == "Zoë-O-Neil"
    assert as_student_id("ada@x.org") == "ada@x.org"
    assert as_student_id("...") == ""


def test_an_id_is_the_same_however_a_system_writes_it():
    assert as_student_id(unicodedata.normalize("NFD", "Zoë")) == as_student_id("Zoë") == "Zoë"


def test_what_is_cut_is_cut_by_bytes_and_stays_apart():
    long = LETTER * 90
    assert len(as_student_id(long).encode()) <= ID_BYTES
    assert as_student_id(long) != as_student_id(long + LETTER)
    assert len(as_file_name(long).encode()) <= FILE_BYTES
    assert cut("ab", 10) == "ab"


@given(st.text())
def test_whatever_comes_is_a_file_name(text):
    for name, most in ((as_student_id(text), ID_BYTES), (as_file_name(text), FILE_BYTES)):
        assert len(name.encode()) <= most
        assert "/" not in name
        assert "\0" not in name
        assert name not in (".", "..")
    assert printable(text).isprintable()
    assert normalised(normalised(text)) == normalised(text)
