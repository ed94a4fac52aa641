"""``lab.progress()`` in the kernel of a lesson."""

from grader import lab
from grader.course import RELEASES


def test_it_reads_the_lessons_beside_the_notebook(monkeypatch):
    monkeypatch.chdir(RELEASES / "00_start_here")
    assert "../05_staged_unfreezing/lesson.ipynb" in lab.progress()._repr_mimebundle_()["text/html"]
