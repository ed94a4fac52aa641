"""A notebook comes back clean, or is refused with one sentence; nothing else ever happens."""

import html
import json
import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from grader.submissions.student_notebook import (
    CELL_CHARACTERS,
    TOO_LONG,
    is_placeholder,
    parse_notebook,
    parse_own_notebook,
    placeholder,
)
from grader.submissions.untrusted_files import Refused

CODE = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "a"}}, "source": "x = 1", "outputs": []}


def raw(*cells, **more):
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | more
    ).encode()


def test_types_texts_and_names_are_kept_and_nothing_else():
    marks = {"nbgrader": {"grade_id": "a", "points": 1e9, "locked": False}, "tags": ["skip-execution"]}
    outputs = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    notebook = parse_notebook(raw({**CODE, "metadata": marks, "outputs": outputs, "id": "i"}))
    (cell,) = notebook.cells
    assert (cell.cell_type, cell.source, cell.id, cell.outputs) == ("code", "x = 1", "i", [])
    assert cell.metadata == {"nbgrader": {"grade_id": "a"}}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_lists_and_byte_order_marks_make_no_difference(end, as_list, mark):
    source = f"a = 1{end}b = 2"
    cell = {**CODE, "source": source.splitlines(keepends=True) if as_list else source}
    assert parse_notebook(mark + raw(cell)).cells[0].source == "a = 1\nb = 2"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "not valid JSON"),
        (b"[]", "no notebook"),
        (b"{}", "no list of cells"),
        (b"[" * 100_000, "nested too deeply"),
        (json.dumps({"worksheets": [{"cells": []}], "nbformat": 3}).encode(), "old format"),
        (raw(*[CODE] * 1001), "cells, and"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_reason(content, reason):
    with pytest.raises(Refused, match=reason):
        parse_notebook(content)


def test_a_cell_that_is_too_long_says_so():
    notebook = parse_notebook(raw({**CODE, "source": "x" * (CELL_CHARACTERS + 1)}))
    assert notebook.cells[0].source == TOO_LONG


def test_halves_of_surrogate_pairs_can_be_written_again(tmp_path):
    notebook = parse_notebook(b'{"cells": [{"cell_type": "code", "source": "\\ud800", "metadata": {}}]}')
    nbformat.write(notebook, tmp_path / "x.ipynb")
    assert notebook.cells[0].source == "?"


def test_a_placeholder_says_why():
    assert "it is empty" in placeholder("it is empty").cells[0].source


def test_names_of_files_in_a_placeholder_are_no_markup():
    reason = "<svg onload=alert(1)>.ipynb is [no](javascript:alert(1)) `notebook` & *more*"
    shown = markdown2html_mistune(placeholder(reason).cells[0].source)
    text = html.unescape(re.sub(r"<.*?>", "", shown))
    assert text.strip() == f"This submission could not be graded: {reason}"
    assert set(re.findall(r"<(\w+)", shown)) == {"p", "strong"}


def test_no_student_can_make_a_placeholder():
    notebook = placeholder("x")
    assert is_placeholder(notebook)
    text = nbformat.writes(notebook).encode()
    assert is_placeholder(parse_own_notebook(text))
    assert not is_placeholder(parse_notebook(text))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "id", "nbformat"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(anything.map(lambda content: json.dumps(content).encode()) | st.binary(max_size=200))
def test_whatever_comes_gives_a_valid_notebook_or_one_sentence(content):
    try:
        notebook = parse_notebook(content)
    except Refused:
        return
    nbformat.validate(notebook)
