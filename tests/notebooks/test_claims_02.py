"""What lesson 2 says in words, held against its measurements: five seeds, with their 95 % intervals.

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
    assert len(values) == 5
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


def test_every_run_is_recorded_for_five_seeds(recorded):
    for choice, statistics in ARMS.values():
        for labels in (50, 200, 1000):
            named = {"choice": choice, "statistics": statistics, "labels": labels, "budget": "60 steps"}
            assert sorted(recorded.values("seed", **named)) == [0, 1, 2, 3, 4]


def test_everything_is_the_fine_tuned_network_of_lesson_1_run_for_run(recorded):
    lesson_1 = load_recorded("01_scratch_vs_finetuning")
    for labels in (50, 200, 1000):
        earlier = lesson_1.values("accuracy", start="fine-tuned", labels=labels, budget="short")
        np.testing.assert_array_equal(earlier, accuracies(recorded, "everything", labels))
    assert accuracies(recorded, "everything", 200).mean() == pytest.approx(0.82, abs=0.005)


def gaps(recorded, first, second, labels, column="accuracy"):
    """Differences of two arms, seed by seed."""
    return accuracies(recorded, first, labels, column) - accuracies(recorded, second, labels, column)


@pytest.mark.parametrize("labels", [50, 200, 1000])
def test_moving_statistics_cost_the_head_four_to_six_points(recorded, interval, labels):
    lost = gaps(recorded, "linear probe", "head, statistics moving", labels)
    assert 4 < 100 * lost.mean() < 6
    for column in ("accuracy", "balanced_accuracy"):
        assert interval(gaps(recorded, "linear probe", "head, statistics moving", labels, column))[0] > 0.5


@pytest.mark.parametrize(
    ("arm", "column", "mean", "ends"),
    [
        ("linear probe", "accuracy", 2.9, (1.0, 4.7)),
        ("linear probe", "balanced_accuracy", 1.8, (0.4, 3.3)),
        ("last two stages", "accuracy", 2.5, (1.1, 3.8)),
        ("last two stages", "balanced_accuracy", 0.0, (-2.2, 2.2)),  # open
    ],
)
def test_with_fifty_labels_training_everything_comes_last(recorded, interval, arm, column, mean, ends):
    lead = gaps(recorded, arm, "everything", 50, column)
    assert 100 * lead.mean() == pytest.approx(mean, abs=0.06)
    assert interval(lead) == pytest.approx(ends, abs=0.06)


def test_with_two_hundred_labels_it_is_open_which_of_three_is_ahead(recorded, interval):
    for arm in ("linear probe", "last two stages"):
        gap = gaps(recorded, arm, "everything", 200)
        assert 0.009 < gap.mean() < 0.011  # "by one point"
        low, high = interval(gap)
        assert low < 0
        assert high > 3
    low, high = interval(gaps(recorded, "linear probe", "last two stages", 200))
    assert low < 0 < high


def test_with_a_thousand_labels_everything_leads_the_probe_in_accuracy_alone(recorded, interval):
    lead = gaps(recorded, "everything", "linear probe", 1000)
    assert 100 * lead.mean() == pytest.approx(2.3, abs=0.06)
    assert interval(lead) == pytest.approx((0.03, 4.7), abs=0.06)
    assert interval(lead)[0] > 0
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
    assert max(means, key=means.get) == lesson["RATE"][choice]
    assert min(means) < lesson["RATE"][choice] < max(means)  # no edge of the grid
    assert {
        run["rate"] for run in recorded.runs if run["budget"] == "60 steps" and run["choice"] == choice
    } == {lesson["RATE"][choice]}


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
