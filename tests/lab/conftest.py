"""One prepared cache for all tests of the lab, apart from the user's own."""

import pytest

from grader.lab import cache
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
