"""Slips beside the two mistakes of the bug hunt: each has one price and one sentence, whatever is mended."""

import itertools

import pytest
import torch

from grader.exercises import find_exercise

ID = "scratch.find_the_bug"
SEEDS = itertools.cycle([None, 101, 102])


def own_statistics(pixels):
    images = pixels.float()
    return (images - images.mean()) / images.std()


def test_every_slip_costs_one_point_of_a_mended_function(slips, tune, graded):
    for name, (changes, told) in slips.items():
        verdict = graded(ID, tune(**changes), next(SEEDS))
        found = [finding.id for finding in verdict.findings]
        assert (verdict.points, found) == (3, [told]), (name, verdict)


@pytest.mark.parametrize(
    ("left", "points"),
    [
        ({"images": own_statistics}, 2),
        ({"optimizer_first": True}, 2),
        ({"images": own_statistics, "optimizer_first": True}, 0),
    ],
    ids=["images left", "head left", "both left"],
)
def test_more_mended_is_never_worth_less(left, points, slips, tune, graded):
    sample = [
        "adam",
        "momentum",
        "fixed rate",
        "ascent",
        "never cleared",
        "eval mode",
        "last left out",
        "a hook",
    ]
    for name in sample:
        changes, told = slips[name]
        verdict = graded(ID, tune(**changes, **left), 101)
        assert verdict.points == points, (name, verdict)
        assert told in [finding.id for finding in verdict.findings], (name, verdict)


def test_nothing_is_given_away_while_nothing_is_mended(slips, tune, graded):
    changes, told = slips["adam"]
    verdict = graded(ID, tune(**changes, images=own_statistics, optimizer_first=True), 101)
    assert [finding.id for finding in verdict.findings] == ["none-mended", told]
    assert not any(finding.fix for finding in verdict.findings)


def test_two_slips_cost_two_points(slips, tune, graded):
    verdict = graded(ID, tune(**slips["adam"][0], **slips["eval mode"][0]), 101)
    assert verdict.points == 2
    assert {finding.id for finding in verdict.findings} == {"other-optimizer", "other-mode"}


def test_the_caller_s_list_is_left_as_it_is(tune, graded):
    def reverse(batches):
        batches.reverse()
        return batches[::-1]

    verdict = graded(ID, tune(batches=reverse), 101)
    assert verdict.points == 3
    assert [finding.id for finding in verdict.findings] == ["arguments-changed"]


@pytest.mark.parametrize("change", [torch.Tensor.half, torch.Tensor.double])
def test_other_numbers_are_told_as_such(change, tune, graded):
    def end(model):
        for parameter in model.parameters():
            parameter.data = change(parameter.data)

    verdict = graded(ID, tune(end=end), 101)
    assert verdict.points == 0
    assert [finding.id for finding in verdict.findings] == ["dtype-changed"]


def test_flipped_images_are_images_of_no_batch(tune, graded):
    def flipped(pixels):
        return ((pixels.float() / 255 - 0.5) / 0.5).flip(-1)

    for seed in range(1, 9):  # dark and bright batches first
        verdict = graded(ID, tune(images=flipped), seed)
        assert verdict.points == 3, (seed, verdict)
        assert [finding.id for finding in verdict.findings] == ["other-images"]


def test_black_and_white_is_no_form_of_the_photographs(tune, graded):
    def divided(pixels):
        return ((pixels // 255).float() - 0.5) / 0.5

    for seed in range(1, 9):
        verdict = graded(ID, tune(images=divided), seed)
        assert verdict.points == 2, (seed, verdict)


def test_rare_ways_reach_their_rows(rare, tune, graded):
    for told, changes in rare.items():
        verdict = graded(ID, tune(**changes), 101)
        assert not verdict.passed
        assert told in [finding.id for finding in verdict.findings], (told, verdict)


def test_every_row_is_known_by_one_id_and_tested(slips, rare):
    """The ids that these tests and those of test_find_the_bug.py insist on are all there are."""
    ids = [mistake.id for mistake in find_exercise(ID).mistakes]
    assert len(ids) == len(set(ids))
    of_forms = {
        *("own-statistics", "own-statistics-of-parts", "imagenet-numbers", "only-scaled", "raw-pixels"),
        *("only-centred", "not-centred", "normalised-twice", "stretched", "other-form"),
    }
    of_bugs = {"as-released", "none-mended", "never-stepped", "old-parameters", "other-left"}
    tested = {told for _, told in slips.values()} | rare.keys() | of_forms | of_bugs
    assert set(ids) - tested == set()
