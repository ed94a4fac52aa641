"""What is said of a collection is whole, and harmless to a terminal."""

import io

import pytest
from rich.console import Console

from grader.submissions.collect import Collected, Placed
from grader.submissions.collected_tables import show


def said(collected, width=80):
    file = io.StringIO()
    show(collected, Console(file=file, width=width))
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_nothing_is_cut_off(width):
    long = "/".join(f"a_very_long_name_of_a_folder_{n}" for n in range(20)) + ".ipynb"
    text = said(Collected("recognised as Moodle", [Placed("ada", long)]), width)
    assert "…" not in text
    rows = [line.split("│")[2].strip() for line in text.splitlines() if line.count("│") == 4]
    assert "".join(rows) == long


def test_what_was_recognised_what_is_late_and_what_is_doubtful_is_told():
    collected = Collected(
        "not recognised: names are guessed",
        placed=[Placed("ada", "a.ipynb", late=True, remarks=("a doubt",))],
        unchanged=[Placed("bob", "b.ipynb", late=True), Placed("cyd", "c.ipynb")],
        aside=[("x.pdf", "it is no notebook")],
        missing=["dan"],
        own=["a/timestamp.txt", "b/timestamp.txt", "grades.csv"],
        passed_over=[".DS_Store"],
        notes=["Ids are taken from the column 'x'."],
    )
    text = said(collected, 200)
    for sentence in (
        "The download is not recognised: names are guessed.",
        "Ids are taken from the column 'x'.",
        "1 submission placed, 2 unchanged.",
        "late; a doubt",
        "bob",
        "it is no notebook",
        "Without a submission: dan.",
        "Left out: 3 files that the platform wrote itself (timestamp.txt, 2 times; grades.csv).",
        "Left out: 1 file that systems hide (.DS_Store).",
    ):
        assert sentence in text
    assert "c.ipynb" not in text


def test_a_dry_run_says_what_would_be():
    text = said(Collected("recognised as Moodle", [Placed("ada", "a")], dry_run=True))
    assert "1 submission would be placed" in text


def test_names_cannot_steer_the_terminal_or_the_table():
    text = said(Collected("recognised", aside=[("\x1b[31mred[bold]\n\u202e.txt", "[red]why :heart:")]))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[31mred[bold]" in text
    assert "[red]why :heart:" in text
