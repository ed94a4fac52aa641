"""The part of the extension that rewrites one line of the answer cell, on its own in a blank page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import grader.quiz

pytestmark = pytest.mark.slow

SCRIPT = Path(grader.quiz.__file__).parent / "labextension" / "static" / "answers.js"


@pytest.fixture(scope="module")
def call(browser: Browser) -> Iterator[Callable[..., Any]]:
    """Call an exported function of answers.js by name."""
    page = browser.new_page()
    page.evaluate(
        """async (text) => {
             const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
             window.answers = await import(url);
           }""",
        SCRIPT.read_text(encoding="utf-8"),
    )
    yield lambda name, *args: page.evaluate("([name, args]) => window.answers[name](...args)", [name, args])
    page.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('answers = {\n    "q": None,\n}', 'answers = {\n    "q": "B",\n}', id="as released"),
        pytest.param("answers={'q':None}", "answers={'q':\"B\"}", id="tight"),
        pytest.param("answers = {'q' : 'A'}", "answers = {'q' : 'B'}", id="keeps single quotes"),
        pytest.param('answers = {"q": None  # "q": 1\n}', 'answers = {"q": "B"  # "q": 1\n}', id="comment"),
        pytest.param('answers = {"q":, "r": 1}', 'answers = {"q": "B", "r": 1}', id="value deleted"),
        pytest.param('answers = {"q": "A" if x else "C"}', 'answers = {"q": "B"}', id="expression"),
        pytest.param('answers = {"q": ["A", {"q": 1}],}', 'answers = {"q": "B",}', id="nested"),
        pytest.param(
            'answers = {"q": "A", "q": "C"}', 'answers = {"q": "A", "q": "B"}', id="last one counts"
        ),
        pytest.param(
            'answers = {"q": "A"}\nanswers = {"q": None}',
            'answers = {"q": "A"}\nanswers = {"q": "B"}',
            id="the last assignment counts",
        ),
        pytest.param(
            'answers = {\n    "q": None\n    "r": "A",\n}',
            'answers = {\n    "q": "B",\n    "r": "A",\n}',
            id="mends a forgotten comma",
        ),
        pytest.param(
            'answers = {\n    "r": "A"  # sure\n}',
            'answers = {\n    "r": "A",  # sure\n    "q": "B",\n}',
            id="missing line after a comment",
        ),
        pytest.param(
            'if True:\n    pass\nanswers = {\n    "r": "}",\n}  # end',
            'if True:\n    pass\nanswers = {\n    "r": "}",\n    "q": "B",\n}  # end',
            id="missing line",
        ),
        pytest.param("answers = {}", 'answers = {"q": "B"}', id="empty dict"),
        pytest.param("answers = {\n}", 'answers = {\n    "q": "B",\n}', id="empty dict on two lines"),
        pytest.param('answers = {"r": "A"}', 'answers = {"r": "A", "q": "B"}', id="missing on one line"),
        pytest.param("# gone\n", '# gone\nanswers = {\n    "q": "B",\n}', id="emptied cell"),
        pytest.param(
            '"""answers={"""\nanswers = {}', '"""answers={"""\nanswers = {"q": "B"}', id="docstring"
        ),
    ],
)
def test_one_line_is_rewritten(call: Callable[..., Any], before: str, after: str) -> None:
    assert call("withLetter", before, "answers", "q", "B") == after
    assert call("readLetter", after, "answers", "q") == "B"


@pytest.mark.parametrize(
    "source", ["answers = {", "answers = dict(q=None)", "other = {}", 'answers == {"q": 1}']
)
def test_what_is_no_complete_dict_is_refused(call: Callable[..., Any], source: str) -> None:
    assert call("withLetter", source, "answers", "q", "B") is None


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        ('"A"', "A"),
        ("'C'", "C"),
        ("None", ""),
        ("", ""),
        ('"a"', "A"),
        ("' c '", "C"),
        ('"AB"', None),
        ("A", None),
        ("1", None),
    ],
)
def test_what_the_source_says_is_read(call: Callable[..., Any], value: str, letter: str | None) -> None:
    assert call("readLetter", f'answers = {{"p": "E", "q": {value}, }}', "answers", "q") == letter


def test_the_edit_is_as_small_as_can_be(call: Callable[..., Any]) -> None:
    before = 'answers = {\n    "q": "A",\n}'
    edit = call("smallestEdit", before, before.replace("A", "B"))
    assert edit == {"start": before.index("A"), "end": before.index("A") + 1, "text": "B"}
