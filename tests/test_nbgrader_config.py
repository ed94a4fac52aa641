"""The instructor's JupyterLab and every ``nbgrader`` command load the course's settings."""

import subprocess
import sys

import pytest

from grader.course import ROOT
from tests.lab.test_imported_late import HEAVY

LOADS = f"""
import sys
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
assert app.config.CourseDirectory.source_directory == "solutions"
print(sorted({HEAVY} & set(sys.modules)))
"""


@pytest.mark.slow
def test_loading_them_takes_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
