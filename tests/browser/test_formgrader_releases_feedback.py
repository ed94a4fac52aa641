"""Formgrader's button does what ``nbgrader release_feedback`` does in a class that handed in by two ways."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.utils import notebook_hash
from playwright.sync_api import Browser, Page

from tests.browser.serving import TOKEN, serving
from tests.conftest import LESSON

pytestmark = pytest.mark.slow

THROUGH_THE_EXCHANGE, BY_ANOTHER_WAY = "m0", "m1"


@pytest.fixture(scope="module")
def graded(class_of_markup: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded course with an exchange, from where one of its students handed in."""
    root = shutil.copytree(class_of_markup, tmp_path_factory.mktemp("release") / "course")
    (root.parent / "exchange").mkdir()
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"c.Exchange.root = {str(root.parent / 'exchange')!r}\n")
    (root / "feedback" / THROUGH_THE_EXCHANGE / LESSON / "submission_secret.txt").write_text("s")
    return root


@pytest.fixture(scope="module")
def page(graded: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("formgrader"), graded) as server:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.url}/formgrader?token={TOKEN}")
        yield page
        context.close()


def said(page: Page, path: str, row: str) -> str:
    """Press the button in the row of the page; what the window says that opens then."""
    page.goto(f"{page.url.partition('/formgrader')[0]}/formgrader/{path}")
    page.locator("tr", has=page.get_by_text(row, exact=True)).locator(".release-feedback a").click()
    text = page.locator(".modal-content").inner_text(timeout=60_000)
    page.locator(".modal-footer button").click()
    page.locator(".modal-content").wait_for(state="detached")
    return text


def test_each_page_that_has_an_owner_is_released_and_the_others_are_named(page: Page, graded: Path) -> None:
    text = said(page, "manage_assignments", LESSON)
    assert "Successfully released" in text
    assert "[WARNING] Not released, give them" in text
    assert BY_ANOTHER_WAY in text.partition("Not released")[2]
    [released] = (graded.parent / "exchange" / "finetuning" / "feedback").iterdir()
    assert released.name == f"{notebook_hash(secret='s', notebook_id='lesson')}.html"
    assert (
        released.read_bytes()
        == (graded / "feedback" / THROUGH_THE_EXCHANGE / LESSON / "lesson.html").read_bytes()
    )


def test_one_student_alone_is_named_too(page: Page) -> None:
    text = said(page, f"manage_submissions/{LESSON}", BY_ANOTHER_WAY)
    assert BY_ANOTHER_WAY in text.partition("Not released")[2]
