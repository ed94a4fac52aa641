"""What lesson 1 says in words, held against its measurements: three to five seeds, with 95 % intervals.

Where the text calls a comparison open its interval holds zero, and where it does not, it does not.
"""

import random

import numpy as np
import pytest
import torch
from scipy.stats import ttest_ind, ttest_rel

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


LABELS = (50, 100, 200, 500, 1000, 1968)


def accuracies(recorded, start, labels, budget="short", column="accuracy"):
    values = recorded.values(column, start=start, labels=labels, budget=budget)
    assert len(values) >= 3
    return values


def test_runs_are_recorded_for_the_seeds_that_the_lesson_tells(recorded):
    for labels in LABELS:
        seeds = {
            start: sorted(recorded.values("seed", start=start, labels=labels, budget="short"))
            for start in ("linear probe", "fine-tuned", "scratch")
        }
        assert seeds["linear probe"] == [0, 1, 2, 3, 4]
        assert seeds["fine-tuned"] == ([0, 1, 2, 3, 4] if labels in (50, 200, 1000) else [0, 1, 2])
        assert seeds["scratch"] == [0, 1, 2]


@pytest.fixture
def ends(recorded):
    """95 % interval of the difference of two arms, in points: paired by seed where both have all of them."""

    def of(first, second, labels, budget="short", column="accuracy"):
        one, other = (accuracies(recorded, arm, labels, budget, column) for arm in (first, second))
        paired = len(one) == len(other)
        test = ttest_rel(one, other) if paired else ttest_ind(one, other, equal_var=False)
        low, high = test.confidence_interval(0.95)
        return 100 * low, 100 * high

    return of


def test_with_fifty_labels_it_is_open_and_three_seeds_said_it_was_clear(recorded, ends, interval):
    assert ends("linear probe", "fine-tuned", 50) == pytest.approx((-0.6, 5.8), abs=0.06)
    lead = accuracies(recorded, "linear probe", 50) - accuracies(recorded, "fine-tuned", 50)
    assert 100 * lead.mean() == pytest.approx(2.6, abs=0.06)
    assert interval(lead[:3]) == pytest.approx((2.4, 6.2), abs=0.06)
    assert ends("fine-tuned", "scratch", 50) == pytest.approx((-4.1, 10.0), abs=0.06)  # open


@pytest.mark.parametrize("column", ["accuracy", "balanced_accuracy"])
@pytest.mark.parametrize("labels", LABELS)
def test_whether_probe_or_fine_tuning_leads_is_open(recorded, ends, labels, column):
    low, high = ends("linear probe", "fine-tuned", labels, column=column)
    assert low < 0 < high
    if labels > 50:
        means = [accuracies(recorded, start, labels).mean() for start in ("linear probe", "fine-tuned")]
        assert abs(means[0] - means[1]) < 0.0125  # "by 1.2 points at most"


@pytest.mark.parametrize("labels", LABELS)
def test_scratch_has_the_lowest_mean_and_mostly_that_is_clear(recorded, ends, labels):
    means = {s: accuracies(recorded, s, labels).mean() for s in ("linear probe", "fine-tuned", "scratch")}
    assert min(means, key=means.get) == "scratch"
    assert (ends("linear probe", "scratch", labels)[0] > 0) == (labels not in (50, 500))


def test_with_200_labels_the_means_lie_three_points_apart_and_the_runs_overlap(recorded, ends):
    assert ends("linear probe", "scratch", 200) == pytest.approx((1.2, 5.8), abs=0.06)
    fine_tuned, scratch = (accuracies(recorded, start, 200) for start in ("fine-tuned", "scratch"))
    assert 0.025 < fine_tuned.mean() - scratch.mean() < 0.035
    assert fine_tuned.min() < scratch.max()


def test_at_equal_budgets_the_lead_of_fine_tuning_is_clear(recorded, ends, interval):
    assert ends("fine-tuned", "scratch", 1968, "long") == pytest.approx((2.4, 5.0), abs=0.06)
    longer = accuracies(recorded, "fine-tuned", 1968, "long")
    assert longer.mean() == pytest.approx(0.857, abs=0.0006)  # the number beside the paper's
    assert interval(longer) == pytest.approx((85.0, 86.3), abs=0.06)
    twice = longer - accuracies(recorded, "scratch", 1968, "longest")
    assert interval(twice) == pytest.approx((0.6, 6.5), abs=0.06)
    short = [accuracies(recorded, start, 1968).mean() for start in ("fine-tuned", "scratch")]
    assert 100 * (short[0] - short[1]) == pytest.approx(8.5, abs=0.06)


@pytest.mark.parametrize(("budget", "most"), [("short", 7), ("long", 0.5), ("longest", 0.5)])
def test_whether_200_labels_beat_all_of_them_from_scratch_is_open(recorded, budget, most):
    goal, scratch = accuracies(recorded, "fine-tuned", 200), accuracies(recorded, "scratch", 1968, budget)
    low, high = ttest_ind(goal, scratch, equal_var=False).confidence_interval(0.95)
    assert low < 0 < high
    assert 100 * abs(goal.mean() - scratch.mean()) < most
    assert recorded.settings["steps"] == {"short": 60, "long": 240, "longest": 480}


@pytest.mark.parametrize(
    ("start", "budget", "steps"),
    [("fine-tuned", "long", [60, 80, 100]), ("scratch", "longest", [360, 240, 200])],
)
def test_when_each_run_holds_80_percent(recorded, lesson, start, budget, steps):
    curves = recorded.values("curve", start=start, labels=1968, budget=budget)
    good = [curve[:, 1] >= 0.8 for curve in curves]
    first = [next(k for k in range(len(g)) if g[k : k + 3].sum() == 3) for g in good]
    assert [int(curve[k, 0]) for curve, k in zip(curves, first, strict=True)] == steps


def test_every_start_is_above_the_majority_baseline(recorded):
    for start in ("linear probe", "fine-tuned", "scratch"):
        for labels in (50, 200, 1968):
            assert accuracies(recorded, start, labels).mean() > 0.6875 + 0.02


def test_each_start_has_the_rate_that_served_it_best(recorded, lesson):
    for start, chosen in {**lesson["LEARNING_RATE"], "linear probe": lesson["PROBE_RATE"]}.items():
        means = {
            rate: recorded.values("accuracy", start=start, budget="choosing", rate=rate).mean()
            for rate in recorded.settings_of("rate", start=start, budget="choosing")
        }
        assert max(means, key=means.get) == chosen
        assert min(means) < chosen < max(means)  # no edge of the grid
        used = {run["rate"] for run in recorded.runs if run["start"] == start and run["budget"] == "short"}
        assert used == {chosen}


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
