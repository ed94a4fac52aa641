"""Pictures do not make a notebook too large, and of what a student wrote nothing is lost."""

import base64
import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import SOLUTIONS
from grader.submissions.shown_data import without_shown_data
from grader.submissions.student_notebook import parse_notebook
from grader.submissions.untrusted_files import FileLimits, regular_files

PICTURE = base64.b64encode(bytes(range(256)) * 4).decode()


def cell(source, **data):
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    return {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [output]}


def raw(*cells, **options):
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return json.dumps(content, **options).encode()


@given(
    st.lists(st.text(max_size=40) | st.sampled_from(['"image/png": "x"', '{"a/b": ["c"]}', "a/b\\"])),
    st.sampled_from([None, 1]),
)
def test_what_a_student_wrote_is_the_same(sources, indent):
    cells = [
        cell(source, **{"image/png": PICTURE, "text/html": [source, PICTURE, "\\"]}) for source in sources
    ]
    whole, less = raw(*cells, indent=indent), without_shown_data(raw(*cells, indent=indent))
    assert parse_notebook(less) == parse_notebook(whole)
    assert PICTURE.encode() not in less


def test_a_right_notebook_of_many_pictures_is_taken_whole(tmp_path):
    limits = FileLimits(notebook=10_000, with_pictures=100_000)
    content = raw(*[cell("x = 1", **{"image/png": PICTURE}) for _ in range(30)])
    assert limits.notebook < len(content) < limits.with_pictures
    (tmp_path / "lesson.ipynb").write_bytes(content)
    taken, problems = regular_files(tmp_path, limits)
    assert problems == []
    assert parse_notebook(taken["lesson.ipynb"]) == parse_notebook(content)
    nbformat.validate(parse_notebook(taken["lesson.ipynb"]))


def test_what_is_left_is_capped(tmp_path):
    (tmp_path / "lesson.ipynb").write_bytes(raw(cell("x" * 20_000)))
    taken, problems = regular_files(tmp_path, FileLimits(notebook=10_000))
    assert taken == {}
    assert "larger than 0.01 MB even without what its cells show" in problems[0]


@pytest.mark.parametrize(
    "hostile",
    [
        b'"a/b":"' * 300_000,
        b'"a/b":["",' * 200_000,
        b'"a/b":[' + b'"x",' * 500_000,
        b'"a/b":' + b" " * 2_000_000,
        b'"a/b":["x"' + b" " * 2_000_000,
        b'"' + b"a/" * 1_000_000,
        b'"a/b":"' + b"\\" * 2_000_001,
        b'\\"a/b":"' * 300_000,
        b'"' * 2_000_000,
    ],
)
@pytest.mark.timeout(60)
def test_no_file_takes_long(hostile):
    """What is read again for each sign would take hours."""
    assert len(without_shown_data(hostile)) <= len(hostile)


def test_the_page_for_instructors_says_how_large_it_may_be():
    limits, page = FileLimits(), (SOLUTIONS / "README.md").read_text(encoding="utf-8")
    assert f"a notebook may have {limits.with_pictures / 1e6:g} MB with the pictures" in page
    assert f"and {limits.notebook / 1e6:g} MB without them" in page
