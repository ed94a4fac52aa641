"""The glossary's pages follow from their one source."""

import pytest

from grader.authoring.glossary import PAGE, PLACES, SOURCE, glossary_is_stale, read_glossary, write_glossary
from grader.errors import CourseError

ROW = "- {term: %s, means: A number., lesson: 00_a}\n"


@pytest.fixture
def course(tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / SOURCE).write_text(ROW % "zeta" + ROW % "Alpha", encoding="utf-8")
    return tmp_path


def test_the_pages_are_those_of_the_source():
    assert not glossary_is_stale()


def test_both_pages_are_written_in_order_and_once(course):
    assert glossary_is_stale(course)
    assert write_glossary(course)
    for place in PLACES:
        text = (course / place / PAGE).read_text(encoding="utf-8")
        assert text.index("## Alpha") < text.index("## zeta")
        assert "A number. [Lesson 0](00_a/lesson.ipynb)\n" in text
    assert not write_glossary(course)
    (course / "notebooks" / PAGE).write_text("other")
    assert glossary_is_stale(course)


def test_a_course_without_a_glossary_needs_none(tmp_path):
    assert not write_glossary(tmp_path)


@pytest.mark.parametrize(
    "text", ["- {term: a}", ": [", ROW.replace("A number.", "a number") % "a", ROW.replace("00_a", "a") % "a"]
)
def test_a_source_that_cannot_be_read_is_one_sentence(course, text):
    (course / SOURCE).write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=r"solutions/glossary.yaml cannot be read .*: mend it there"):
        read_glossary(course)
