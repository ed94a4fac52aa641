"""Formgrader, where a script could do whatever the instructor can: what students wrote is text there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page

from tests.browser.class_of_markup import HANDLERS, MARKUP
from tests.browser.serving import TOKEN, serving
from tests.conftest import LESSON

pytestmark = pytest.mark.slow

OF_A_STUDENT = "iframe, object, embed, form, style:not(head *), [href^='javascript:']"


class Formgrader:
    """Its pages in a browser, and what they asked of other servers than their own."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.asked, self.dialogs = page, [], []
        self._url = f"{url}/formgrader"
        page.route(lambda address: not address.startswith(url), lambda route: route.abort())
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(f"{self._url}?token={TOKEN}")

    def text_of(self, path: str) -> str:
        """Everything that a page says, once it is loaded; nothing of a student's ran there."""
        self.asked.clear()
        self.page.goto(f"{self._url}/{path}", wait_until="networkidle")
        assert self.page.title() != "RAN"
        assert self.page.evaluate(HANDLERS) == 0
        assert self.page.locator(OF_A_STUDENT).count() == 0
        elsewhere = [url for url in self.asked if not url.startswith((self._url, "data:"))]
        assert [url for url in elsewhere if "/mathjax/" not in url] == []  # nbgrader's own
        assert self.dialogs == []
        return self.page.locator("body").text_content() or ""


@pytest.fixture(scope="module")
def formgrader(
    class_of_markup: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Formgrader]:
    with serving(tmp_path_factory.mktemp("formgrader"), class_of_markup) as server:
        context = browser.new_context()
        yield Formgrader(context.new_page(), server.url)
        context.close()


def test_lists_show_names_and_run_nothing(formgrader: Formgrader) -> None:
    for path in ("manage_students", f"manage_submissions/{LESSON}", f"gradebook/{LESSON}/lesson"):
        text = formgrader.text_of(path)
        for markup in MARKUP:
            assert f"{markup}, {markup}" in text, path


@pytest.mark.parametrize("number", range(len(MARKUP)))
def test_a_submission_shows_what_was_written_and_runs_nothing(
    formgrader: Formgrader, class_of_markup: Path, number: int
) -> None:
    with Gradebook(f"sqlite:///{class_of_markup}/gradebook.db") as gradebook:
        [submitted] = gradebook.find_submission(LESSON, f"m{number}").notebooks
        page = f"submissions/{submitted.id}/"
    text, markup = formgrader.text_of(page), MARKUP[number]
    assert f"{markup}, {markup}" in text  # the name
    assert f"# {markup}\n\n{markup}\n\n![picture](" in text  # the written answer
    assert f"return {markup!r}  # {markup}" in text  # the code
    assert text.count(markup) > 8  # its outputs, too
    assert formgrader.page.locator(".comment").count() > 0
    for path in (f"manage_students/m{number}", f"manage_students/m{number}/{LESSON}"):
        assert LESSON in formgrader.text_of(path)
