"""Wrong and right answers to the exercises of lesson 1: every mistake is refused by its name."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.exercises import try_answer

# ---------------------------------------------------------------- one training step


def step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def step_clearing_last(model, images, labels, optimizer):
    loss = nn.CrossEntropyLoss()(model(images), labels)
    loss.backward()
    optimizer.step()
    model.zero_grad()
    return float(loss)


def step_by_hand(model, images, labels, optimizer):
    for parameter in model.parameters():
        parameter.grad = None
    logs = model(images).log_softmax(dim=1)
    loss = -logs[torch.arange(len(labels)), labels].mean()
    loss.backward()
    optimizer.step()
    return loss.detach().item()


@pytest.mark.parametrize("answer", [step, step_clearing_last, step_by_hand])
def test_right_training_steps_pass(answer):
    verdict = try_answer("scratch.training_step", answer)
    assert verdict.passed, verdict


def never_cleared(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def no_update(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss.item()


def cleared_too_late(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def update_too_early(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    optimizer.step()
    loss.backward()
    return loss.item()


def summed(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


def softmax_before_loss(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images).softmax(1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def in_eval_mode(model, images, labels, optimizer):
    model.eval()
    return step(model, images, labels, optimizer)


def twice(model, images, labels, optimizer):
    step(model, images, labels, optimizer)
    return step(model, images, labels, optimizer)


def updates_twice(model, images, labels, optimizer):
    loss = step(model, images, labels, optimizer)
    optimizer.step()
    return loss


def returns_tensor(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def returns_nothing(model, images, labels, optimizer):
    step(model, images, labels, optimizer)


def frozen_by_no_grad(model, images, labels, optimizer):
    with torch.no_grad():
        loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss.item()


WRONG_STEPS = [
    (never_cleared, 0, "never cleared"),
    (no_update, 0, "No weight moved"),
    (cleared_too_late, 0, "No weight moved"),
    (update_too_early, 0, "came before `backward()`"),
    (summed, 0, "summed over the batch"),
    (softmax_before_loss, 0, "softmax before the loss"),
    (in_eval_mode, 0, "eval mode"),
    (updates_twice, 0, "updated the weights twice"),
    (twice, 0, "is not what one update"),
    (returns_tensor, 3, "computation graph"),
    (returns_nothing, 3, "NoneType"),
    (frozen_by_no_grad, 0, "does not require grad"),
    (lambda model, images, labels: 0.0, 0, "TypeError"),
]


@pytest.mark.parametrize(
    ("answer", "least", "words"), WRONG_STEPS, ids=lambda value: getattr(value, "__name__", None)
)
def test_wrong_training_steps_are_named(answer, least, words):
    verdict = try_answer("scratch.training_step", answer)
    assert least <= verdict.points < verdict.max_points
    assert any(words in finding.text for finding in verdict.findings), verdict


# ---------------------------------------------------------------- two starts


def last_linear(model):
    return [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def swapped(model, num_classes):
    name, head = last_linear(model)
    model.set_submodule(name, nn.Linear(head.in_features, num_classes))
    return model


def starts(build, num_classes):
    return swapped(build(False), num_classes), swapped(build(True), num_classes)


def starts_by_parent(build, num_classes):
    models = []
    for pretrained in (False, True):
        model = build(pretrained=pretrained)
        name, head = last_linear(model)
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, nn.Linear(head.weight.shape[1], num_classes))
        models.append(model)
    return models


def starts_with_a_small_head(build, num_classes):
    pair = []
    for pretrained in (False, True):
        model = build(pretrained)
        name, head = last_linear(model)
        model.set_submodule(name, nn.Sequential(nn.Dropout(0.1), nn.Linear(head.in_features, num_classes)))
        pair.append(model)
    return tuple(pair)


@pytest.mark.parametrize("answer", [starts, starts_by_parent, starts_with_a_small_head])
def test_right_pairs_pass(answer):
    verdict = try_answer("scratch.two_starts", answer)
    assert verdict.passed, verdict


def attribute_only(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        last_linear(model)[1].out_features = num_classes
    return pair


def first_linear(build, num_classes):
    pair = build(False), build(True)
    for model in pair:
        name, neck = next((n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear))
        model.set_submodule(name, nn.Linear(neck.in_features, num_classes))
    return pair


def both_pretrained(build, num_classes):
    return swapped(build(True), num_classes), swapped(build(True), num_classes)


def wrong_order(build, num_classes):
    return starts(build, num_classes)[::-1]


def one_network(build, num_classes):
    model = swapped(build(True), num_classes)
    return model, model


def initialised_again(build, num_classes):
    pair = starts(build, num_classes)
    for module in pair[1].modules():
        if isinstance(module, nn.Conv2d):
            module.reset_parameters()
    return pair


def frozen_backbone(build, num_classes):
    pair = starts(build, num_classes)
    for parameter in pair[1].parameters():
        parameter.requires_grad = False
    return pair


def heads_only(build, num_classes):
    return tuple(last_linear(model)[1] for model in starts(build, num_classes))


def new_layer_after_the_old(build, num_classes):
    return tuple(
        nn.Sequential(model, nn.Linear(last_linear(model)[1].out_features, num_classes))
        for model in (build(False), build(True))
    )


def one_result(build, num_classes):
    return swapped(build(True), num_classes)


WRONG_STARTS = [
    (attribute_only, "number noted on the layer"),
    (first_linear, "fails on a batch"),
    (both_pretrained, "starts from the pretrained weights"),
    (wrong_order, "starts from random weights"),
    (one_network, "share their weights"),
    (initialised_again, "was changed"),
    (frozen_backbone, "frozen"),
    (heads_only, "is missing"),
    (new_layer_after_the_old, "is missing"),
    (one_result, "Two networks were expected"),
    (lambda build, num_classes: (build(False), build(True)), "gives outputs of shape"),
]


@pytest.mark.parametrize(
    ("answer", "words"), WRONG_STARTS, ids=lambda value: getattr(value, "__name__", None)
)
def test_wrong_pairs_are_named(answer, words):
    verdict = try_answer("scratch.two_starts", answer)
    assert not verdict.passed
    assert any(words in finding.text for finding in verdict.findings), verdict


# ---------------------------------------------------------------- find the bug


def as_pretrained(images):
    return (images.float() / 255 - 0.5) / 0.5


def tune(
    model,
    head_name,
    num_classes,
    batches,
    learning_rate,
    *,
    normalise=as_pretrained,
    optimizer_first=False,
    only_head=False,
    train=True,
):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate) if optimizer_first else None
    head = model.get_submodule(head_name)
    model.set_submodule(head_name, nn.Linear(head.in_features, num_classes))
    if optimizer is None:
        tuned = model.get_submodule(head_name) if only_head else model
        optimizer = torch.optim.SGD(tuned.parameters(), lr=learning_rate)
    model.train(train)
    for images, labels in batches:
        step(model, normalise(images), labels, optimizer)
    return model


def variant(**changes):
    def fine_tune(model, head_name, num_classes, batches, learning_rate):
        return tune(model, head_name, num_classes, batches, learning_rate, **changes)

    return fine_tune


def own_statistics(images):
    images = images.float()
    return (images - images.mean()) / images.std()


def imagenet_numbers(images):
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    return (images.float() / 255 - mean) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def late_group(model, head_name, num_classes, batches, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    model.set_submodule(head_name, head)
    optimizer.add_param_group({"params": head.parameters()})
    model.train()
    for images, labels in batches:
        step(model, images.float().div(127.5).sub(1), labels, optimizer)
    return model


@pytest.mark.parametrize("answer", [variant(), late_group])
def test_right_repairs_pass(answer):
    verdict = try_answer("scratch.find_the_bug", answer)
    assert verdict.passed, verdict


WRONG_REPAIRS = {
    "as given": (variant(normalise=own_statistics, optimizer_first=True), 0, "same after training as before"),
    "optimizer still first": (variant(optimizer_first=True), 2, "same after training as before"),
    "own statistics": (variant(normalise=own_statistics), 2, "own mean and spread"),
    "imagenet numbers": (variant(normalise=imagenet_numbers), 2, "numbers most used for ImageNet"),
    "only scaled": (variant(normalise=lambda x: x.float() / 255), 2, "range 0 to 1"),
    "raw pixels": (variant(normalise=lambda x: x.float()), 2, "raw pixels"),
    "linear probe": (variant(only_head=True), 3, "linear probe"),
    "eval mode": (variant(train=False), 3, "eval mode"),
    "returns nothing": (lambda *given: None, 0, "not the model"),
    "trains nothing": (
        lambda model, head_name, num_classes, batches, learning_rate: variant()(
            model, head_name, num_classes, [], 0.1
        ),
        0,
        "saw 0 batches",
    ),
    "old head": (
        lambda model, head_name, num_classes, batches, learning_rate: copy.deepcopy(model),
        0,
        "outputs",
    ),
}


@pytest.mark.parametrize("name", WRONG_REPAIRS)
def test_wrong_repairs_are_named(name):
    answer, points, words = WRONG_REPAIRS[name]
    verdict = try_answer("scratch.find_the_bug", answer)
    assert verdict.points == points, verdict
    assert any(words in finding.text for finding in verdict.findings), verdict
