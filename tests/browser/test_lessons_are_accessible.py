"""Each solved lesson as a page: accessible by axe-core's rules, headings in order, pictures in words."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter

from grader.course import SOLUTIONS, lesson_ids

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=lesson_ids())
def page(request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A lesson's page in a browser that is offline."""
    notebook = nbformat.read(SOLUTIONS / request.param / "lesson.ipynb", as_version=4)
    exporter = HTMLExporter(template_name="lab", language_code="en", mathjax_url="", require_js_url="")
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": request.param}})
    file: Path = tmp_path_factory.mktemp("page") / "lesson.html"
    file.write_text(html, encoding="utf-8")
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="load")
    yield page
    context.close()


def test_no_serious_finding_of_axe(page: Any) -> None:
    # Of nbconvert's own theme: colours of code, long outputs that scroll, links told by colour alone.
    theme = ["color-contrast", "scrollable-region-focusable", "link-in-text-block"]
    options = {"rules": {rule: {"enabled": False} for rule in theme}}
    findings = Axe().run(page, options=options).response["violations"]
    serious = [
        f"{f['id']}: {f['nodes'][0]['html'][:200]}"
        for f in findings
        if f["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_our_own_verdicts_have_contrast(page: Any) -> None:
    verdicts = 'section[aria-label^="Verdict on"]'
    assert page.locator(verdicts).count() >= 2
    findings = Axe().run(page, context=verdicts).response["violations"]
    assert [f["id"] for f in findings if f["impact"] in ("serious", "critical")] == []


def test_headings_are_in_order(page: Any) -> None:
    levels = [
        int(tag[1])
        for tag in page.evaluate(
            "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => h.tagName)"
        )
    ]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), levels


def test_every_picture_has_words(page: Any) -> None:
    pictures = page.evaluate("() => [...document.images].map((image) => image.alt)")
    assert pictures
    assert all(len(words) > 40 for words in pictures)
