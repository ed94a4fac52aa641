"""Figures of experiments: numbers in the words, names on the axes, nothing told by colour alone."""

import itertools
import math
import re
import warnings

import numpy as np
import pytest
from skimage.color import rgb2lab

from grader.lab import charts, plots
from grader.lab.plots import STYLES

NAN, INF = math.nan, math.inf


@pytest.fixture
def shown(monkeypatch):
    """Each figure that was shown, with its alt text."""
    figures = []

    def show(figure, alt):
        with warnings.catch_warnings(action="error"):
            warnings.filterwarnings(
                "ignore", message=".*deprecated"
            )  # of matplotlib's own, not of the figure
            plots._FigureWithAlt(figure, alt)  # it can be drawn, without a warning
        figures.append((figure, alt))

    monkeypatch.setattr(charts, "show", show)
    return figures


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


ARMS = {"head only": [0.80, 0.84], "fine-tuned": [0.85, 0.87], "staged": [0.86, 0.90]}
SWEEP = {
    "one rate": {1e-4: [0.70, 0.72], 1e-3: [0.80, 0.82], 1e-2: [0.60, 0.70]},
    "warm-up": {1e-2: [0.74, 0.76]},
    "third": {1e-2: [0.5]},
    "fourth": {1e-2: [0.5]},
}


# Styles


def simulated(colour: str) -> np.ndarray:
    """CIELAB of a colour as deuteranopes see it.

    Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision
    deficiency" (IEEE TVCG 15/6): the matrix for deuteranomaly of severity 1.0, applied to linear sRGB.
    """
    matrix = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = (matrix @ linear).clip(0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(encoded[None, None])[0, 0]


def test_the_simulation_keeps_grey_and_merges_red_with_green():
    np.testing.assert_allclose(simulated("#808080"), rgb2lab(np.full((1, 1, 3), 128 / 255))[0, 0], atol=0.2)
    normal = rgb2lab(np.array([[[200, 80, 0]], [[120, 120, 0]]]) / 255)[:, 0]
    assert np.linalg.norm(normal[0] - normal[1]) > 50
    assert np.linalg.norm(simulated("#C85000") - simulated("#787800")) < 12


def test_every_pair_of_colours_stays_apart_for_deuteranopes():
    """At least 15 in CIELAB, where about 2.3 is just seen (Mahy et al. 1994)."""
    colours = {style.color for style in (*STYLES.values(), *plots.SPARE)}
    for one, other in itertools.combinations(sorted(colours), 2):
        assert np.linalg.norm(simulated(one) - simulated(other)) > 15, (one, other)


@pytest.mark.parametrize(
    "names",
    [
        ["fine-tuned", "b"],
        ["a", "scratch", "b", "linear probe", "fine-tuned", "c", "d"],
        list("abcdefg"),
        ["other", "a", "b", "c"],
    ],
)
def test_up_to_seven_arms_differ_in_colour_line_and_marker(names):
    styles = charts.styles_for(names)
    assert list(styles) == names
    assert all(styles[name] == STYLES[name] for name in names if name in STYLES)
    for attribute in ("color", "line", "marker"):
        assert len({getattr(style, attribute) for style in styles.values()}) == len(names)
    assert all(style.line for style in styles.values())  # the prediction's style draws no line


def test_more_names_than_styles_are_no_error():
    assert len(charts.styles_for([f"stage {number}" for number in range(12)])) == 12


# Words


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([2.0] * 5 + [1.0] * 5 + [0.5] * 10, "starts at 2.00 and ends at 0.50"),
        ([2.0, 1.0], "starts at 1.50 and ends at 1.50"),
        ([2.0, 9.0, None, None], "starts at 5.50 and is no number after step 2"),
        ([2.0, INF, NAN], "starts at 2.00 and is no number after step 1"),
        ([None, NAN], "is never a number"),
        ([], "is never a number"),
    ],
)
def test_start_and_end_in_words(losses, words):
    assert charts.start_and_end(losses) == words


# Figures


def everything(shown):
    charts.accuracy_by_arm(ARMS, 0.69, live={"staged": 0.885}, predicted={"fine-tuned": 0.5, "staged": None})
    charts.bars({"stem": 1234.0, "head": 0.0}, "Parameters", "thousands")
    charts.against_rate(SWEEP, 0.69, live={1e-3: 0.83})
    charts.loss_curves({"low": [1.0] * 20, "high": [2.0, None, 9.0]}, "Losses", {"low": 0.71})
    charts.range_test_curve([1e-4, 1e-3, 1e-2, 1e-1, 1, 10], [1, 0.9, 0.8, 0.7, 0.9, 5], marked=1e-3)
    return shown


