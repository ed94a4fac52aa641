"""The glossary's words are explained where they first stand in the lessons, and links lead somewhere."""

import re

import jupytext
import pytest

from grader.authoring.glossary import read_glossary
from grader.course import RELEASES, SOLUTIONS, lesson_ids
from tests.notebooks.test_words import WORDS, text_of

TERMS = read_glossary()
# What a sentence does not say: headings, names of code, the words of links.
NO_PROSE = re.compile(r"^#.*$|`[^`\n]*`|\[[^\]\n]*\]\([^)\n]*\)", flags=re.MULTILINE)


@pytest.fixture(scope="module")
def prose():
    """What each lesson says in words, in teaching order."""
    return {lesson: NO_PROSE.sub("", text_of(lesson, only_markdown=True)) for lesson in lesson_ids()}


def test_every_word_that_is_explained_is_in_the_glossary():
    assert set(WORDS) <= {one.term for one in TERMS}


@pytest.mark.parametrize("term", TERMS, ids=lambda one: one.term)
def test_a_term_first_stands_where_it_is_explained(term, prose):
    uses = re.compile(rf"\b(?:{term.uses or re.escape(term.term) + 's?'})\b", flags=re.IGNORECASE)
    firsts = ((lesson, text, uses.search(text)) for lesson, text in prose.items())
    lesson, text, first = next((one for one in firsts if one[2]), ("", "", None))
    assert first, f"no lesson speaks of {term.term}"
    around = text[max(0, first.start() - 60) : first.end() + 60]
    assert lesson == term.lesson, around
    assert (text[first.start() - 1], text[first.end()]) == ("*", "*"), around


@pytest.mark.parametrize("lesson", lesson_ids())
def test_links_of_a_lesson_lead_somewhere_and_its_header_to_the_glossary(lesson):
    cells = jupytext.read(SOLUTIONS / lesson / "lesson.py").cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert "(../glossary.md)" in texts[0]
    links = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)", "\n".join(texts))
    for home in (SOLUTIONS, RELEASES):
        assert [link for link in links if not (home / lesson / link).is_file()] == []


@pytest.mark.parametrize("home", [SOLUTIONS, RELEASES], ids=lambda home: home.name)
def test_links_of_the_glossary_lead_somewhere(home):
    links = re.findall(r"\]\(([^)]+)\)", (home / "glossary.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (home / link).is_file()] == []
