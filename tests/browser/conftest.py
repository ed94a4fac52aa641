"""A JupyterLab server, a Chromium to drive, and what the tests open with them."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from grader.quiz.publish import publish
from grader.quiz.schema import Quiz
from tests.browser.class_of_markup import grade_class_of_markup
from tests.browser.serving import TOKEN, Server, serving

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
ANSWER_CELL = "scratch-quiz-answers"
UNANSWERED = (
    'answers = {\n    "what-for": None,\n    "head-swap": None,  # look at the shapes\n    "steps": None,\n}'
)

KERNEL_IDLE = """() => {
  const context = window.jupyterapp?.shell?.currentWidget?.context;
  const kernel = context?.sessionContext?.session?.kernel;
  const isConnected = kernel?.connectionStatus === "connected" && kernel.status === "idle";
  return context?.isReady && isConnected;
}"""


class NotebookPage:
    """One notebook, open in JupyterLab (``lab``) or Notebook 7 (``notebooks``)."""

    def __init__(self, page: Page, app: str, path: Path) -> None:
        self.page = page
        self.app = app
        self.path = path

    def run_all(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def wait_for_kernel(self) -> None:
        self.page.wait_for_function(KERNEL_IDLE, timeout=60_000)

    def wait_for_quiz(self) -> None:
        self.page.locator(".ftq").first.wait_for(timeout=60_000)

    def question(self, number: int) -> Any:
        return self.page.get_by_role("radiogroup").nth(number)

    def radio(self, number: int, letter: str) -> Any:
        return self.question(number).locator(f"input[value={letter}]")

    def wait_for_choices(self, choices: str) -> None:
        """Wait until the radio buttons stand as ``"B-A"`` says, one character a question, ``-`` for none."""
        self.page.wait_for_function(
            """(choices) => [...document.querySelectorAll(".ftq-question")]
                 .map((group) => group.querySelector(":checked")?.value ?? "-").join("") === choices""",
            arg=choices,
            timeout=20_000,
        )

    def cell_count(self) -> int:
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.cells.length")

    def source(self) -> str:
        """The answer cell's source in the application's model."""
        return self._in_answer_cell("cell.sharedModel.getSource()")

    def set_source(self, source: str) -> None:
        """Replace the answer cell's source and forget its undo history."""
        self._in_answer_cell(
            "(cell.sharedModel.setSource(value), cell.sharedModel.clearUndoHistory())", source
        )

    def set_answer_metadata(self, key: str, value: Any) -> None:
        self._in_answer_cell("cell.setMetadata(...value)", [key, value])

    def _in_answer_cell(self, expression: str, value: Any = None) -> Any:
        cells = "[...window.jupyterapp.shell.currentWidget.context.model.cells]"
        found = f"{cells}.find((cell) => cell.getMetadata('nbgrader')?.grade_id === id)"
        script = f"([id, value]) => {{ const cell = {found}; return {expression}; }}"
        return self.page.evaluate(script, [ANSWER_CELL, value])

    def answer_editor(self) -> Any:
        return self.page.locator(".jp-CodeCell").nth(1).locator(".cm-content")

    def source_on_disk(self) -> str:
        cells = nbformat.read(self.path, as_version=4).cells
        return next(c.source for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == ANSWER_CELL)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium; without one, skip (or fail, where CI demands a browser)."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "Chromium is not installed (apt-get install chromium)"
        if os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, but COURSE_REQUIRE_BROWSER=1 demands the browser tests")
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "course"
    folder.mkdir()
    words = ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
    with serving(home, folder, *words) as started:
        yield started


@pytest.fixture(scope="session")
def class_of_markup(
    built_once: Path, nbgrader: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The root of a course with a class whose students put markup wherever they can, graded."""
    root = shutil.copytree(built_once, tmp_path_factory.mktemp("markup") / "course")
    grade_class_of_markup(root, nbgrader)
    return root


@pytest.fixture(scope="session")
def sample_quiz() -> Quiz:
    """Three questions (keys B, A, C) with inline code, a code block and emphasis."""
    path = Path(__file__).parent / "sample_quiz.json"
    return Quiz.model_validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def make_lesson(server: Server, sample_quiz: Quiz) -> Callable[..., Path]:
    """Make a folder with quiz.json and a notebook of the three cells of a quiz; give its path."""

    def make(name: str, withhold_feedback: bool = False) -> Path:
        folder = server.folder / name
        folder.mkdir()
        published = publish(sample_quiz, [], withhold_feedback)
        (folder / "quiz.json").write_text(json.dumps(published), encoding="utf-8")
        notebook = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        )
        marks = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
        notebook.cells = [
            nbformat.v4.new_code_cell('from grader.quiz import quiz\n\nquiz("scratch.quiz")'),
            nbformat.v4.new_code_cell(UNANSWERED, metadata={"nbgrader": marks | {"grade_id": ANSWER_CELL}}),
            nbformat.v4.new_code_cell("print(sorted(answers.items()))"),
        ]
        nbformat.write(notebook, folder / "lesson.ipynb")
        return folder / "lesson.ipynb"

    return make


@pytest.fixture(scope="session")
def open_notebook(server: Server, browser: Browser) -> Iterator[Callable[..., NotebookPage]]:
    """Open a notebook of the server's folder in a fresh browser profile."""
    contexts = []

    def open_it(app: str, path: Path, run: bool = True, width: int = 1280) -> NotebookPage:
        context = browser.new_context(viewport={"width": width, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        tree, reset = ("lab/tree", "&reset") if app == "lab" else ("notebooks", "")
        relative = path.relative_to(server.folder).as_posix()
        page.goto(f"{server.url}/{tree}/{relative}?token={TOKEN}{reset}")
        opened = NotebookPage(page, app, path)
        opened.wait_for_kernel()
        if run:
            opened.run_all()
            opened.wait_for_quiz()
        return opened

    yield open_it
    for context in contexts:
        context.close()
