"""What lesson 3 says in words: exact counts from the network, and accuracies of twelve seeds with intervals.

Counts must be exact. Where the text calls a comparison open its 95 % interval holds zero, and where it does
not, it does not.
"""

import random

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
    "stage 3 and head": 42_274,
    "BatchNorm and head": 44_578,
    "last stage and head": 1_020_162,
    "everything": 3_373_570,
}
BASELINE = 0.687
CHEAP = ("head", "last stage and head")
SEEDS = [10 * quarter + draw for quarter in (1, 2, 3) for draw in range(4)]


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
    assert recorded.values("seed", choice=choice, role="arm").tolist() == SEEDS
    return recorded.values(column, choice=choice, role="arm")


@pytest.fixture
def right(recorded, lesson):
    """For each cell of the three quarters that judge, the share of a choice's runs that were right on it."""

    def of(choice):
        shares = []
        for quarter in (1, 2, 3):
            rows = recorded.values("right", choice=choice, role="arm", judges=quarter)
            bits = [np.unpackbits(np.frombuffer(bytes.fromhex(row), np.uint8)) for row in rows]
            shares.append(np.mean(bits, axis=0)[: len(lesson["quarters"][quarter])])
        return np.concatenate(shares)

    return of


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
        stored[choice] = memory.stored_activations(model, torch.zeros(32, 3, 64, 64))
        kept[choice] = memory.gradients(model) + memory.optimizer_state(optimizer)
    assert stored["BatchNorm and head"] > 0.9 * stored["everything"]
    assert kept["BatchNorm and head"] < 0.02 * kept["everything"]
    assert stored["everything"] > 5 * kept["everything"]  # the largest part of the bill
    assert stored["last stage and head"] < 0.1 * stored["everything"]


# The experiment


def test_the_rates_are_best_on_the_fourth_quarter_and_at_no_edge(recorded, lesson):
    assert set(recorded.values("judges", role="choosing")) == {4}
    assert 4 not in recorded.values("judges", role="arm")
    for choice, ours in lesson["RATE"].items():
        rates = recorded.settings_of("rate", choice=choice, role="choosing")
        columns = [
            recorded.values("balanced_accuracy", choice=choice, role="choosing", rate=rate) for rate in rates
        ]
        assert {len(values) for values in columns} == {3}
        assert rates[int(np.argmax([values.mean() for values in columns]))] == ours
        assert rates[0] < ours < rates[-1]
        assert set(recorded.values("rate", choice=choice, role="arm")) == {ours}


def test_what_chooses_neither_trains_nor_judges(lesson):
    quarters, split = lesson["quarters"], lesson["split"]
    for judges in (1, 2, 3, 4):
        train_on, judging = split(judges)
        assert judging is quarters[judges]
        assert not set(train_on) & (set(judging) | set(quarters[4]))


def test_statistics_stay_frozen_with_every_choice(lesson):
    model = lesson["network_for"]("everything")
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    labels = torch.tensor([0, 1])
    optimizer = torch.optim.AdamW(model.parameters())
    lesson["step_with_frozen_statistics"](model, torch.rand(2, 3, 64, 64), labels, optimizer)
    assert all(torch.equal(before[name], buffer) for name, buffer in model.named_buffers())


@pytest.mark.parametrize("choice", PARAMETERS)
def test_all_runs_lie_six_points_above_the_majority_baseline(recorded, choice):
    assert results(recorded, choice).min() > BASELINE + 0.06


@pytest.mark.parametrize("choice", list(PARAMETERS)[1:])
def test_no_choice_is_two_points_of_accuracy_from_the_head_alone(recorded, interval, choice):
    low, high = interval(results(recorded, choice) - results(recorded, "head"))
    assert -2 < low < 0 < high < 2
    balanced = results(recorded, choice, "balanced_accuracy") - results(recorded, "head", "balanced_accuracy")
    low, high = interval(balanced)
    assert low < 0 < high  # "in balanced accuracy, too, all four are open"


def test_1317_times_as_many_parameters_are_level_with_the_head(recorded, interval, right):
    assert PARAMETERS["everything"] // PARAMETERS["head"] == 1316
    assert round(PARAMETERS["everything"] / PARAMETERS["head"]) == 1317
    gained = results(recorded, "everything") - results(recorded, "head")
    assert 100 * gained.mean() == pytest.approx(0.3, abs=0.06)
    assert interval(gained) == pytest.approx((-0.9, 1.4), abs=0.06)
    by_cell = 100 * (right("everything") - right("head"))  # new cells would not change it either
    half = 1.96 * by_cell.std(ddof=1) / len(by_cell) ** 0.5
    assert abs(by_cell.mean()) + half < 1.5


@pytest.mark.parametrize(
    ("choice", "mean", "told"), [("everything", 1.1, (0.2, 1.9)), ("BatchNorm and head", 1.0, (0.3, 1.8))]
)
def test_the_order_of_the_cells_gains_a_little(recorded, interval, choice, mean, told):
    gained = results(recorded, choice, "area") - results(recorded, "head", "area")
    assert 100 * gained.mean() == pytest.approx(mean, abs=0.06)
    assert interval(gained) == pytest.approx(told, abs=0.06)
    assert round(PARAMETERS["everything"] / PARAMETERS["BatchNorm and head"]) == 76


@pytest.mark.parametrize(
    ("other", "mean", "told"),
    [("stage 3 and head", 2.5, (0.5, 4.5)), ("last stage and head", 1.3, (0.5, 2.0))],
)
def test_batchnorm_is_ahead_in_balanced_accuracy_and_open_in_accuracy(recorded, interval, other, mean, told):
    norms = "BatchNorm and head"
    gained = results(recorded, norms, "balanced_accuracy") - results(recorded, other, "balanced_accuracy")
    assert 100 * gained.mean() == pytest.approx(mean, abs=0.06)
    assert interval(gained) == pytest.approx(told, abs=0.06)
    low, high = interval(results(recorded, norms) - results(recorded, other))
    assert low < 0 < high
    assert round(PARAMETERS["last stage and head"] / PARAMETERS[norms]) == 23


def test_at_the_rate_of_the_head_everything_calls_each_cell_good(recorded, lesson):
    assert lesson["RATE"]["head"] == lesson["RATE"]["BatchNorm and head"] == 3e-3
    named = {"choice": "everything", "role": "choosing", "rate": 3e-3}
    assert set(recorded.values("balanced_accuracy", **named)) == {0.5}


def test_the_numbers_beside_the_paper(recorded):
    assert results(recorded, "BatchNorm and head").mean() == pytest.approx(0.804, abs=0.0006)
    assert round(PARAMETERS["BatchNorm and head"] / PARAMETERS["everything"], 3) == 0.013


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson):
    """A random run of a cheap choice, run anew: within the spread that a new seed makes."""
    cheap = [run for run in recorded.runs if run["role"] == "arm" and run["choice"] in CHEAP]
    chosen = random.Random().choice(cheap)
    print("run again:", chosen)
    again = lesson["run"](chosen["choice"], chosen["judges"], chosen["seed"])
    assert abs(again.final.accuracy - chosen["accuracy"]) < 0.03
