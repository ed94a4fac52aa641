"""The instructor's table: what she has to look at stands there, whatever was earned."""

import io
import json
from types import SimpleNamespace

from rich.console import Console

from grader.autograde.judging.report import ExerciseReport, SubmissionReport
from grader.autograde.run.rows import row_of
from grader.autograde.run.summary import Row, Summary, as_json, show

TOLD = "This is far above the paper's 88.4 %."


def row_with_a_suspicion():
    exercise = ExerciseReport(
        exercise="capstone.inspector",
        points=10,
        max_points=10,
        has_evidence=True,
        findings=["Accuracy 99 %.", TOLD],
        suspicions=[TOLD],
    )
    report = SubmissionReport(
        lesson="06_capstone", student="ada", sandbox="none", stopped=None, seconds=1, exercises=[exercise]
    )
    submission = SimpleNamespace(
        notebooks=[], late_submission_penalty=None, score=10.0, max_score=10.0, needs_manual_grade=False
    )
    return row_of(report, submission, None, [], executed=True)


def test_a_suspicion_stands_in_the_table_and_for_programs():
    summary = Summary(lesson="06_capstone", sandbox="none", rows=[row_with_a_suspicion()])
    file = io.StringIO()
    show(summary, Console(file=file, width=140))
    assert f"please look: capstone.inspector: {TOLD}" in file.getvalue()
    assert json.loads(as_json(summary))["rows"][0]["suspicions"] == [f"capstone.inspector: {TOLD}"]
    assert summary.rows[0].state == "graded"


def test_what_is_the_gradebooks_stands_in_the_table():
    row = Row(student="ada", state="graded", points=3, max_points=6, penalty=2, needs_manual_grading=True)
    file = io.StringIO()
    show(Summary(lesson="02_a", sandbox="none", rows=[row]), Console(file=file, width=140))
    for said in ("3 of 6", "late: 2 points taken off", "needs manual grading"):
        assert said in file.getvalue()


def test_what_a_student_wrote_cannot_steer_the_terminal_or_the_table():
    name, reason = "\x1b[31m[bold]\u202e\\", "\x1b]0;title\x07\x9b2J\r[red]why[/red] :heart:"
    row = Row(student=name, state="failed", feedback_problem=reason, suspicions=[reason], reasons=[reason])
    summary = Summary(lesson="06_capstone", sandbox="none", rows=[row])
    file = io.StringIO()
    show(summary, Console(file=file, width=160, force_terminal=True, color_system=None))
    text = file.getvalue()
    assert "".join(sign for sign in text if not sign.isprintable()).strip("\n") == ""
    assert " [31m[bold] \\ │" in text
    assert text.count(" ]0;title  2J [red]why[/red] :heart:") == 3
    printed = as_json(summary)
    assert "".join(sign for sign in printed if not sign.isprintable()).strip("\n") == ""
    assert json.loads(printed)["rows"][0]["student"] == name  # for programs it is what it was
