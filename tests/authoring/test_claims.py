"""Every headline claim holds over three seeds with its margin, and the page says what was measured."""

import numpy as np
import pytest
from pydantic import ValidationError

from grader.authoring.claims import PAGE, Claim, claims_page, measure, read_claims
from grader.course import SOLUTIONS, lesson_ids
from grader.errors import CourseError
from grader.lab.recorded import Recorded

CLAIMS = read_claims()
RECORDED = Recorded(
    [
        {"arm": arm, "seed": seed, "accuracy": 0.8 + 0.1 * (arm == "a") + seed / 100}
        for arm in "ab"
        for seed in (0, 1, 2)
    ],
    {},
    {},
)
RULE = {"lesson": "01_scratch_vs_finetuning", "sentence": "a beats b", "larger": {"arm": "a"}}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.lesson[:2]} {claim.sentence[:50]}")
def test_the_claim_holds_over_three_seeds_with_its_margin(claim):
    measured = measure(claim)
    assert len(measured.seeds) >= 3
    assert measured.holds, measured.differences


def test_every_lesson_with_an_experiment_has_a_claim():
    assert {claim.lesson for claim in CLAIMS} == {
        lesson for lesson in lesson_ids() if (SOLUTIONS / lesson / "recorded.json").is_file()
    }


def test_the_margins_are_no_larger_than_what_was_measured_and_no_formality():
    for claim in CLAIMS:
        if claim.at_least:
            assert 0.2 * measure(claim).differences.mean() <= claim.at_least, claim.sentence


def test_the_page_is_in_step():
    assert (SOLUTIONS / PAGE).read_text(encoding="utf-8") == claims_page([measure(c) for c in CLAIMS])


def test_differences_are_paired_by_seed():
    measured = measure(Claim(**RULE, smaller={"arm": "b"}, at_least=0.05), RECORDED)
    assert measured.seeds == [0, 1, 2]
    np.testing.assert_allclose(measured.differences, 0.1)
    assert measured.holds


def test_a_claim_that_does_not_hold_is_seen():
    assert not measure(Claim(**RULE, smaller={"arm": "b"}, at_least=0.11), RECORDED).holds
    assert not measure(Claim(**RULE, smaller={"arm": "b"}, within=0.09), RECORDED).holds
    two_seeds = Recorded([run for run in RECORDED.runs if run["seed"] < 2], {}, {})
    assert not measure(Claim(**RULE, smaller=0.5, at_least=0.1), two_seeds).holds


def test_settings_that_choose_two_runs_of_a_seed_are_refused():
    with pytest.raises(CourseError, match="several runs of one seed"):
        measure(Claim(**{**RULE, "larger": {}}, smaller=0.5, at_least=0.1), RECORDED)


def test_a_claim_needs_a_margin_of_one_kind():
    with pytest.raises(ValidationError):
        Claim(**RULE, smaller=0.5)
    with pytest.raises(ValidationError):
        Claim(**RULE, smaller=0.5, at_least=0.1, within=0.1)
