"""What lesson 2 says in words, held against its measurements: three seeds, with a margin.

The margins are about half of what was measured, so that another processor's rounding does not matter and
a changed recipe does.
"""

import random

import numpy as np
import pytest
import torch

from grader import lab
from grader.authoring.recording import lesson_functions
from grader.lab.recorded import load_recorded

LESSON = "02_freezing"
ARMS = {
    "linear probe": ("head", "frozen"),
    "head, statistics moving": ("head", "moving"),
    "last two stages": ("last two stages", "frozen"),
    "everything": ("everything", "frozen"),
}


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def lesson(course_cache):
    """The lesson's own functions, on data prepared for these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        yield lesson_functions(LESSON)


def accuracies(recorded, arm, labels, column="accuracy"):
    choice, statistics = ARMS[arm]
    values = recorded.values(column, choice=choice, statistics=statistics, labels=labels, budget="60 steps")
    assert len(values) == 3
    return values


def kept(lesson, choice, model=None, parts=None):
    """Megabytes that a training step keeps: activations, gradients, AdamW's moments."""
    if model is None:
        model, parts = lesson["prepare"](choice)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-3)
    batch = next(iter(lab.Batches(lesson["cells"], lesson["train"], steps=1, flip=False)))
    images, labels = (part.to(lab.device()) for part in batch)
    lesson["step_with_frozen_statistics"](parts)(model, images, labels, optimizer)
    return (
        lab.memory.stored_activations(model, images),
        lab.memory.gradients(model),
        lab.memory.optimizer_state(optimizer),
    )


def test_every_run_is_recorded_for_three_seeds(recorded):
    for choice, statistics in ARMS.values():
        for labels in (50, 200, 1000):
            named = {"choice": choice, "statistics": statistics, "labels": labels, "budget": "60 steps"}
            assert sorted(recorded.values("seed", **named)) == [0, 1, 2]


def test_everything_is_the_fine_tuned_network_of_lesson_1(recorded):
    earlier = load_recorded("01_scratch_vs_finetuning").values(
        "accuracy", start="fine-tuned", labels=200, budget="short"
    )
    assert earlier.mean() == pytest.approx(0.83, abs=0.005)
    assert accuracies(recorded, "everything", 200).mean() == pytest.approx(earlier.mean(), abs=0.01)


@pytest.mark.parametrize("labels", [50, 200, 1000])
def test_moving_statistics_cost_the_head_points_with_each_number_of_labels(recorded, labels):
    still, moving = (accuracies(recorded, arm, labels) for arm in ("linear probe", "head, statistics moving"))
    assert still.mean() - moving.mean() > 0.02
    assert still.min() > moving.max()
    still, moving = (
        accuracies(recorded, arm, labels, "balanced_accuracy")
        for arm in ("linear probe", "head, statistics moving")
    )
    assert still.mean() - moving.mean() > 0.025


def test_with_fifty_labels_training_everything_is_behind(recorded):
    everything = accuracies(recorded, "everything", 50)
    for arm in ("linear probe", "last two stages"):
        ahead = accuracies(recorded, arm, 50)
        assert ahead.mean() - everything.mean() > 0.015
        assert ahead.min() > everything.max()


def test_with_fifty_labels_probe_and_last_two_stages_are_level(recorded):
    probe, last = (accuracies(recorded, arm, 50) for arm in ("linear probe", "last two stages"))
    assert abs(probe.mean() - last.mean()) < 0.01


def test_with_two_hundred_labels_three_choices_are_level(recorded):
    means = [
        accuracies(recorded, arm, 200).mean() for arm in ("linear probe", "last two stages", "everything")
    ]
    assert max(means) - min(means) < 0.0055


def test_with_a_thousand_labels_the_verdict_is_open(recorded):
    arms = ("linear probe", "last two stages", "everything")
    accuracy = {arm: accuracies(recorded, arm, 1000) for arm in arms}
    balanced = {arm: accuracies(recorded, arm, 1000, "balanced_accuracy").mean() for arm in arms}
    assert min(arms, key=lambda arm: accuracy[arm].mean()) == "linear probe"
    assert max(arms, key=balanced.get) == "linear probe"
    assert max(values.min() for values in accuracy.values()) < min(
        values.max() for values in accuracy.values()
    )


def test_all_arms_are_above_the_majority_baseline(recorded):
    for arm in ARMS:
        for labels in (50, 200, 1000):
            assert accuracies(recorded, arm, labels).mean() > 0.6875 + 0.03


@pytest.mark.parametrize("choice", ["head", "last two stages"])
def test_each_choice_has_the_rate_that_served_it_best(recorded, lesson, choice):
    means = {
        rate: recorded.values("accuracy", choice=choice, budget="choosing", rate=rate).mean()
        for rate in recorded.settings_of("rate", choice=choice, budget="choosing")
    }
    assert len(means) == 4
    assert max(means, key=means.get) == lesson["RATE"][choice]
    assert {
        run["rate"] for run in recorded.runs if run["budget"] == "60 steps" and run["choice"] == choice
    } == {lesson["RATE"][choice]}


def test_the_heads_best_rate_is_the_highest_tried(recorded, lesson):
    assert max(recorded.settings_of("rate", choice="head", budget="choosing")) == lesson["RATE"]["head"]


@pytest.mark.slow
def test_what_a_step_keeps_in_memory(lesson):
    everything, last, head = (kept(lesson, choice) for choice in ("everything", "last two stages", "head"))
    assert 0.88 < everything[0] / sum(everything) < 0.95  # "nine tenths are activations"
    assert last[0] < 0.2 * everything[0]  # freezing the early stages saves most of the memory …
    assert last[1] > 0.7 * everything[1]  # … and few of the parameters
    assert sum(head) < 0.5
    model, _ = lesson["prepare"]("everything")
    stem = [model.conv_stem, model.bn1]
    lesson["freeze_all_but"](model, stem)
    only_stem = kept(lesson, "stem", model, stem)
    assert only_stem[0] > 0.98 * everything[0]
    trains = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert trains == 928 < model.classifier.weight.numel()


@pytest.mark.slow
def test_statistics_that_move_change_the_features_of_a_frozen_backbone(lesson):
    """Three orders of the training cells; the cosine similarity of the features before and after."""
    for seed in range(3):
        backbone, _ = lab.split_backbone(lab.load_backbone(pretrained=True))
        backbone.requires_grad_(False)
        before = lab.compute_features(backbone, lesson["cells"], lesson["test"][:64])
        backbone.train()
        for images, _ in lab.Batches(lesson["cells"], lesson["train"], steps=10, seed=seed):
            backbone(images.to(lab.device()))
        after = lab.compute_features(backbone, lesson["cells"], lesson["test"][:64])
        assert torch.cosine_similarity(before, after).mean() < 0.6


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson):
    """A random run of the head, trained anew: within the spread that a new seed makes."""
    runs = [run for run in recorded.runs if run["budget"] == "60 steps" and run["choice"] == "head"]
    chosen = random.Random().choice(runs)
    print("run again:", chosen)
    again = lesson["run"](
        "head", chosen["labels"], seed=chosen["seed"], statistics=chosen["statistics"], rate=chosen["rate"]
    )
    named = {name: chosen[name] for name in ("choice", "labels", "statistics", "budget")}
    spread = np.ptp(recorded.values("accuracy", **named))
    assert abs(again.final.accuracy - chosen["accuracy"]) < max(0.03, 1.5 * spread)
