"""The verdict as HTML and as text."""

from html.parser import HTMLParser

import pytest

from grader.exercises.machine.rendering import as_html, as_text
from grader.exercises.machine.verdict import Finding, Verdict

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def verdict(points=1.0, max_points=2.0, *findings, exercise="toy.double"):
    return Verdict(exercise=exercise, points=points, max_points=max_points, findings=list(findings))


class Read(HTMLParser):
    """Tags with their attributes, and the text between them; complains about tags left open."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._open = [], "", []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def names(self):
        return {tag for tag, _ in self.tags}


PLACES = {
    "finding": lambda text: as_html(verdict(1, 2, Finding(text=text))),
    "hint": lambda text: as_html(verdict(1, 2, Finding(text="a", hint=text))),
    "code in a finding": lambda text: as_html(verdict(1, 2, Finding(text=f"`{text}`"))),
    "id": lambda text: as_html(verdict(1, 2, exercise=text)),
    "printed text": lambda text: as_html(verdict(), printed=text),
    "section": lambda text: as_html(verdict(), pointer=text),
}


@pytest.mark.parametrize("place", PLACES)
def test_everything_is_escaped(place):
    read = Read(PLACES[place](HOSTILE))
    assert not read.names() & {"script", "img"}
    assert HOSTILE in read.text
    known = {"role", "aria-label", "aria-hidden", "style", "href"}
    assert all(set(attributes) <= known for _, attributes in read.tags)


def test_code_between_backquotes():
    html = as_html(verdict(1, 2, Finding(text="`a<b` and `c`, but ` alone", hint="see `d`")))
    for code in ("a&lt;b", "c", "d"):
        assert f"<code>{code}</code>" in html
    assert "` alone" in html


@pytest.mark.parametrize(("points", "mark"), [(2, "✓"), (1.5, "◐"), (0.01, "◐"), (0, "✗")])
def test_the_badge_tells_by_sign_what_it_tells_by_colour(points, mark):
    assert mark in Read(as_html(verdict(points, 2))).text
    assert as_text(verdict(points, 2)).startswith(f"{mark} toy.double: {points:g} of 2 points")


def test_nothing_of_nothing_is_no_pass():
    assert as_text(verdict(0, 0)) == "✗ toy.double: 0 of 0 points"


def test_one_point_is_singular():
    assert "1 of 1 point<" in as_html(verdict(1, 1))
    assert "0 of 1 point" in as_text(verdict(0, 1))
    assert "points" not in as_text(verdict(0, 1))


def relative_luminance(colour):
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("points", [0, 1, 2])
def test_the_badge_is_readable(points):
    style = next(a["style"] for tag, a in Read(as_html(verdict(points, 2))).tags if tag == "span")
    background = style.split("background:")[1][:7]
    assert "color:#fff" in style
    assert 1.05 / (relative_luminance(background) + 0.05) >= 4.5


def test_the_box_has_a_name_and_the_badge_is_not_read_out():
    tags = Read(as_html(verdict())).tags
    assert tags[0][1]["role"] == "group"
    assert tags[0][1]["aria-label"] == "Verdict on toy.double"
    assert next(a for tag, a in tags if tag == "span")["aria-hidden"] == "true"


def test_hints_unfold_and_are_absent_where_there_are_none():
    assert "<details><summary>Hint</summary>" in as_html(verdict(1, 2, Finding(text="a", hint="b")))
    assert "details" not in as_html(verdict(1, 2, Finding(text="a")))
    assert "Hint" not in as_text(verdict(1, 2, Finding(text="a")))


def test_a_page_of_feedback_has_its_hints_unfolded():
    page = as_html(verdict(1, 2, Finding(text="Wrong.", hint="Look at the shape.")), unfolded=True)
    assert "Look at the shape." in page
    assert "<details" not in page


def test_printed_text_and_section_only_where_there_are_any():
    for show in (as_html, as_text):
        assert "printed" not in show(verdict())
        assert "section “" not in show(verdict())
        assert "Third attempt" not in show(verdict())


def test_the_pointer_leads_to_the_heading_as_jupyterlab_anchors_it():
    html = as_html(verdict(), pointer="Exercise 1: one training step")
    links = [attributes for tag, attributes in Read(html).tags if tag == "a"]
    assert links == [{"href": "#Exercise-1:-one-training-step"}]
    assert "See the section “Doubling” above." in as_text(verdict(), pointer="Doubling")


def test_text_has_every_part_in_order():
    text = as_text(
        verdict(1, 2, Finding(text="One.", hint="Two."), Finding(text="Three.")), "printed", "Section"
    )
    assert text.splitlines() == [
        "◐ toy.double: 1 of 2 points",
        "  - One.",
        "    Hint: Two.",
        "  - Three.",
        "  See the section “Section” above.",
        "  Your code printed:",
        "printed",
    ]
