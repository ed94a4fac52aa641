"""What a student wrote reaches a page as text: her names, and what she answered in Markdown."""

from html import escape

from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

# Of formgrader's page of a submission; a path holds the student's id.
_NAMES = ("student", "first_name", "last_name", "notebook_path")


class EscapeTexts(Preprocessor):
    """Stands in ``HTMLExporter.preprocessors``: of formgrader's pages, and of feedback.

    nbgrader's templates (0.9.6) escape neither. A script in formgrader could do whatever its instructor can.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Escape; the notebook on the disk keeps what was written, and JupyterLab draws it safely."""
        for name in _NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        for cell in nb.cells:
            if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = _as_typed(cell.source)
        return nb, resources


def _as_typed(markdown: str) -> str:
    """HTML in one line: at an empty one Markdown would go on."""
    text = escape(markdown).replace("\n", "&#10;")
    return f'<pre style="white-space: pre-wrap">{text}</pre>'
