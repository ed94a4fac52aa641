"""Whatever a student writes, in whichever field: her page is text in the instructor's browser."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from grader.autograde.execute.workers import LocalWorkers
from grader.autograde.run.class_run import ClassRun
from tests.conftest import LESSON

pytestmark = pytest.mark.slow

RUN = "document.title='RAN';fetch('http://127.0.0.1:9/')"
MARKUP = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"<svg onload=\"{RUN}\"></svg><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"[x](javascript:{RUN}) </pre></code><style>*{{display:none}}</style>",
)
HANDLERS = "() => [...document.querySelectorAll('*')].filter(e => e.onerror || e.onload).length"


def _cell(kind: str, source: str, **more: Any) -> dict[str, Any]:
    outputs = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": {}} | outputs | more


def _outputs(markup: str) -> str:
    """Every way in which a cell shows something."""
    return (
        f"markup = {markup!r}\n"
        "import sys, warnings\n"
        "from IPython.display import HTML, Latex, Markdown, display, publish_display_data\n"
        "kinds = 'text/html image/svg+xml application/javascript image/png application/json x/y'.split()\n"
        "print(markup); print(markup, file=sys.stderr); warnings.warn(markup)\n"
        "display(HTML(markup), Markdown(markup), Latex(markup))\n"
        "for kind in kinds:\n"
        "    publish_display_data({kind: markup, 'text/plain': markup}, {kind: {'width': markup}})\n"
        "raise type(markup, (Exception,), {})(markup)"
    )


@pytest.fixture(scope="module")
def pages(built_once: Path, nbgrader: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Feedback for students who put markup into a notebook's every field, into files, and into names."""
    root = shutil.copytree(built_once, tmp_path_factory.mktemp("markup") / "course")
    for number, markup in enumerate(MARKUP):
        folder = root / "submitted" / f"m{number}" / LESSON
        shutil.copytree(root / "notebooks" / LESSON, folder)
        notebook = json.loads((folder / "lesson.ipynb").read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if name.endswith("majority_baseline-answer"):
                cell["source"] = f"def majority_baseline(labels):\n    return {markup!r}  # {markup}"
            elif name.endswith("answers"):
                cell["source"] = f"answers = {{'one-and-one': {markup!r}, {markup!r}: 'A'}}"
        extra = [
            _cell("markdown", markup, id="placeholder"),
            _cell("raw", markup),
            _cell("code", _outputs(markup)),
        ]
        notebook["cells"] = extra + notebook["cells"] + [_cell("code", f"# {markup}", id=f"x{number}")]
        notebook["metadata"]["title"] = markup
        (folder / "lesson.ipynb").write_text(json.dumps(notebook))
        (folder / f"{markup.replace('/', '_')[:80]}.txt").write_text(markup)
    for name in ("<svg onload=alert(1)>.ipynb", '"><img src=x onerror=alert(1)>.ipynb'):
        folder = root / "submitted" / f"f{len(name)}" / LESSON
        folder.mkdir(parents=True)
        (folder / name).write_text("no notebook")
    summary = ClassRun(root, LESSON).grade(lambda: LocalWorkers(2))
    assert {row.state for row in summary.rows} <= {"graded", "no evidence", "set aside"}
    found = sorted((root / "feedback").glob("*/*/*.html"))
    assert len(found) == len(summary.rows) == len(MARKUP) + 2
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
        assert (
            page.evaluate(
                "() => [...document.querySelectorAll('*')].filter(e => e.onerror || e.onload).length"
            )
            == 0
        )
        assert page.locator("body").is_visible()
    context.close()
    assert dialogs == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_policy_stands_in_each_page_before_anything_else(pages: list[Path]) -> None:
    for path in pages:
        head = path.read_text(encoding="utf-8").partition("<head>")[2].lstrip()
        assert head.startswith('<meta http-equiv="Content-Security-Policy"')
