"""Running a solution in a fresh kernel."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.authoring.execute import execute
from grader.errors import CourseError


def test_cells_run_in_the_given_folder_and_are_timed(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("found")
    cells = [new_markdown_cell("# A"), new_code_cell("print(open('here.txt').read())"), new_code_cell("")]
    notebook, seen = new_notebook(cells=cells), []
    seconds = execute(notebook, tmp_path, lambda done, total, took: seen.append((done, total)))
    assert notebook.cells[1].outputs[0].text == "found\n"
    assert seen == [(1, 1)]
    assert len(seconds) == 1


def test_a_failing_cell_is_told_in_one_sentence(tmp_path: Path) -> None:
    failing = new_code_cell("x = 1\nx / 0", metadata={"place": "00_start_here/lesson.py, line 7"})
    with pytest.raises(CourseError) as refusal:
        execute(new_notebook(cells=[new_code_cell("1"), failing]), tmp_path)
    assert str(refusal.value) == (
        "00_start_here/lesson.py, line 7: the cell that begins `x = 1` "
        "fails with ZeroDivisionError: division by zero"
    )


def test_a_dying_kernel_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="the cell that begins `import os` ended the kernel"):
        execute(new_notebook(cells=[new_code_cell("import os\nos._exit(1)")]), tmp_path)
