"""What is said of a check that gave nothing to judge; of an undefined name, why it is not defined."""

import pytest

from grader.autograde.execution import CellRun
from grader.autograde.judging.no_evidence import no_evidence


def stopped_with(ename: str, evalue: str) -> CellRun:
    error = {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": []}
    return CellRun(outputs=[error], execution_count=3)


UNDEFINED = stopped_with("NameError", "name 'freeze_backbone' is not defined")


@pytest.mark.parametrize(
    ("answer", "told", "mistake"),
    [
        (stopped_with("SyntaxError", "'(' was never closed (<x>, line 3)"), "line 3", "answer-is-not-python"),
        (stopped_with("IndentationError", "expected an indented block"), "Nothing", "answer-is-not-python"),
        (stopped_with("TabError", "inconsistent use of tabs"), "TabError", "answer-is-not-python"),
        (stopped_with("ImportError", "no module x"), "stopped with ImportError", "answer-stopped"),
        (CellRun(execution_count=2), "defines no `freeze_backbone`", "answer-not-defined"),
        (CellRun(), "did not run", "answer-did-not-run"),
        (None, "did not run", "answer-did-not-run"),
    ],
)
def test_an_undefined_name_is_named_with_why_it_is_not_defined(answer, told, mistake):
    finding = no_evidence(UNDEFINED, None, answer)
    assert "NameError" in finding.text
    assert "`freeze_backbone` is not defined" in finding.text
    assert told in finding.hint
    assert finding.id == mistake


def test_a_deleted_check_is_not_blamed_on_the_answer():
    finding = no_evidence(stopped_with("NameError", "name 'check' is not defined"), None, CellRun())
    assert "`check` is imported by the lesson's first cell" in finding.hint


@pytest.mark.parametrize(
    "evalue", ["x", "name 'a b' is not defined", "name '" + "x" * 500 + "' is not defined"]
)
def test_an_error_that_only_looks_like_that_is_told_as_it_is(evalue):
    finding = no_evidence(stopped_with("NameError", evalue), None, None)
    assert finding.text.startswith("There is no evidence: the check stopped with NameError: ")
    assert len(finding.text) < 400
    assert finding.hint == ""


def test_evidence_given_once_is_no_problem_and_twice_is_one():
    assert no_evidence(CellRun(bundles=["{}"]), None, None) is None
    assert "2 times" in no_evidence(CellRun(bundles=["{}", "{}"]), None, None).text


def test_a_notebook_that_ended_before_says_why():
    assert "The kernel ended" in no_evidence(CellRun(), "The kernel ended.", None).text
    assert "gave none" in no_evidence(CellRun(), None, None).text
