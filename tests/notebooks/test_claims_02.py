"""What lesson 2 says in words, held against its measurements: three seeds, with their 95 % intervals.

Where the text calls a comparison open its interval holds zero, and where it does not, it does not.
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


def gaps(recorded, first, second, labels, column="accuracy"):
    """Differences of two arms, seed by seed."""
    return accuracies(recorded, first, labels, column) - accuracies(recorded, second, labels, column)


@pytest.mark.parametrize(("labels", "is_clear"), [(50, False), (200, True), (1000, True)])
def test_moving_statistics_cost_the_head_four_to_five_points(recorded, interval, labels, is_clear):
    lost = gaps(recorded, "linear probe", "head, statistics moving", labels)
    assert 3.9 < 100 * lost.mean() < 5.1
    assert lost.min() > 0
    assert (interval(lost)[0] > 0) == is_clear


def test_with_fifty_labels_training_everything_comes_last(recorded, interval):
    last = gaps(recorded, "last two stages", "everything", 50)
    assert interval(last) == pytest.approx((1.5, 4.7), abs=0.06)
    assert 100 * last.mean() == pytest.approx(3.1, abs=0.06)
    probe = gaps(recorded, "linear probe", "everything", 50)
    assert interval(probe) == pytest.approx((-1.3, 7.9), abs=0.06)  # open
    assert 100 * probe.mean() == pytest.approx(3.3, abs=0.06)
    assert interval(gaps(recorded, "linear probe", "everything", 50, "balanced_accuracy"))[0] > 0


def test_with_two_hundred_labels_three_choices_are_close(recorded, interval):
    for arm in ("linear probe", "last two stages"):
        gap = gaps(recorded, arm, "everything", 200)
        assert abs(gap.mean()) < 0.005
        assert max(np.abs(interval(gap))) < 3


def test_with_a_thousand_labels_accuracy_and_balanced_accuracy_disagree(recorded, interval):
    lead = gaps(recorded, "everything", "linear probe", 1000)
    assert interval(lead) == pytest.approx((0.1, 2.0), abs=0.06)
    balanced = gaps(recorded, "linear probe", "everything", 1000, "balanced_accuracy")
    assert balanced.mean() > 0
    assert interval(balanced)[0] < 0  # open


def test_a_frozen_convolution_keeps_its_input_and_a_linear_layer_does_not():
    """Of PyTorch as it is installed: what lesson 2 says about memory rests on it."""

    def kept(layer, *shape):
        shapes = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: shapes.append(tensor.shape) or tensor, lambda tensor: tensor
        )
        with hooks:
            layer.eval().requires_grad_(False)(torch.zeros(shape, requires_grad=True))
        return shapes

    assert (32, 8) not in kept(torch.nn.Linear(8, 8), 32, 8)
    for layer in (torch.nn.Conv2d(8, 8, 3), torch.nn.BatchNorm2d(8)):
        assert (32, 8, 12, 12) in kept(layer, 32, 8, 12, 12)


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
