"""Executed as nbgrader calls it: once, and then from the spool."""

import nbformat
import pytest

from grader.autograde.steps.sandboxed_execute import SandboxedExecute
from tests.autograde.conftest import hand_in, resources, solution

pytestmark = pytest.mark.slow


def test_execution_is_stored_and_taken_from_the_spool(course, config, monkeypatch):
    hand_in(course, "ada", solution(course))
    given = solution(course)
    first, kept = SandboxedExecute(config=config).preprocess(given, resources(course))
    assert any(output for one in first.cells for output in one.get("outputs", []))
    monkeypatch.setattr("grader.autograde.steps.sandboxed_execute.execute", None)
    again, kept_again = SandboxedExecute(config=config).preprocess(solution(course), resources(course))
    assert kept["finetuning_course"] == kept_again["finetuning_course"]
    assert nbformat.writes(again) == nbformat.writes(first)
