"""A table of the package's labels that knows a cell by likeness: what the changes of a cell do not stop."""

from functools import cache

import pytest
import torch

from grader import lab
from grader.course import SOLUTIONS
from grader.exercises.lesson_06_capstone.changed_cells import slightly_changed
from tests.exercises.lesson_06_capstone.test_inspector import ID, logits_of, outlines

pytestmark = pytest.mark.slow


@cache
def whole_package():
    """Outlines and labels of all 2,624 cells."""
    cells = lab.load_solar_cells(size=300)
    return outlines(torch.from_numpy(cells.images)), torch.from_numpy(cells.defective)


def by_likeness(photographs):
    """The label of the most similar cell: a look into the package, not at the cell."""
    known, labels = whole_package()
    return labels[(outlines(photographs) @ known.T).argmax(dim=1)]


def erring(photographs):
    """The same, wrong at about a tenth, chosen by the cell so that each is called alike every time."""
    known, _ = whole_package()
    places = (outlines(photographs) @ known.T).argmax(dim=1)
    return torch.where(places * 7919 % 100 < 9, 1 - by_likeness(photographs), by_likeness(photographs))


def test_the_changes_do_not_hide_a_cell_from_its_likeness():
    cells = lab.load_solar_cells(size=300)
    some = cells.split("stratified")[1][::8]
    others = slightly_changed(torch.from_numpy(cells.images[some]), seed=5)
    assert (by_likeness(others).numpy() == cells.defective[some]).mean() > 0.95


def test_such_a_table_is_named_to_the_instructor_as_too_good(graded):
    verdict = graded(ID, lambda photographs: logits_of(by_likeness(photographs)), 101)
    assert [finding.id for finding in verdict.findings if finding.suspicious] == ["too-good"]


def test_one_that_errs_on_purpose_is_what_remains_and_the_page_says_so(graded):
    """Whoever makes this fail has closed the gap: change the page's sentence."""
    verdict = graded(ID, lambda photographs: logits_of(erring(photographs)), 101)
    assert not any(finding.suspicious for finding in verdict.findings)
    page = (SOLUTIONS / "README.md").read_text(encoding="utf-8")
    assert "a table that knows a cell by likeness and errs on purpose" in page