def test_every_axis_has_a_title_and_names(shown):
    for figure, _ in everything(shown):
        first = figure.axes[0]
        names_on_ticks = any(re.search("[a-z]", tick.get_text()) for tick in first.get_yticklabels())
        assert first.get_ylabel() or names_on_ticks
        for ax in figure.axes:
            assert ax.get_title()
            assert ax.get_xlabel()


def test_the_alt_texts_carry_the_numbers(shown):
    by_arm, bars, rates, losses, range_test = [alt for _, alt in everything(shown)]
    assert "head only 82.0%, from 80.0% to 84.0%" in by_arm
    assert "fine-tuned 86.0%, from 85.0% to 87.0%, predicted 50%" in by_arm
    assert "staged 88.0%, from 86.0% to 90.0%, this notebook's run 88.5%." in by_arm
    assert "Baseline: 69%" in by_arm
    assert "stem 1,234; head 0" in bars
    assert "one rate: 0.0001 gives 71%, 0.001 gives 81%, 0.01 gives 65%" in rates
    assert "warm-up: 0.01 gives 75%" in rates
    assert "This notebook's runs: 0.001 gives 83%. Majority baseline: 69%" in rates
    assert "low starts at 1.00 and ends at 1.00, held-out 71%" in losses
    assert "high starts at 5.50 and ends at 5.50" in losses
    assert "from 0.0001 to 10: the smoothed loss is lowest, 0.86, near the rate 0.01" in range_test
    assert "ends at 1.66" in range_test


def test_nothing_that_was_measured_is_cut_off(shown):
    """Out of domain an accuracy may be far below one half."""
    charts.accuracy_by_arm({"a": [0.31, 0.8]}, 0.69, live={"a": 0.2})
    charts.against_rate({"a": {0.1: [0.1]}}, 0.69)
    (by_arm, _), (rates, _) = shown
    assert by_arm.axes[0].get_xlim()[0] < 0.2
    assert rates.axes[0].get_ylim()[0] < 0.1


def test_the_marks_of_the_arms_are_explained(shown):
    charts.accuracy_by_arm(ARMS, 0.69)
    charts.accuracy_by_arm(ARMS, 0.69, live={"staged": 0.9}, predicted={"staged": 0.8})
    words = [[text.get_text() for text in figure.legends[0].get_texts()] for figure, _ in shown]
    assert words[0] == ["a recorded seed", "their mean"]
    assert words[1] == [*words[0], "this run", "predicted"]


def test_no_two_series_of_a_figure_differ_by_colour_alone(shown):
    charts.against_rate(SWEEP, 0.69, live={1e-3: 0.83})
    charts.loss_curves({"a": [1.0] * 12, "b": [1.0] * 12})
    charts.range_test_curve(np.logspace(-4, 0, 12), np.ones(12), marked=0.1)
    for figure, _ in shown:
        for ax in figure.axes:  # a panel of losses has a title of its own
            looks = [
                (line.get_linestyle(), line._dash_pattern, line.get_marker())
                for line in lines_of(ax).values()
            ]
            assert len(set(map(str, looks))) == len(looks) >= 2


def test_bars_begin_at_zero_and_carry_their_values(shown):
    charts.bars({"a": 12.5, "b": 1e6}, "title", "MB", "{:,.1f}")
    charts.bars({"a": 0.0}, "title", "MB")
    ax = shown[0][0].axes[0]
    assert ax.get_xlim()[0] == 0
    assert [text.get_text() for text in ax.texts] == ["12.5", "1,000,000.0"]
    assert len({patch.get_hatch() for patch in ax.patches}) == 2


# Losses that are no numbers


def test_curves_without_any_number_can_be_drawn(shown):
    charts.loss_curves({"A": [None] * 20, "B": [NAN] * 3, "C": []})
    ((figure, alt),) = shown
    assert [ax.texts[0].get_text() for ax in figure.axes] == ["no number"] * 3
    assert alt.count("is never a number") == 3
    assert "nan" not in alt


def test_short_curves_get_no_mean(shown):
    charts.loss_curves({"A": [1.0, 0.8, 0.9], "B": [1.0] * 9})
    short, long = (lines_of(ax)["mean of 9 steps"] for ax in shown[0][0].axes)
    assert np.isnan(short.get_ydata()).all()
    assert np.flatnonzero(np.isfinite(long.get_ydata())).tolist() == [4]


def test_panels_share_their_axes_however_high_one_rises(shown):
    charts.loss_curves({"A": [0.5] * 9, "B": [50.0, INF] * 9})
    charts.loss_curves({"A": [0.5] * 9}, highest=7.0)
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
    charts.range_test_curve([10.0**power for power in range(-4, len(losses) - 4)], losses)
    ((_, alt),) = shown
    assert words in alt
    assert "nan" not in alt
