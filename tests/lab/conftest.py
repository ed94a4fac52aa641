"""One prepared cache for all tests of the lab, apart from the user's own; the figures that a test shows."""

import warnings

import pytest

from grader.lab import cache, plots
from grader.lab.backbone import prepare_backbone
from grader.lab.solar_cells import load_solar_cells


@pytest.fixture(scope="session")
def prepared_folder(course_cache):
    """``course_cache`` with the backbone and the cells at 32 and 96 pixels. Tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(course_cache))
        prepare_backbone()
        load_solar_cells(32)
        load_solar_cells(96)
    return course_cache


@pytest.fixture
def prepared_cache(prepared_folder, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(prepared_folder))
    return prepared_folder


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(cache.VARIABLE, str(folder))
    return folder


@pytest.fixture
def shown(monkeypatch):
    """Each figure that was shown, with its alt text. It must draw without a warning."""
    figures = []

    class Drawn(plots.FigureWithAlt):
        def __init__(self, figure, alt):
            with warnings.catch_warnings(action="error"):
                warnings.filterwarnings("ignore", message=".*deprecated")  # matplotlib's own
                super().__init__(figure, alt)
            figures.append((figure, alt))

    monkeypatch.setattr(plots, "FigureWithAlt", Drawn)
    monkeypatch.setattr(plots, "display", lambda thing: None)
    return figures


@pytest.fixture
def lines_of():
    """``lines_of(ax)``: the lines of a panel that its legend names, by that name."""
    return lambda ax: {
        line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")
    }


@pytest.fixture
def looks_differ(lines_of):
    """``looks_differ(ax)``: whether two or more named lines differ in dashes or marker, not colour alone."""

    def differ(ax):
        looks = [
            (line.get_linestyle(), line._dash_pattern, line.get_marker()) for line in lines_of(ax).values()
        ]
        return len(set(map(str, looks))) == len(looks) >= 2

    return differ
