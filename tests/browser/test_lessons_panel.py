"""The panel of lessons and the names of tabs, in a real JupyterLab; its reading by the shared cases."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

import grader.quiz
from tests.browser.test_quiz_appearance import set_theme

pytestmark = pytest.mark.slow

SCRIPT = Path(grader.quiz.__file__).parent / "labextension" / "static" / "progress.js"
CASES = json.loads((Path(__file__).parents[1] / "progress" / "cases.json").read_text(encoding="utf-8"))


def test_a_notebook_says_the_same_as_in_python(browser: Browser) -> None:
    page = browser.new_page()
    said = page.evaluate(
        """async ([text, cases]) => {
             const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
             const { readNotebook } = await import(url);
             return cases.map(({ notebook }) => readNotebook(notebook));
           }""",
        [SCRIPT.read_text(encoding="utf-8"), CASES],
    )
    page.close()
    for case, state in zip(CASES, said, strict=True):
        assert (state and {name: state[name] for name in case["expected"]}) == case["expected"], case["case"]


@pytest.fixture(scope="module")
def folder(server: Any) -> Path:
    """Four lessons, of which one is damaged and one missing."""
    folder = server.folder / "course" / "notebooks"
    notebooks = {
        "00_first_steps": made("0 · First <b>steps</b>", ["3.0", "1.5"]),
        "01_second_half": made("1 · Second half", [None, None]),
        "02_damaged": "{",
        "03_missing": None,
    }
    for lesson, text in notebooks.items():
        (folder / lesson).mkdir(parents=True)
        if text is not None:
            (folder / lesson / "lesson.ipynb").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def opened(folder: Path, open_notebook: Callable[..., Any]) -> Any:
    notebook = open_notebook("lab", folder / "00_first_steps" / "lesson.ipynb", run=False)
    notebook.page.evaluate("() => window.jupyterapp.shell.activateById('finetuning-course-lessons')")
    notebook.page.locator(".ftl-lesson").nth(3).wait_for()
    return notebook


def made(title: str, results: list[str | None]) -> str:
    """A notebook with an exercise and a quiz of three points each, and what their checks showed."""
    cells = [nbformat.v4.new_markdown_cell(f"# {title}")]
    for name, text in zip(["exercise", "quiz"], results, strict=True):
        marks = {"grade": True, "grade_id": f"a-{name}", "points": 3.0, "schema_version": 3}
        outputs = [nbformat.v4.new_output("execute_result", {"text/plain": text})] if text else []
        cells += [
            nbformat.v4.new_markdown_cell(f"## {name.capitalize()}"),
            nbformat.v4.new_code_cell("3.0", metadata={"nbgrader": marks}, outputs=outputs),
        ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))


def rows(opened: Any) -> list[list[str]]:
    return [row.inner_text().split("\n") for row in opened.page.locator(".ftl-lesson").all()]


def test_it_says_what_is_reached_and_open_and_what_is_amiss(opened: Any) -> None:
    assert rows(opened) == [
        ["0 · First <b>steps</b>", "4.5 of 6 points", "Quiz (1.5 of 3)"],
        ["1 · Second half", "0 of 6 points", "Not begun."],
        [
            "02 Damaged",
            "lesson.ipynb cannot be read: is it damaged? Rename it, then fetch a fresh copy of the lesson.",
        ],
        ["03 Missing", "There is no lesson.ipynb in it: was it renamed or moved?"],
    ]
    assert opened.page.locator(".ftl-summary").inner_text() == "4.5 of 12 points"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_fits_and_is_accessible(opened: Any, theme: str, tmp_path: Path) -> None:
    set_theme(opened, theme)
    opened.page.screenshot(path=tmp_path / f"lessons-{theme[-5:].strip()}.png", animations="disabled")
    panel = opened.page.locator(".ftl")
    assert panel.evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
    findings = Axe().run(opened.page, context=".ftl").response["violations"]
    assert [f["id"] for f in findings if f["impact"] in ("serious", "critical")] == []


def test_a_click_opens_the_lesson_and_tabs_have_names_while_files_keep_theirs(
    opened: Any, folder: Path
) -> None:
    page = opened.page
    page.get_by_role("button", name="1 · Second half").click()
    labels = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab[data-lesson] .lm-TabBar-tabLabel")
    expect(labels).to_have_count(2)
    for label in labels.all():  # in front and behind alike: the name is there to be seen, the file's is not
        shown = label.evaluate("(label) => [getComputedStyle(label).fontSize, label.offsetWidth > 60]")
        assert shown == ["0px", True]
    for name in ("00 First steps", "01 Second half"):
        expect(page.get_by_role("tab", name=f"{name} lesson.ipynb", exact=True)).to_be_visible()
    files = sorted(folder.glob("*/*.ipynb"))
    assert [file.name for file in files] == ["lesson.ipynb"] * 3


def test_a_lesson_that_is_saved_counts(opened: Any) -> None:
    page = opened.page
    page.get_by_role("button", name="1 · Second half").click()
    opened.wait_for_kernel()
    opened.run_all()
    page.wait_for_function(
        """() => [...window.jupyterapp.shell.currentWidget.context.model.cells]
             .filter((cell) => cell.executionCount).length === 2"""
    )
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    expect(page.locator(".ftl-lesson").nth(1)).to_contain_text("6 of 6 points")
    assert rows(opened)[1] == ["1 · Second half", "6 of 6 points", "Done."]


def test_a_renamed_file_is_named_by_its_name(opened: Any) -> None:
    page = opened.page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.rename('mine.ipynb')")
    expect(page.get_by_role("tab", name="mine.ipynb")).to_be_visible()
    expect(page.locator(".ftl-lesson").nth(1)).to_contain_text("There is no lesson.ipynb in it")
