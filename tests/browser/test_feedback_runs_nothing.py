"""Whatever a student writes, in whichever field: her page is text in the instructor's browser."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.class_of_markup import FILE_NAMES, HANDLERS, MARKUP

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(class_of_markup: Path) -> list[Path]:
    found = sorted((class_of_markup / "feedback").glob("*/*/*.html"))
    assert len(found) == len(MARKUP) + len(FILE_NAMES)
    return found


def test_no_page_runs_anything_or_asks_anybody(pages: list[Path], browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for path in pages:
        page.goto(path.as_uri(), wait_until="load")
        page.wait_for_timeout(200)
        assert page.title() != "RAN"
        assert page.locator("iframe, object, embed, form").count() == 0
        assert page.evaluate(HANDLERS) == 0
        assert page.locator("body").is_visible()
    context.close()
    assert dialogs == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_policy_stands_in_each_page_before_anything_else(pages: list[Path]) -> None:
    for path in pages:
        head = path.read_text(encoding="utf-8").partition("<head>")[2].lstrip()
        assert head.startswith('<meta http-equiv="Content-Security-Policy"')
