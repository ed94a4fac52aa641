"""A check that is gone takes with it what it earned before."""

import pytest
from nbgrader.api import Gradebook

from grader.autograde.steps.zero_missing_checks import ZeroMissingChecks
from tests.autograde.conftest import LESSON, grade, hand_in, resources, solution

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kept", [True, False])
def test_only_what_is_missing_loses_its_points(course, config, kept):
    hand_in(course, "ada", solution(course))
    grade(course)
    notebook = solution(course)
    if not kept:
        notebook.cells = [
            c
            for c in notebook.cells
            if c.metadata.get("nbgrader", {}).get("grade_id") != "start-majority_baseline"
        ]
    ZeroMissingChecks(config=config).preprocess(notebook, resources(course))
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        assert gradebook.find_submission(LESSON, "ada").score == (6 if kept else 3)
