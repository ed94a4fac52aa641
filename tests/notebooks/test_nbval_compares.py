"""nbval notices a number that was changed, and lets pass what may differ between machines."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from grader.course import ROOT, SOLUTIONS

LESSON = "00_start_here"


def nbval(folder):
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml",
            "--rootdir", folder, "-q", "-n", "0", folder / LESSON / "lesson.ipynb",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_a_changed_number_fails_and_changed_pixels_pass(tmp_path):
    shutil.copytree(SOLUTIONS / LESSON, tmp_path / LESSON)
    path = tmp_path / LESSON / "lesson.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = output.data["text/html"].replace("base64,iVBOR", "base64,iVBOS")
    nbformat.write(notebook, path)
    passed = nbval(tmp_path)
    assert passed.returncode == 0, passed.stdout[-2000:]

    text = path.read_text(encoding="utf-8")
    assert "4,652,008" in text
    path.write_text(text.replace("4,652,008", "4,652,009"), encoding="utf-8")
    failed = nbval(tmp_path)
    assert failed.returncode == 1
    assert "4,652,009" in failed.stdout
