"""Figures of losses, also of losses that are no numbers, and their words."""

import math

import numpy as np
import pytest

from grader.lab.losses import loss_curves, range_test_curve, start_and_end

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (
            [2.0] * 5 + [1.0] * 5 + [0.5] * 10,
            "has a mean of 1.50 over the first 10 steps and of 0.50 over the last 10",
        ),
        ([2.0, 1.0], "has a mean of 1.50 over the first 2 steps and of 1.50 over the last 2"),
        ([2.0, 9.0, None, None], "has a mean of 5.50 over the first 2 steps and is no number after step 2"),
        ([2.0, INF, NAN], "has a mean of 2.00 over the first 1 step and is no number after step 1"),
        ([None, NAN], "is never a number"),
        ([], "is never a number"),
    ],
)
def test_start_and_end_in_words(losses, words):
    assert start_and_end(losses) == words


def test_every_axis_has_a_title_and_names_and_the_alt_texts_carry_the_numbers(shown):
    loss_curves({"low": [1.0] * 20, "high": [2.0, None, 9.0]}, "Losses", {"low": 0.71})
    range_test_curve([1e-4, 1e-3, 1e-2, 1e-1, 1, 10], [1, 0.9, 0.8, 0.7, 0.9, 5], marked=1e-3)
    for figure, _ in shown:
        assert figure.axes[0].get_ylabel()
        for ax in figure.axes:
            assert ax.get_title()
            assert ax.get_xlabel()
    losses, range_test = [alt for _, alt in shown]
    assert (
        "low has a mean of 1.00 over the first 10 steps and of 1.00 over the last 10, held-out 71%" in losses
    )
    assert "high has a mean of 5.50 over the first 2 steps" in losses
    assert "from 0.0001 to 10: the smoothed loss is lowest, 0.86, near the rate 0.01" in range_test
    assert "ends at 1.66" in range_test


def test_no_two_lines_of_a_panel_differ_by_colour_alone(shown, looks_differ):
    loss_curves({"a": [1.0] * 12, "b": [1.0] * 12})
    range_test_curve(np.logspace(-4, 0, 12), np.ones(12), marked=0.1)
    assert all(looks_differ(ax) for figure, _ in shown for ax in figure.axes)


def test_curves_without_any_number_can_be_drawn(shown):
    loss_curves({"A": [None] * 20, "B": [NAN] * 3, "C": []})
    ((figure, alt),) = shown
    assert [ax.texts[0].get_text() for ax in figure.axes] == ["no number"] * 3
    assert alt.count("is never a number") == 3
    assert "nan" not in alt


def test_short_curves_get_no_mean(shown, lines_of):
    loss_curves({"A": [1.0, 0.8, 0.9], "B": [1.0] * 9})
    short, long = (lines_of(ax)["mean of 9 steps"] for ax in shown[0][0].axes)
    assert np.isnan(short.get_ydata()).all()
    assert np.flatnonzero(np.isfinite(long.get_ydata())).tolist() == [4]


def test_panels_share_their_axes_however_high_one_rises(shown):
    loss_curves({"A": [0.5] * 9, "B": [50.0, INF] * 9})
    loss_curves({"A": [0.5] * 9}, highest=7.0)
    assert {ax.get_ylim() for ax in shown[0][0].axes} == {(0.0, 3.0)}
    assert {ax.get_xlim() for ax in shown[0][0].axes} == {(0.0, 19.0)}
    assert shown[1][0].axes[0].get_ylim() == (0.0, 7.0)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([0.9, 0.5, 0.6], "the loss is lowest, 0.50, near the rate 0.001 and ends at 0.60"),
        ([0.9, None, NAN], "near the rate 0.0001 and ends at 0.90; beyond the rate 0.0001 it is no number"),
        ([9, 1, 1, 1, 1, 1, 9, INF], "1.00, near the rate 0.1 and ends at 2.60; beyond the rate 100 it"),
        ([NAN, NAN, NAN, NAN, NAN, NAN], "no loss was a number"),
        ([0.7], "the loss is lowest, 0.70"),
        ([], "nothing was measured"),
    ],
)  # fmt: skip
def test_a_range_test_that_breaks_down_or_is_short(shown, losses, words):
    range_test_curve([10.0**power for power in range(-4, len(losses) - 4)], losses)
    ((_, alt),) = shown
    assert words in alt
    assert "nan" not in alt
