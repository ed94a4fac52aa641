"""``grader.lab`` offers everything at once and imports it when it is used."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from grader import lab

HEAVY = {"torch", "timm", "torchvision", "captum", "sklearn", "skimage", "matplotlib", "ipywidgets"}


def test_the_first_import_takes_nothing_heavy():
    code = f"import sys; from grader import lab; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(lab.__all__))
def test_each_name_is_there(name):
    assert getattr(lab, name).__doc__


def test_no_module_hides_what_it_holds():
    """``from grader.lab.x import x`` anywhere would turn ``lab.x`` from a function into a module."""
    modules = {module.name for module in pkgutil.iter_modules(lab.__path__)}
    offered = set(lab.__all__) & modules
    assert all(getattr(lab, name) is importlib.import_module(f"grader.lab.{name}") for name in offered)


def test_completion_and_a_wrong_name():
    assert {"train", "load_solar_cells"} <= set(dir(lab))
    with pytest.raises(AttributeError, match="no_such_name"):
        lab.no_such_name  # noqa: B018
