"""The bug hunt of lesson 1: right repairs in many forms, and each of the two mistakes by itself."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

ID = "scratch.find_the_bug"


def own_statistics(pixels):
    images = pixels.float()
    return (images - images.mean()) / images.std()


def sgd(model, head, rate):
    return torch.optim.SGD(model.parameters(), lr=rate)


# ---------------------------------------------------------------- right


def late_group(model, head_name, num_classes, batches, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    model.set_submodule(head_name, head)
    optimizer.add_param_group({"params": head.parameters()})
    model.train()
    for images, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(images.float().div(127.5).sub(1)), labels).backward()
        optimizer.step()
    return model


def by_hand(model, head_name, num_classes, batches, learning_rate):
    parent, _, own = head_name.rpartition(".")
    setattr(
        model.get_submodule(parent), own, nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    )
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0)
    for images, labels in batches:
        model.zero_grad()
        F.cross_entropy(model((images / 255.0 - 0.5) * 2), labels).backward()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        optimizer.step()
    return model


def two_optimizers(model, head_name, num_classes, batches, learning_rate):
    head = nn.Linear(model.get_submodule(head_name).in_features, num_classes)
    backbone = [p for n, p in model.named_parameters() if not n.startswith(head_name + ".")]
    model.set_submodule(head_name, head)
    optimizers = [torch.optim.SGD(held, lr=learning_rate) for held in (backbone, head.parameters())]
    model.train()
    for images, labels in batches:
        loss = F.cross_entropy(model((images.float() - 127.5) / 127.5), labels)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
    return model


def no_optimizer(model, head_name, num_classes, batches, learning_rate):
    model.set_submodule(head_name, nn.Linear(model.get_submodule(head_name).in_features, num_classes))
    model.train()
    for images, labels in batches:
        loss = F.cross_entropy(model((images.float() / 255 - 0.5) / 0.5), labels)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient
        torch.optim.SGD(model.parameters(), lr=learning_rate).step()
    return model


def other_start(old, num_classes):
    head = nn.Linear(old.in_features, num_classes)
    nn.init.xavier_uniform_(head.weight)
    nn.init.zeros_(head.bias)
    return head


RIGHT = {
    "plain": {},
    "own start of the head": {"head": other_start},
    "a head with dropout of 0": {
        "head": lambda old, n: nn.Sequential(nn.Dropout(0.0), nn.Linear(old.in_features, n))
    },
    "lazy head": {"head": lambda old, n: nn.LazyLinear(n)},
    "random numbers drawn before": {"start": lambda model: torch.randn(7) is None},
    "old head reused": {"head": lambda old, n: reshaped(old, n)},
    "an optimizer a batch": {"each": lambda model, head, n, number, rate: sgd(model, head, rate)},
    "momentum of none": {
        "optimizer": lambda model, head, rate: torch.optim.SGD(model.parameters(), rate, momentum=0.0)
    },
    "groups": {
        "optimizer": lambda model, head, rate: torch.optim.SGD(
            [{"params": [p]} for p in model.parameters()], lr=rate
        )
    },
    "foreach": {
        "optimizer": lambda model, head, rate: torch.optim.SGD(model.parameters(), rate, foreach=True)
    },
    "recipe in double": {"images": lambda pixels: ((pixels.double() / 255 - 0.5) / 0.5).float()},
    "compiled comes back": {"returns": lambda model, given: torch.compile(model)},
    "eval at the end": {"end": lambda model: model.eval()},
    "gradients cleared at the end": {"end": lambda model: model.zero_grad()},
}
WRITTEN_OTHERWISE = [late_group, by_hand, two_optimizers, no_optimizer]


def reshaped(head, num_classes):
    head = copy.deepcopy(head)
    head.weight = nn.Parameter(torch.empty(num_classes, head.in_features))
    head.bias = nn.Parameter(torch.empty(num_classes))
    head.out_features = num_classes
    head.reset_parameters()
    return head


@pytest.mark.parametrize("name", RIGHT)
def test_right_repairs_pass(name, tune, everywhere):
    for verdict in everywhere(ID, tune(**RIGHT[name])):
        assert verdict.passed, verdict


@pytest.mark.parametrize("answer", WRITTEN_OTHERWISE)
def test_right_repairs_that_are_written_otherwise_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- nothing mended, or one of two


def test_the_given_function_is_told_only_how_many_mistakes_are_in_it(tune, everywhere):
    for verdict in everywhere(ID, tune(images=own_statistics, optimizer_first=True)):
        assert verdict.points == 0
        [finding] = verdict.findings
        assert (finding.id, finding.hint, finding.fix) == ("as-released", "", "")
        for word in ("optimizer", "head", "image", "normalis", "0.5"):
            assert word not in finding.text


def test_one_mistake_mended_is_worth_half_and_the_other_has_help_in_steps(tune, everywhere):
    for change, told in (
        ({"images": own_statistics}, "own-statistics"),
        ({"optimizer_first": True}, "old-parameters"),
    ):
        for verdict in everywhere(ID, tune(**change)):
            assert verdict.points == 2
            [finding] = verdict.findings
            assert finding.id == told
            assert finding.hint
            assert finding.fix


def of_parts(*dims):
    def normalise(pixels):
        images = pixels.float()
        return (images - images.mean(dims, keepdim=True)) / images.std(dims, keepdim=True)

    return normalise


def imagenet_numbers(pixels):
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    return (pixels.float() / 255 - mean) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def stretched(pixels):
    images = pixels.float()
    return (images - images.min()) / (images.max() - images.min())


FORMS = {
    "own statistics of channels": (of_parts(0, 2, 3), "own-statistics-of-parts"),
    "own statistics of images": (of_parts(1, 2, 3), "own-statistics-of-parts"),
    "own statistics of both": (of_parts(2, 3), "own-statistics-of-parts"),
    "imagenet": (imagenet_numbers, "imagenet-numbers"),
    "only scaled": (lambda x: x.float() / 255, "only-scaled"),
    "raw": (lambda x: x.float(), "raw-pixels"),
    "only centred": (lambda x: x.float() / 255 - 0.5, "only-centred"),
    "not centred": (lambda x: x.float() / 127.5, "not-centred"),
    "twice": (lambda x: ((x.float() / 255 - 0.5) / 0.5 - 0.5) / 0.5, "normalised-twice"),
    "stretched": (stretched, "stretched"),
    "stretched to -1": (lambda x: 2 * stretched(x) - 1, "stretched"),
    "by 128": (lambda x: x.float() / 128 - 1, "other-form"),
    "by 256": (lambda x: (x.float() / 256 - 0.5) / 0.5, "other-form"),
    "without 255": (lambda x: (x.float() - 0.5) / 0.5, "other-form"),
    "mean taken away": (lambda x: x.float() - x.float().mean(), "other-form"),
    "only mean taken away": (lambda x: x.float() / 255 - x.float().mean() / 255, "other-form"),
    "upside down": (lambda x: -(x.float() / 255 - 0.5) / 0.5, "other-form"),
    "clamped": (lambda x: ((x.float() / 255 - 0.5) / 0.5).clamp(-0.5, 0.5), "other-form"),
    "rounded": (lambda x: ((x.float() / 255 - 0.5) / 0.5).round(decimals=1), "other-form"),
    "in the wrong order": (lambda x: (x.float() - 0.5) / 0.5 / 255, "other-form"),
    "last spread": (lambda x: (x.float() / 255 - 0.5) / (x.float() / 255).std(), "other-form"),
}


@pytest.mark.parametrize("name", FORMS)
def test_other_forms_of_the_images_are_named(name, tune, graded):
    form, told = FORMS[name]
    for changes, points in (({}, 2), ({"optimizer_first": True}, 0)):
        verdict = graded(ID, tune(images=form, **changes), 101)
        assert verdict.points == points, verdict
        assert told in [finding.id for finding in verdict.findings], verdict


def test_uint8_pixels_that_ran_below_0_are_told_beside_flips(tune, graded):
    verdict = graded(ID, tune(images=lambda x: ((x - 127) / 128).float()), 101)
    [text] = [finding.text for finding in verdict.findings if finding.id == "other-images"]
    assert "uint8 pixels run below 0" in text


def renewed_later(model, head, num_classes, number, rate):
    return sgd(model, head, rate) if number == 1 else None


def in_the_loop(model, head, num_classes, number, rate):
    model.set_submodule(head, nn.Linear(model.get_submodule(head).in_features, num_classes))


@pytest.mark.parametrize(
    ("changes", "points", "told"),
    [
        ({"optimizer_first": True, "each": renewed_later}, 2, "old-parameters"),
        ({"optimizer_first": True, "each": renewed_later, "images": own_statistics}, 0, "old-parameters"),
        ({"optimizer_first": True, "each": in_the_loop}, 2, "old-parameters"),
        ({"each": in_the_loop}, 2, "old-parameters"),
        ({"optimizer_first": True, "images": lambda x: x.float()}, 0, "other-left"),
        ({"images": own_statistics, "batches": lambda batches: []}, 0, "never-stepped"),
    ],
)
def test_what_is_half_mended_is_not_mended(changes, points, told, tune, costs_the_same):
    costs_the_same(ID, tune(**changes), points, told)


def test_a_backbone_that_no_optimizer_holds_is_a_linear_probe(tune, costs_the_same):
    def of_the_head(model, head, rate):
        return torch.optim.SGD(model.get_submodule(head).parameters(), lr=rate)

    costs_the_same(ID, tune(optimizer=of_the_head), 3, "backbone-left-out")
    costs_the_same(ID, tune(optimizer=of_the_head, images=own_statistics), 2, "backbone-left-out")


# ---------------------------------------------------------------- cannot be judged, or raises

STOPPED = {
    "nothing": (lambda *given: None, "never-stepped"),
    "the old head": (lambda model, *_: model, "never-stepped"),
    "a copy": (lambda model, *_: copy.deepcopy(model), "never-stepped"),
    "too few arguments": (lambda model, head_name: model, "raised"),
    "a name without its dots": (lambda model, head_name, *_: getattr(model, head_name), "raised"),
}


@pytest.mark.parametrize("name", STOPPED)
def test_what_does_not_train_earns_nothing(name, costs_the_same):
    answer, told = STOPPED[name]
    costs_the_same(ID, answer, 0, told)


@pytest.mark.parametrize("factor", [1, 2])
def test_steps_by_hand_count_by_where_they_end(factor, graded):
    def fine_tune(model, head_name, num_classes, batches, learning_rate):
        head = model.get_submodule(head_name)
        model.set_submodule(head_name, nn.Linear(head.in_features, num_classes))
        model.train()
        for images, labels in batches:
            model.zero_grad()
            F.cross_entropy(model((images.float() / 255 - 0.5) / 0.5), labels).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= factor * learning_rate * parameter.grad
        return model

    verdict = graded(ID, fine_tune, 101)
    assert verdict.points == (4 if factor == 1 else 0), verdict
