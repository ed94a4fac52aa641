"""What lesson 1 says in words, held against its measurements: three seeds, with their 95 % intervals.

Where the text calls a comparison open its interval holds zero, and where it does not, it does not.
"""

import random

import numpy as np
import pytest
import torch
from scipy.stats import ttest_ind

from grader.authoring.recording import lesson_functions
from grader.lab.recorded import load_recorded

LESSON = "01_scratch_vs_finetuning"


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def lesson(course_cache):
    """The lesson's own functions, on data prepared for these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        yield lesson_functions(LESSON)


def accuracies(recorded, start, labels, budget="short"):
    values = recorded.values("accuracy", start=start, labels=labels, budget=budget)
    assert len(values) >= 3
    return values


def test_every_run_is_recorded_for_three_seeds(recorded):
    for labels in (50, 100, 200, 500, 1000, 1968):
        for start in ("linear probe", "fine-tuned", "scratch"):
            assert sorted(recorded.values("seed", start=start, labels=labels, budget="short")) == [0, 1, 2]


def gap(recorded, first, second, labels, budget="short"):
    """Differences of two arms, seed by seed."""
    return accuracies(recorded, first, labels, budget) - accuracies(recorded, second, labels, budget)


def test_with_fifty_labels_the_linear_probe_is_ahead(recorded, interval):
    fine_tuned = gap(recorded, "linear probe", "fine-tuned", 50)
    assert interval(fine_tuned) == pytest.approx((2.2, 6.7), abs=0.06)
    assert 100 * fine_tuned.mean() == pytest.approx(4.5, abs=0.06)
    assert interval(gap(recorded, "linear probe", "scratch", 50))[0] > 0
    low, high = interval(gap(recorded, "fine-tuned", "scratch", 50))
    assert (low, high) == pytest.approx((-5.3, 10.2), abs=0.06)  # open


def test_with_two_hundred_labels_fine_tuning_leads_the_probe(recorded, interval):
    lead = gap(recorded, "fine-tuned", "linear probe", 200)
    assert interval(lead) == pytest.approx((0.1, 3.7), abs=0.06)
    assert 100 * lead.mean() == pytest.approx(1.9, abs=0.06)


@pytest.mark.parametrize("labels", [500, 1000, 1968])
def test_with_more_labels_it_is_open_whether_probe_or_fine_tuning_leads(recorded, interval, labels):
    lead = gap(recorded, "fine-tuned", "linear probe", labels)
    low, high = interval(lead)
    assert abs(lead.mean()) < 0.005
    assert low < -4 < 4 < high


@pytest.mark.parametrize("labels", [50, 100, 200, 500, 1000, 1968])
def test_scratch_has_the_lowest_mean_and_with_500_labels_that_is_open(recorded, interval, labels):
    means = {s: accuracies(recorded, s, labels).mean() for s in ("linear probe", "fine-tuned", "scratch")}
    assert min(means, key=means.get) == "scratch"
    low, _ = interval(gap(recorded, "linear probe", "scratch", labels))
    assert (low > 0) == (labels != 500)


def test_the_recorded_seeds_agree_on_about_four_points(recorded):
    leads = gap(recorded, "fine-tuned", "scratch", 200)
    assert 0.035 < leads.min() < leads.max() < 0.05


def test_at_equal_budgets_the_lead_of_fine_tuning_is_clear(recorded, interval):
    lead = gap(recorded, "fine-tuned", "scratch", 1968, "long")
    assert interval(lead) == pytest.approx((2.4, 5.0), abs=0.06)
    assert 100 * lead.mean() == pytest.approx(3.7, abs=0.06)
    assert 100 * gap(recorded, "fine-tuned", "scratch", 1968).mean() == pytest.approx(8.5, abs=0.06)
    longer = accuracies(recorded, "fine-tuned", 1968, "long")
    assert longer.mean() == pytest.approx(0.857, abs=0.0006)  # the number beside the paper's
    assert interval(longer) == pytest.approx((85.0, 86.3), abs=0.06)


@pytest.mark.parametrize(("budget", "is_open"), [("short", False), ("long", True), ("longest", True)])
def test_ten_times_the_labels_and_four_times_the_steps_come_about_as_far(recorded, budget, is_open):
    goal, scratch = accuracies(recorded, "fine-tuned", 200), accuracies(recorded, "scratch", 1968, budget)
    low, high = ttest_ind(goal, scratch, equal_var=False).confidence_interval(0.95)
    assert (low < 0 < high) == is_open
    assert not is_open or abs(goal.mean() - scratch.mean()) < 0.012  # "within about a point"
    assert recorded.settings["steps"] == {"short": 60, "long": 240, "longest": 480}


@pytest.mark.parametrize(("start", "touched", "held"), [("fine-tuned", 20, 100), ("scratch", 160, 160)])
def test_a_first_touch_of_80_percent_is_not_reaching_it(recorded, start, touched, held):
    curve = recorded.values("curve", start=start, labels=1968, budget="long").mean(axis=0)
    assert next(step for step, accuracy in curve if accuracy >= 0.8) == touched
    assert next(curve[k, 0] for k in range(len(curve)) if (curve[k:, 1] >= 0.8).all()) == held


def test_every_start_is_above_the_majority_baseline(recorded):
    for start in ("linear probe", "fine-tuned", "scratch"):
        for labels in (50, 200, 1968):
            assert accuracies(recorded, start, labels).mean() > 0.6875 + 0.02


def test_each_start_has_the_rate_that_served_it_best(recorded):
    for start, chosen in recorded.settings["learning_rate"].items():
        means = {
            rate: recorded.values("accuracy", start=start, budget="choosing", rate=rate).mean()
            for rate in recorded.settings_of("rate", start=start, budget="choosing")
        }
        assert len(means) == 5
        assert max(means, key=means.get) == chosen


def test_the_two_layer_network_gains_where_the_features_fit_and_only_there(lesson):
    numbers, same_sign = lesson["signals"](5_000, seed=0)
    gains = {"related": [], "unrelated": []}
    for seed in range(3):
        torch.manual_seed(seed)
        old = lesson["fit"](lesson["two_layers"](4), numbers, 2 * same_sign[:, 0] + same_sign[:, 1], 400)
        for name, question in (("related", 0), ("unrelated", 2)):
            reached = lesson["two_layer_gain"](question, old, seed)
            gains[name].append(reached["fine-tuned"] - reached["scratch"])
    assert min(gains["related"]) > 0.08
    assert max(gains["unrelated"]) < 0.04


@pytest.mark.slow
def test_recorded_runs_come_out_again(recorded, lesson):
    """A random probe and a random network, run anew: within the spread that a new seed makes."""
    chance = random.Random()
    runs = [run for run in recorded.runs if run["budget"] == "short"]
    probe = chance.choice([run for run in runs if run["start"] == "linear probe"])
    network = chance.choice([run for run in runs if run["start"] != "linear probe"])
    print("run again:", probe, network)
    again = lesson["probe"](probe["labels"], seed=probe["seed"])
    assert abs(again.final.accuracy - probe["accuracy"]) < 0.02
    again = lesson["run"](network["start"], network["labels"], seed=network["seed"])
    spread = np.ptp(
        recorded.values("accuracy", start=network["start"], labels=network["labels"], budget="short")
    )
    assert abs(again.final.accuracy - network["accuracy"]) < max(0.03, 1.5 * spread)
