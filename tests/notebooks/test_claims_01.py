"""What lesson 1 says in words, held against its measurements: three seeds, with a margin.

The margins are about half of what was measured, so that another processor's rounding does not matter and
a changed recipe does.
"""

import random

import numpy as np
import pytest
import torch

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


def test_with_fifty_labels_the_linear_probe_wins(recorded):
    probe = accuracies(recorded, "linear probe", 50)
    for start in ("fine-tuned", "scratch"):
        assert probe.mean() - accuracies(recorded, start, 50).mean() > 0.015


@pytest.mark.parametrize("labels", [200, 500, 1000, 1968])
def test_from_two_hundred_labels_on_probe_and_fine_tuning_are_level(recorded, labels):
    fine_tuned, probe = (accuracies(recorded, start, labels) for start in ("fine-tuned", "linear probe"))
    assert abs(fine_tuned.mean() - probe.mean()) < 0.02


@pytest.mark.parametrize("labels", [50, 100, 200, 500, 1000, 1968])
def test_scratch_stays_behind_the_probe_with_every_number_of_labels(recorded, labels):
    probe, scratch = (accuracies(recorded, start, labels) for start in ("linear probe", "scratch"))
    assert probe.mean() - scratch.mean() > 0.01


def test_more_time_helps_fine_tuning_past_the_probe_and_past_scratch(recorded):
    longer = accuracies(recorded, "fine-tuned", 1968, "long")
    assert longer.mean() - accuracies(recorded, "linear probe", 1968).mean() > 0.01
    assert longer.min() > accuracies(recorded, "scratch", 1968, "long").max() + 0.015
    assert longer.mean() == pytest.approx(0.857, abs=0.0006)  # the number beside the paper's


def test_more_time_closes_about_half_of_the_gap(recorded):
    def gap(budget):
        fine_tuned, scratch = (
            accuracies(recorded, start, 1968, budget) for start in ("fine-tuned", "scratch")
        )
        return fine_tuned.mean() - scratch.mean()

    assert 0.3 < gap("long") / gap("short") < 0.7


def test_eight_times_the_steps_do_not_bring_scratch_past_a_tenth_of_the_labels(recorded):
    goal = accuracies(recorded, "fine-tuned", 200).mean()
    for budget in ("short", "long", "longest"):
        assert accuracies(recorded, "scratch", 1968, budget).mean() < goal - 0.004
    assert recorded.settings["steps"]["longest"] == 8 * recorded.settings["steps"]["short"]


@pytest.mark.parametrize("labels", [200, 500, 1000, 1968])
def test_from_two_hundred_labels_on_fine_tuning_leads_scratch(recorded, labels):
    assert (
        accuracies(recorded, "fine-tuned", labels).mean() - accuracies(recorded, "scratch", labels).mean()
        > 0.02
    )


def test_a_tenth_of_the_labels_beats_scratch_at_the_same_budget(recorded):
    fine_tuned = accuracies(recorded, "fine-tuned", 200)
    assert fine_tuned.min() > accuracies(recorded, "scratch", 1968).max()


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
