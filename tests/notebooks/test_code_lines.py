"""Code of a lesson is read without scrolling sideways: its lines fit into a window of 1280 pixels."""

import pytest

from grader.course import SOLUTIONS, lesson_ids

WIDTH = 100  # characters, beside JupyterLab's open side bar; tests/browser/test_code_lines_fit.py measures it


def too_wide(lesson: str) -> list[str]:
    """Each code line of ``lesson.py`` that is too long, with its number."""
    is_code, found = False, []
    lines = (SOLUTIONS / lesson / "lesson.py").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.startswith("# %%"):
            is_code = "[markdown]" not in line
        elif is_code and len(line) > WIDTH:
            found.append(f"line {number}: {len(line)} characters")
    return found


@pytest.mark.parametrize("lesson", lesson_ids())
def test_code_lines_fit_into_the_notebook(lesson: str) -> None:
    assert too_wide(lesson) == []
