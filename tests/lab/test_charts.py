"""Figures of experiments: numbers in the words, names on the axes, nothing told by colour alone."""

import re

from grader.lab import charts

ARMS = {"head only": [0.80, 0.84], "fine-tuned": [0.85, 0.87], "staged": [0.86, 0.90]}
SWEEP = {
    "one rate": {1e-4: [0.70, 0.72], 1e-3: [0.80, 0.82], 1e-2: [0.60, 0.70]},
    "warm-up": {1e-2: [0.74, 0.76]},
    "third": {1e-2: [0.5]},
    "fourth": {1e-2: [0.5]},
}


def everything(shown):
    charts.accuracy_by_arm(ARMS, 0.69, live={"staged": 0.885}, predicted={"fine-tuned": 0.5, "staged": None})
    charts.bars({"stem": 1234.0, "head": 0.0}, "Parameters", "thousands")
    charts.against_rate(SWEEP, 0.69, live={1e-3: 0.83})
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
    by_arm, bars, rates = [alt for _, alt in everything(shown)]
    assert "head only 82.0%, from 80.0% to 84.0%" in by_arm
    assert "fine-tuned 86.0%, from 85.0% to 87.0%, predicted 50%" in by_arm
    assert "staged 88.0%, from 86.0% to 90.0%, this notebook's run 88.5%." in by_arm
    assert "Baseline: 69%" in by_arm
    assert "stem 1,234; head 0" in bars
    assert "one rate: 0.0001 gives 71%, 0.001 gives 81%, 0.01 gives 65%" in rates
    assert "warm-up: 0.01 gives 75%" in rates
    assert "This notebook's runs: 0.001 gives 83%. Majority baseline: 69%" in rates


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


def test_no_two_series_of_a_figure_differ_by_colour_alone(shown, looks_differ):
    charts.against_rate(SWEEP, 0.69, live={1e-3: 0.83})
    assert looks_differ(shown[0][0].axes[0])


def test_bars_begin_at_zero_and_carry_their_values(shown):
    charts.bars({"a": 12.5, "b": 1e6}, "title", "MB", "{:,.1f}")
    charts.bars({"a": 0.0}, "title", "MB")
    ax = shown[0][0].axes[0]
    assert ax.get_xlim()[0] == 0
    assert [text.get_text() for text in ax.texts] == ["12.5", "1,000,000.0"]
    assert len({patch.get_hatch() for patch in ax.patches}) == 2
