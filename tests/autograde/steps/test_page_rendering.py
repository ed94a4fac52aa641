"""Pages that share what is the same in all of them are nbconvert's own."""

import copy

import nbformat
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter

from grader.autograde.steps.page_rendering import SharedPages
from grader.course import SOLUTIONS

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def lesson():
    notebook = nbformat.read(SOLUTIONS / "00_start_here" / "lesson.ipynb", as_version=4)
    notebook.cells += [
        nbformat.v4.new_code_cell("%%bash\necho a"),
        nbformat.v4.new_code_cell(
            "", outputs=[nbformat.v4.new_output("display_data", {"image/png": PICTURE})]
        ),
    ]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    return notebook


def page(exporter, notebook):
    text, _ = exporter(template_name="classic").from_notebook_node(copy.deepcopy(notebook))
    return str(BeautifulSoup(text, features="html.parser"))


def test_pages_are_those_of_nbconvert():
    notebook = lesson()
    theirs = page(HTMLExporter, notebook)
    assert "No description has been provided for this image" in theirs
    assert [page(SharedPages, notebook) for _ in range(2)] == [theirs, theirs]


def test_what_differs_between_two_pages_is_kept():
    first, second = lesson(), lesson()
    first.cells[1].source, second.cells[1].source = "own = 1", "own = 2"
    first.metadata.language_info, second.metadata.language_info = {"name": "python"}, {"name": "text"}
    assert page(SharedPages, first) == page(HTMLExporter, first)
    assert page(SharedPages, second) == page(HTMLExporter, second)
