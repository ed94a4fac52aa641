"""Every headline claim's whole interval keeps its margin, and the page says what was measured."""

import numpy as np
import pytest
from pydantic import ValidationError

from grader.authoring.claims import PAGE, Claim, Measured, claims_page, measure, read_claims
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
# Their runs take minutes, and three seeds are recorded so far.
THREE_SEEDS = ("01", "04", "06")
RULE = {"lesson": "01_scratch_vs_finetuning", "sentence": "a beats b", "larger": {"arm": "a"}}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.lesson[:2]} {claim.sentence[:50]}")
def test_the_whole_interval_keeps_the_margin(claim):
    measured = measure(claim)
    assert len(measured.seeds) >= (3 if claim.lesson[:2] in THREE_SEEDS else 5)
    assert measured.holds, measured.interval


def test_every_lesson_with_an_experiment_has_a_claim():
    assert {claim.lesson for claim in CLAIMS} == {
        lesson for lesson in lesson_ids() if (SOLUTIONS / lesson / "recorded.json").is_file()
    }


def test_a_margin_is_no_formality():
    """A fifth of the mean at least, or half of the interval's lower end where that is less."""
    for claim in CLAIMS:
        if claim.at_least:
            measured = measure(claim)
            needed = min(0.2 * measured.differences.mean(), 0.5 * measured.interval[0])
            assert claim.at_least >= needed, claim.sentence


def test_the_page_is_in_step():
    assert (SOLUTIONS / PAGE).read_text(encoding="utf-8") == claims_page([measure(c) for c in CLAIMS])


def test_differences_are_paired_by_seed():
    measured = measure(Claim(**RULE, smaller={"arm": "b"}, at_least=0.05), RECORDED)
    assert measured.seeds == [0, 1, 2]
    np.testing.assert_allclose(measured.differences, 0.1)
    assert measured.holds


def test_the_interval_is_student_s():
    """By hand: 1, 2, 3 points have mean 2 and standard deviation 1; t with 2 degrees of freedom is 4.303."""
    measured = Measured(Claim(**RULE, smaller=0.5, at_least=0), [0, 1, 2], np.array([0.01, 0.02, 0.03]))
    np.testing.assert_allclose(
        measured.interval, [0.02 - 0.04303 / 3**0.5, 0.02 + 0.04303 / 3**0.5], atol=1e-5
    )
    assert not measured.holds  # the mean is above 0, the interval is not
    assert Measured(Claim(**RULE, smaller=0.5, within=0.05), [0, 1, 2], measured.differences).holds
    assert not Measured(Claim(**RULE, smaller=0.5, within=0.04), [0, 1, 2], measured.differences).holds


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_seed_or_two_show_nothing(seeds):
    few = Recorded([run for run in RECORDED.runs if run["seed"] < seeds], {}, {})
    assert not measure(Claim(**RULE, smaller={"arm": "b"}, at_least=0.05), few).holds


def test_a_claim_that_does_not_hold_is_seen():
    assert not measure(Claim(**RULE, smaller={"arm": "b"}, at_least=0.11), RECORDED).holds
    assert not measure(Claim(**RULE, smaller={"arm": "b"}, within=0.09), RECORDED).holds


def test_rows_that_share_runs_name_one_another():
    shared = Claim(**RULE, smaller={"arm": "b"}, at_least=0)
    alone = Claim(**RULE | {"lesson": "02_freezing"}, smaller={"arm": "b"}, at_least=0)
    rows = claims_page([measure(claim, RECORDED) for claim in (shared, alone, shared)]).splitlines()[-3:]
    assert [row.split("|")[6].strip() for row in rows] == ["3", "–", "1"]


def test_settings_that_choose_two_runs_of_a_seed_are_refused():
    with pytest.raises(CourseError, match="several runs of one seed"):
        measure(Claim(**{**RULE, "larger": {}}, smaller=0.5, at_least=0.1), RECORDED)


def test_a_claim_needs_a_margin_of_one_kind():
    with pytest.raises(ValidationError):
        Claim(**RULE, smaller=0.5)
    with pytest.raises(ValidationError):
        Claim(**RULE, smaller=0.5, at_least=0.1, within=0.1)
