"""From what a check cell gave to its one result: nothing but exactly one sound bundle earns points."""

import json

import nbformat
import pytest
from nbgrader.utils import determine_grade

from grader.autograde.course_config import Submission
from grader.autograde.execution import CellRun, Execution
from grader.autograde.judging.challenges import challenges_for
from grader.autograde.steps.judge_checks import judge_notebook
from grader.cell_names import grade_id
from grader.errors import CheckBroken
from grader.exercises import collect_evidence, find_exercise
from tests.autograde.conftest import LESSON, solution

CHECK = "start.majority_baseline"


def right(labels):
    return max(labels.tolist().count(label) for label in set(labels.tolist())) / len(labels)


@pytest.fixture
def asked(course):
    return challenges_for(b"s" * 32, course, LESSON, "ada", "0")


@pytest.fixture
def bundle(asked):
    return json.dumps(collect_evidence(find_exercise(CHECK), right, asked[CHECK]).bundle)


def judged(course, asked, stopped=None, **of_the_check):
    """The check's cell and report after a run in which the check gave this, and the others nothing."""
    notebook = solution(course)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    runs = [
        CellRun(**of_the_check)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id(CHECK)
        else CellRun()
        for cell in codes
    ]
    execution = Execution(
        lesson=LESSON, student="ada", key="k", sandbox="x", seconds=0, stopped=stopped, cells=runs
    )
    submission = Submission(course, LESSON, "ada", "sqlite://")
    report = judge_notebook(notebook, submission, execution, asked, [])
    cell = next(c for c in codes if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id(CHECK))
    nbformat.validate(notebook)
    return cell, report.exercises[0]


def test_one_sound_bundle_earns_its_points_as_nbgrader_reads_them(course, asked, bundle):
    cell, report = judged(course, asked, bundles=[bundle])
    assert (report.points, report.max_points) == (3, 3)
    assert determine_grade(cell) == (3, 3)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "the check gave none"),
        ({"stopped": "The kernel ended."}, "The kernel ended"),
        (
            {"outputs": [{"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": []}]},
            "NameError: x",
        ),
        ({"bundles": ["{}", "{}"]}, "2 times"),
        ({"bundles": ["{"]}, "malformed"),
        ({"bundles": ["too large"]}, "malformed"),
        ({"bundles": ["[" * 100_000]}, "malformed"),
    ],
)
def test_everything_else_earns_nothing_and_says_why(course, asked, given, reason):
    cell, report = judged(course, asked, **given)
    assert report.points == 0
    assert reason in report.findings[0]
    assert determine_grade(cell) == (0, 3)


def test_two_right_bundles_earn_nothing(course, asked, bundle):
    assert judged(course, asked, bundles=[bundle, bundle])[1].points == 0


def test_evidence_of_another_student_or_another_text_earns_nothing(course, asked, bundle):
    for other in (("alan", "0"), ("ada", "1")):
        challenges = challenges_for(b"s" * 32, course, LESSON, *other)
        assert judged(course, challenges, bundles=[bundle])[1].points == 0


def test_prints_results_and_errors_of_the_cell_do_not_reach_nbgraders_scoring(course, asked, bundle):
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "2.0"},
            "metadata": {},
            "execution_count": 1,
        },
        {"output_type": "error", "ename": "E", "evalue": "e", "traceback": []},
    ]
    cell, _ = judged(course, asked, bundles=[bundle], outputs=outputs)
    assert determine_grade(cell) == (3, 3)
    assert [output.output_type for output in cell.outputs] == ["execute_result", "stream"]
    assert "a warning" in cell.outputs[1].text


@pytest.mark.parametrize("slip", [SystemError("odd"), KeyError("x"), SystemExit(1)])
def test_a_check_that_breaks_gives_no_mark(course, asked, bundle, monkeypatch, slip):
    def judge(*_):
        raise slip

    monkeypatch.setattr(type(find_exercise(CHECK)), "judge", judge)
    with pytest.raises(CheckBroken, match=type(slip).__name__) as caught:
        judged(course, asked, bundles=[bundle])
    assert caught.value.__cause__ is slip
    assert judged(course, asked)[1].points == 0  # without evidence there is nothing that could break


def test_a_check_that_broke_in_the_kernel_gives_no_mark(course, asked, bundle):
    broke = json.loads(bundle) | {"outcome": "check failed", "message": "KeyError: 'y'", "evidence": None}
    with pytest.raises(CheckBroken, match="KeyError: 'y'"):
        judged(course, asked, bundles=[json.dumps(broke)])


def test_known_mistakes_are_reported_by_their_ids(course, asked):
    given = collect_evidence(find_exercise(CHECK), lambda labels: None, asked[CHECK])
    _, report = judged(course, asked, bundles=[json.dumps(given.bundle)])
    assert report.mistakes == ["no-number"]
    _, report = judged(course, asked)
    assert report.mistakes == ["no-evidence"]


def test_html_of_students_does_not_reach_the_instructors_browser(course, asked, bundle):
    notebook = solution(course)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    html = {"text/html": "<script>alert(1)</script>"}
    for cell in codes:
        cell.outputs = [nbformat.v4.new_output("display_data", data=dict(html))]
    runs = [CellRun() for _ in codes]
    execution = Execution(lesson=LESSON, student="a", key="k", sandbox="x", seconds=0, cells=runs)
    judge_notebook(notebook, Submission(course, LESSON, "a", "sqlite://"), execution, asked, [])
    assert "<script>" not in nbformat.writes(notebook)
