"""The check cell: what it shows, what nbgrader reads from it, and that it never raises."""

import io
import json
import re

import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade

from grader import course
from grader.errors import CourseError
from grader.exercises.machine import checking
from grader.exercises.machine.checking import CheckResult, check, try_answer
from grader.exercises.machine.evidence import MIME
from grader.exercises.machine.judging import judge_evidence
from grader.exercises.machine.verdict import Finding, Verdict


def right(x):
    return 2 * x


def half(x):
    return x / 2


def wrong(x):
    return x


# ---------------------------------------------------------------- the score


def nbgraders_score(result, points=2):
    """What nbgrader itself reads from a locked check cell with this result."""
    marks = {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": "toy-double",
        "schema_version": 3,
        "points": points,
    }
    output = new_output("execute_result", data=result._repr_mimebundle_())
    return determine_grade(new_code_cell("check", metadata={"nbgrader": marks}, outputs=[output]))


@pytest.mark.parametrize(
    ("answer", "points"), [(right, 2), (half, 0.5), (wrong, 0), (None, 0), (lambda x: 1 / 0, 0)]
)
def test_nbgrader_reads_the_points(toy, answer, points):
    result = check(toy.id, answer)
    assert nbgraders_score(result) == (points, 2)
    assert float(result) == points
    text = result._repr_mimebundle_()["text/plain"]
    assert re.fullmatch(r"\d+\.\d+", text)
    assert 0 <= float(text) <= toy.points


def test_a_check_that_cannot_run_scores_zero(toy):
    assert nbgraders_score(check("toy.doubel", right)) == (0, 2)


def test_the_bundle_travels_with_the_verdict_as_text(toy):
    shown = check(toy.id, right)._repr_mimebundle_(include=None, exclude=None)
    assert isinstance(shown[MIME], str)
    assert not MIME.endswith("json")
    assert judge_evidence(shown[MIME], {"y": 42}, toy.id).passed


