"""Students who put markup into a notebook's every field, into files, and into names."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_markdown_cell

from grader.autograde.execute.workers import LocalWorkers
from grader.autograde.run.class_run import ClassRun
from tests.conftest import LESSON

RUN = "document.title='RAN';fetch('http://127.0.0.1:9/')"
MARKUP = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"<svg onload=\"{RUN}\"></svg><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"[x](javascript:{RUN}) </pre></code><style>*{{display:none}}</style>",
)
FILE_NAMES = ("<svg onload=alert(1)>.ipynb", '"><img src=x onerror=alert(1)>.ipynb')
HANDLERS = "() => [...document.querySelectorAll('*')].filter(e => e.onerror || e.onload).length"
_WRITTEN = {"schema_version": 3, "grade_id": "why", "points": 1.0, "solution": True, "grade": True}


def grade_class_of_markup(root: Path, nbgrader: Callable[..., str]) -> None:
    """Grade students ``m0``, ``m1``, … in a built course, a markup each, and two whose file's name is one.

    The lesson gets a written answer, which no lesson of the course has and any instructor may add.
    """
    lesson = root / "solutions" / LESSON / "lesson.ipynb"
    notebook = nbformat.read(lesson, as_version=4)
    marks = _WRITTEN | {"cell_type": "markdown", "locked": False, "task": False}
    notebook.cells.append(new_markdown_cell("Because.", metadata={"nbgrader": marks}))
    nbformat.write(notebook, lesson)
    nbgrader(root, "generate_assignment", LESSON, "--force")
    with (root / "class.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "first_name", "last_name", "email"))
        writer.writerows((f"m{number}", markup, markup, markup) for number, markup in enumerate(MARKUP))
    nbgrader(root, "db", "student", "import", "class.csv")
    for number, markup in enumerate(MARKUP):
        _hand_in(root, number, markup)
    for name in FILE_NAMES:
        folder = root / "submitted" / f"f{len(name)}" / LESSON
        folder.mkdir(parents=True)
        (folder / name).write_text("no notebook")
    summary = ClassRun(root, LESSON).grade(lambda: LocalWorkers(2))
    assert {row.state for row in summary.rows} <= {"graded", "no evidence", "set aside"}
    assert len(summary.rows) == len(MARKUP) + len(FILE_NAMES)


def _hand_in(root: Path, number: int, markup: str) -> None:
    folder = root / "submitted" / f"m{number}" / LESSON
    shutil.copytree(root / "notebooks" / LESSON, folder)
    notebook = json.loads((folder / "lesson.ipynb").read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.endswith("majority_baseline-answer"):
            cell["source"] = f"def majority_baseline(labels):\n    return {markup!r}  # {markup}"
        elif name.endswith("answers"):
            cell["source"] = f"answers = {{'one-and-one': {markup!r}, {markup!r}: 'A'}}"
        elif name == _WRITTEN["grade_id"]:
            cell["source"] = f"# {markup}\n\n{markup}\n\n![picture](http://127.0.0.1:9/) [page](page.html)"
    extra = [
        _cell("markdown", markup, id="placeholder"),
        _cell("raw", markup),
        _cell("code", _outputs(markup)),
    ]
    notebook["cells"] = extra + notebook["cells"] + [_cell("code", f"# {markup}", id=f"x{number}")]
    notebook["metadata"]["title"] = markup
    (folder / "lesson.ipynb").write_text(json.dumps(notebook))
    (folder / f"{markup.replace('/', '_')[:80]}.txt").write_text(markup)


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
