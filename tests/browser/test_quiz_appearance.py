"""How the quiz looks and reads: light, dark, narrow, withheld, and away from its notebook."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened(make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]) -> Any:
    """A quiz with one right answer, one wrong one and one open question."""
    notebook = open_notebook("lab", make_lesson("appearance"))
    notebook.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.radio(0, "B").check()
    notebook.radio(1, "B").check()
    notebook.question(0).locator("summary").first.click()
    notebook.wait_for_choices("BB-")
    return notebook


def set_theme(notebook: Any, theme: str) -> None:
    notebook.page.evaluate(
        "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    is_light = "true" if theme.endswith("Light") else "false"
    notebook.page.wait_for_selector(f"body[data-jp-theme-light={is_light}]", state="attached")


@pytest.mark.parametrize("width", [1280, 640])
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_fits_and_is_accessible(opened: Any, theme: str, width: int, tmp_path: Path) -> None:
    # Tall enough for the whole quiz, which a notebook otherwise scrolls out of the picture.
    opened.page.set_viewport_size({"width": width, "height": 2600})
    set_theme(opened, theme)
    quiz = opened.page.locator(".ftq")
    quiz.screenshot(path=tmp_path / f"quiz-{theme[-5:].strip()}-{width}.png", animations="disabled")

    overflowing = quiz.evaluate(
        """(quiz) => [quiz.parentElement, quiz, ...quiz.querySelectorAll("*")]
             .filter((node) => !node.matches(".ftq-spoken") && node.scrollWidth > node.clientWidth + 1
                               && getComputedStyle(node).display !== "inline")
             .map((node) => node.outerHTML.slice(0, 120))"""
    )
    assert overflowing == []

    findings = Axe().run(opened.page, context=".ftq").response["violations"]
    serious = [
        f"{f['id']}: {f['nodes'][0]['html']}" for f in findings if f["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_withheld_quiz_tells_nothing_but_writes(
    make_lesson: Callable[..., Path], open_notebook: Callable[..., Any]
) -> None:
    notebook = open_notebook("lab", make_lesson("withheld", withhold_feedback=True))
    notebook.radio(0, "A").check()
    notebook.radio(1, "A").check()
    notebook.wait_for_choices("AA-")
    assert '"what-for": "A",\n    "head-swap": "A",' in notebook.source()
    quiz = notebook.page.locator(".ftq")
    assert quiz.locator(".ftq-right, .ftq-wrong, .ftq-badge, details").count() == 0
    text = quiz.text_content()
    assert "2 of 3 answered" in text
    assert "Right" not in text
    assert "Not quite" not in text
    notebook.page.context.close()


def test_a_view_without_the_notebook_says_what_to_type(opened: Any) -> None:
    opened.page.locator(".jp-OutputArea-output").first.click(button="right")
    opened.page.get_by_text("Create New View for Cell Output").click()
    view = opened.page.locator(".jp-LinkedOutputView .ftq")
    view.wait_for()
    assert "This view is not connected to the notebook." in view.locator(".ftq-notice").inner_text()
    before = opened.page.locator(".jp-Notebook .cm-content").all_inner_texts()
    view.get_by_role("radiogroup").nth(2).locator("input[value=C]").check()
    status = view.get_by_role("radiogroup").nth(2).get_by_role("status").text_content()
    assert status == 'Right. Type this line into the answer cell: "steps": "C",'
    assert opened.page.locator(".jp-Notebook .cm-content").all_inner_texts() == before