def test_a_check_that_cannot_run_has_no_bundle(toy):
    assert set(check("toy.doubel", right)._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.mark.parametrize("answer", [right, half, wrong, None])
def test_the_same_answer_gives_the_same_output(toy, answer):
    first, second = (check(toy.id, answer)._repr_mimebundle_() for _ in range(2))
    assert first == second


# ---------------------------------------------------------------- what it shows where


def test_in_a_terminal_the_verdict_is_printed(toy, capsys):
    check(toy.id, wrong)
    assert capsys.readouterr().out == (
        "✗ toy.double: 0 of 2 points\n  - 21 is not twice the number.\n    Hint: Add it to itself.\n"
    )


def test_in_a_notebook_nothing_is_printed_beside_the_box(toy, capsys, monkeypatch):
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    shown = check(toy.id, wrong)._repr_mimebundle_()
    assert capsys.readouterr().out == ""
    assert "21 is not twice the number." in shown["text/html"]


def test_a_terminal_that_knows_only_ascii_is_no_obstacle(toy, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    check(toy.id, lambda x: print("é") or 1)
    checking.sys.stdout.flush()
    assert b"? toy.double: 0 of 2 points" in raw.getvalue()


def test_what_the_answer_printed_is_shown_with_the_verdict(toy, capsys):
    def speaks(x):
        print("<b>loud</b>")
        return x

    shown = check(toy.id, speaks)._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;loud&lt;/b&gt;" in shown
    assert "Your code printed:\n<b>loud</b>" in capsys.readouterr().out


# ---------------------------------------------------------------- the pointer to the section


def points_to_the_section(result):
    html = result._repr_mimebundle_()["text/html"]
    assert ("Doubling numbers" in html) == ("Doubling numbers" in str(result))
    return "Doubling numbers" in html


def test_the_section_is_named_from_the_third_failure_on(toy):
    attempts = [wrong, None, half, wrong, lambda x: 1 / 0]
    assert [points_to_the_section(check(toy.id, answer)) for answer in attempts] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_pass_starts_the_count_anew(toy):
    attempts = [wrong, wrong, right, wrong, wrong, wrong]
    named = [points_to_the_section(check(toy.id, answer)) for answer in attempts]
    assert named == [False, False, False, False, False, True]


def test_failures_of_another_exercise_do_not_count(toy):
    for _ in range(3):
        check("start.majority_baseline", lambda labels: 0)
    assert not points_to_the_section(check(toy.id, wrong))


# ---------------------------------------------------------------- it never raises


def test_an_unknown_id_suggests_the_nearest(told):
    result = check("start.majority_baselin", lambda labels: 0)
    assert float(result) == 0
    assert 'no exercise "start.majority_baselin": did you mean "start.majority_baseline"?' in told(
        result.verdict
    )


@pytest.mark.parametrize(
    "exercise_id", ["", "x" * 100_000, "<script>alert(1)</script>", "\ud800", None, 5, ["start.quiz"], right]
)
def test_an_odd_id_is_a_sentence_in_the_box(exercise_id, told):
    result = check(exercise_id, lambda labels: 0)
    shown = result._repr_mimebundle_()
    assert shown["text/plain"] == "0.0"
    assert "<script" not in shown["text/html"]
    assert len(shown["text/html"]) < 3_000
    shown["text/html"].encode()
    assert "did you mean" in told(result.verdict) or "with the id of an exercise" in told(result.verdict)


def test_answer_and_id_exchanged(told):
    result = check(lambda labels: 0, "start.majority_baseline")
    assert 'the id of an exercise and then your answer: check("start.majority_baseline", …)' in told(
        result.verdict
    )


@pytest.fixture
def course_in(tmp_path, monkeypatch):
    """``course_in(content)``: a course whose lesson 0 has this ``checks.json``, or none."""

    def lay_out(content):
        lesson = tmp_path / "notebooks" / "00_start_here"
        lesson.mkdir(parents=True)
        if content is not None:
            (lesson / "checks.json").write_bytes(content.encode(errors="surrogateescape"))
        monkeypatch.setattr(course, "RELEASES", tmp_path / "notebooks")
        monkeypatch.setattr(course, "SOLUTIONS", tmp_path / "solutions")
        monkeypatch.chdir(tmp_path)

    return lay_out


def checks_with(check_record):
    exercises = {"start.majority_baseline": check_record}
    return json.dumps({"format": 1, "lesson": "00_start_here", "exercises": exercises})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "checks.json of lesson 00_start_here was not found"),
        ("", "00_start_here/checks.json is damaged"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ("\udcff\udcfe", "is damaged"),  # bytes that are no UTF-8
        ('{"format": 1, "lesson": "x"}', "is damaged"),
        ('{"format": 2, "lesson": "x", "exercises": {}}', "is damaged"),
        ('{"format": 1, "lesson": "x", "exercises": {}, "more": 1}', "is damaged"),
        ('{"format": 1, "lesson": "x", "exercises": {}}', "does not know start.majority_baseline"),
        (checks_with({"challenge": {"labels": [[0]]}}), "is damaged"),
        (checks_with({"challenge": {"labels": [[0]]}, "expected": {"x": {"__array__": 1}}}), "is damaged"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
def test_a_missing_or_damaged_file_is_a_sentence_in_the_box(course_in, content, words, told):
    course_in(content)
    result = check("start.majority_baseline", lambda labels: 0.5)
    assert float(result) == 0
    assert words in told(result.verdict)
    assert "fetch the lesson's folder again" in told(result.verdict) or content is None


def test_a_file_that_is_mended_is_read_again(course_in, tmp_path, told):
    content = (course.RELEASES / "00_start_here" / "checks.json").read_text(encoding="utf-8")
    course_in("{")
    assert "damaged" in told(check("start.majority_baseline", lambda labels: 0.5).verdict)
    (tmp_path / "notebooks" / "00_start_here" / "checks.json").write_text(content, encoding="utf-8")
    assert check("start.majority_baseline", lambda labels: 0.5).verdict.max_points == 3


def test_a_notebook_run_from_another_folder_finds_its_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verdict = try_answer(
        "start.majority_baseline", lambda labels: labels.unique(return_counts=True)[1].max() / len(labels)
    )
    assert verdict.passed


@pytest.mark.parametrize("part", ["published", "judge"])
def test_a_fault_of_the_check_itself_is_told_and_judges_nothing(toy, monkeypatch, told, part):
    def broken(*_):
        raise NameError("name 'oops' is not defined")

    monkeypatch.setattr(toy, part, broken)
    for _ in range(4):
        result = check(toy.id, right)
    assert (result.verdict.judged, result.verdict.passed) == (False, False)
    assert "This check is broken; your answer was not judged." in told(result.verdict)
    assert "name 'oops' is not defined" in told(result.verdict)
    shown = result._repr_mimebundle_()["text/html"]
    assert "not judged" in shown
    assert "of 2 points" not in shown
    assert "attempt" not in shown  # a broken check is no failed attempt


def test_try_answer_gives_the_verdict_or_raises_a_sentence(toy):
    assert try_answer(toy.id, right).passed
    with pytest.raises(CourseError, match="did you mean"):
        try_answer("toy.doubel", right)


def test_a_result_without_evidence_shows_its_verdict():
    verdict = Verdict(exercise="x", points=1.5, max_points=2, findings=[Finding(text="Nearly.")])
    assert repr(CheckResult(verdict)) == "1.5"
    assert "Nearly." in str(CheckResult(verdict))
