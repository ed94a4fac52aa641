"""What lesson 3 says in words: exact counts from the network, and accuracies of three seeds with intervals.

Counts must be exact. Where the text calls a comparison open its 95 % interval holds zero, and where it does
not, it does not.
"""

import random
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from grader.authoring.recording import lesson_functions
from grader.lab import memory
from grader.lab.backbone import load_backbone
from grader.lab.panels import parameters_by_stage
from grader.lab.recorded import load_recorded

LESSON = "03_counting_parameters"
PARAMETERS = {
    "head": 2_562,
    "BatchNorm and head": 44_578,
    "last stage and head": 1_020_162,
    "everything": 3_373_570,
}
BASELINE = 0.6875


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def network():
    return load_backbone(num_classes=1000, pretrained=False)


@pytest.fixture(scope="module")
def lesson(course_cache):
    """The lesson's own functions, on data prepared for these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        yield lesson_functions(LESSON)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def results(recorded, choice, column="accuracy"):
    values = recorded.values(column, choice=choice, budget="60 steps")
    assert sorted(recorded.values("seed", choice=choice, budget="60 steps")) == [0, 1, 2]
    return values


# Counts of the network


def test_total_tensors_and_buffers(network):
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert count(network) == 4_652_008
    assert len(list(network.parameters())) == 149
    assert len(norms) == 49
    assert sum(count(norm) for norm in norms) == 42_016
    assert sum(buffer.numel() for buffer in network.buffers()) == 42_065 == 42_016 + 49


def test_convolutions_have_no_bias(network):
    assert all(module.bias is None for module in network.modules() if isinstance(module, nn.Conv2d))


def test_pointwise_convolutions_and_head_hold_nearly_everything(network):
    pointwise = sum(
        count(module)
        for module in network.modules()
        if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
    )
    assert (pointwise + count(network.classifier)) / count(network) > 0.95


def test_shares_by_stage(network):
    by_stage = parameters_by_stage(network)
    assert max(by_stage, key=by_stage.get) == "stage 6"
    early = by_stage["stem"] + sum(by_stage[f"stage {number}"] for number in range(1, 6))
    assert round(early / 4_652_008, 2) == 0.15
    assert [len(stage) for stage in network.blocks[:5]] == [1, 2, 2, 3, 3]  # 11 of 16 blocks
    assert sum(len(stage) for stage in network.blocks) == 16


def test_depthwise_and_pointwise_together_have_about_a_ninth():
    usual, depthwise, pointwise = 3 * 3 * 192 * 192, 3 * 3 * 192, 192 * 192
    assert round(usual / (depthwise + pointwise)) == 9


def test_a_head_of_five_classes():
    with_five = count(load_backbone(num_classes=5, pretrained=False))
    assert with_five == 3_377_413 == 4_652_008 - (1280 * 1000 + 1000) + (1280 * 5 + 5)
    assert round(1 - with_five / 4_652_008, 2) == 0.27


@pytest.mark.parametrize("choice", PARAMETERS)
def test_each_choice_trains_as_many_as_the_lesson_says(recorded, lesson, choice):
    model = load_backbone(num_classes=2, pretrained=False)
    chosen = lesson["parameters_to_train"](model, choice)
    assert sum(parameter.numel() for parameter in chosen) == PARAMETERS[choice]
    assert set(recorded.values("parameters", choice=choice)) == {PARAMETERS[choice]}


# What training costs


def after_one_step(lesson, choice):
    model = load_backbone(num_classes=2, pretrained=False)
    model.requires_grad_(False)
    chosen = lesson["parameters_to_train"](model, choice)
    for parameter in chosen:
        parameter.requires_grad = True
    optimizer = torch.optim.AdamW(chosen)
    lesson["training_step"](model, torch.rand(4, 3, 96, 96), torch.tensor([0, 1, 0, 1]), optimizer)
    return model, optimizer, chosen


@pytest.mark.parametrize("choice", PARAMETERS)
def test_gradients_and_moments_cost_what_was_predicted(lesson, choice):
    model, optimizer, chosen = after_one_step(lesson, choice)
    assert round(memory.gradients(model) * 1e6) == 4 * PARAMETERS[choice]
    step_counters = 4 * len(chosen)
    assert round(memory.optimizer_state(optimizer) * 1e6) == 8 * PARAMETERS[choice] + step_counters


def test_training_everything_counts_steps_in_596_bytes(lesson):
    _, _, chosen = after_one_step(lesson, "everything")
    assert 4 * len(chosen) == 596


def test_batchnorm_needs_the_activations_of_everything_and_none_of_its_moments(lesson):
    stored, kept = {}, {}
    for choice in PARAMETERS:
        model, optimizer, _ = after_one_step(lesson, choice)
        stored[choice] = memory.stored_activations(model, torch.zeros(32, 3, 96, 96))
        kept[choice] = memory.gradients(model) + memory.optimizer_state(optimizer)
    assert stored["BatchNorm and head"] > 0.9 * stored["everything"]
    assert kept["BatchNorm and head"] < 0.02 * kept["everything"]
    assert stored["everything"] > 5 * kept["everything"]  # the largest part of the bill
    assert stored["last stage and head"] < 0.1 * stored["everything"]


# The experiment


@pytest.mark.parametrize("choice", PARAMETERS)
def test_all_runs_lie_far_above_the_majority_baseline(recorded, choice):
    assert results(recorded, choice).min() > BASELINE + 0.045


def test_the_head_alone_brings_about_seventy_percent_of_the_way(recorded):
    best = max(results(recorded, choice).mean() for choice in PARAMETERS)
    assert 0.6 < (results(recorded, "head").mean() - BASELINE) / (best - BASELINE) < 0.8


def test_from_batchnorm_to_the_last_stage_the_question_is_open(recorded, interval):
    norms, last = (results(recorded, choice) for choice in ("BatchNorm and head", "last stage and head"))
    assert round(PARAMETERS["last stage and head"] / PARAMETERS["BatchNorm and head"]) == 23
    assert last.mean() == pytest.approx(norms.mean(), abs=0.001)  # "the same mean"
    assert interval(last - norms) == pytest.approx((-5.3, 5.4), abs=0.06)


@pytest.mark.parametrize(
    ("choice", "is_clear"), [("head", False), ("BatchNorm and head", True), ("last stage and head", False)]
)
def test_everything_has_the_highest_mean_and_one_lead_is_clear(recorded, interval, choice, is_clear):
    lead = results(recorded, "everything") - results(recorded, choice)
    assert 0.03 < lead.mean() < 0.045
    assert (interval(lead)[0] > 0) == is_clear


@pytest.mark.parametrize("column", ["accuracy", "balanced_accuracy"])
def test_the_means_rise_with_the_number_of_trainable_parameters(recorded, column):
    means = [results(recorded, choice, column).mean() for choice in PARAMETERS]
    assert means[-1] - means[0] > 0.02
    assert all(later > earlier - 0.005 for earlier, later in pairwise(means))


def test_the_numbers_beside_the_paper(recorded):
    assert results(recorded, "BatchNorm and head").mean() == pytest.approx(0.799, abs=0.0006)
    assert round(PARAMETERS["BatchNorm and head"] / PARAMETERS["everything"], 3) == 0.013


def test_with_frozen_statistics_the_head_alone_comes_within_two_points_of_everything(recorded, interval):
    def lesson_2(choice, statistics):
        chosen = {"choice": choice, "statistics": statistics, "labels": 200, "budget": "60 steps"}
        values = load_recorded("02_freezing").values("accuracy", **chosen)
        assert len(values) == 3
        return values

    head, everything = lesson_2("head", "frozen"), lesson_2("everything", "frozen")
    assert max(np.abs(interval(head - everything))) < 2.4  # "within about two points"
    gained = head - lesson_2("head", "moving")
    assert interval(gained) == pytest.approx((1.7, 8.4), abs=0.06)
    assert gained.mean() == pytest.approx(0.05, abs=0.001)
    assert lesson_2("head", "moving").mean() < results(recorded, "head").mean()
    assert everything.mean() == pytest.approx(0.830, abs=0.0006)  # the text's two numbers
    assert results(recorded, "everything").mean() == pytest.approx(0.832, abs=0.0006)


def test_the_learning_rates_are_told_as_they_are(recorded):
    def mean(choice, rate):
        values = recorded.values("accuracy", choice=choice, budget="choosing", rate=rate)
        assert len(values) == 2
        return values.mean()

    assert abs(mean("BatchNorm and head", 3e-3) - mean("BatchNorm and head", 1e-2)) < 0.0065
    assert mean("BatchNorm and head", 1e-2) - mean("BatchNorm and head", 3e-2) > 0.015
    assert 0.009 < mean("last stage and head", 1e-2) - mean("last stage and head", 3e-3) < 0.027


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson):
    """A random run of a cheap choice, run anew: within the spread that a new seed makes."""
    cheap = [
        run
        for run in recorded.runs
        if run["budget"] == "60 steps" and run["choice"] in ("head", "last stage and head")
    ]
    chosen = random.Random().choice(cheap)
    print("run again:", chosen)
    again = lesson["run"](chosen["choice"], seed=chosen["seed"])
    spread = np.ptp(results(recorded, chosen["choice"]))
    assert abs(again.final.accuracy - chosen["accuracy"]) < max(0.03, 1.5 * spread)
