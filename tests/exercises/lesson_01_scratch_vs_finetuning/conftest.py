"""Fine-tuning functions that are wrong in any combination: each mistake is a change of one part of the right one."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F


def by_recipe(pixels):
    return (pixels.float() / 255 - 0.5) / 0.5


def own_statistics(pixels):
    images = pixels.float()
    return (images - images.mean()) / images.std()


def new_head(old, num_classes):
    return nn.Linear(old.in_features, num_classes)


def put(model, name, layer):
    model.set_submodule(name, layer)


def sgd(model, head, rate):
    return torch.optim.SGD(model.parameters(), lr=rate)


def step(model, images, labels, optimizer, loss=F.cross_entropy, clear="before", gradients=None, steps=1):
    if clear == "before":
        optimizer.zero_grad()
    loss(model(images), labels).backward()
    if clear == "after":
        optimizer.zero_grad()
    if gradients:
        gradients(model)
    for _ in range(steps):
        optimizer.step()
    if clear == "last":
        optimizer.zero_grad()


def nothing(*_):
    pass


PARTS = {
    "images": by_recipe,
    "optimizer_first": False,
    "head": new_head,
    "optimizer": sgd,
    "mode": lambda model: model.train(),
    "batches": lambda batches: batches,
    "step": step,
    "labels": lambda labels: labels,
    "each": nothing,  # before each batch: model, head_name, num_classes, optimizer
    "after_each": nothing,
    "start": nothing,  # model, before anything
    "end": nothing,
    "model": lambda model: model,  # that is trained
    "returns": lambda model, given: model,
}


def tuning(**changes):
    """A function for scratch.find_the_bug: the right one, but for these parts."""
    part = SimpleNamespace(**{**PARTS, **changes})

    def fine_tune(model, head_name, num_classes, batches, learning_rate):
        given = model
        model = part.model(model)
        part.start(model)
        if part.optimizer_first:
            optimizer = part.optimizer(model, head_name, learning_rate)
        put(model, head_name, part.head(model.get_submodule(head_name), num_classes))
        if not part.optimizer_first:
            optimizer = part.optimizer(model, head_name, learning_rate)
        part.mode(model)
        for number, (images, labels) in enumerate(part.batches(batches)):
            renewed = part.each(model, head_name, num_classes, number, learning_rate)
            optimizer = optimizer if renewed is None else renewed
            part.step(model, part.images(images), part.labels(labels), optimizer)
            part.after_each(model)
        part.end(model)
        return part.returns(model, given)

    return fine_tune


@pytest.fixture(scope="session")
def tune():
    """``tune(**changes)``: the right fine-tuning function, but for these parts; equal changes, the same function."""
    made = {}

    def function(**changes):
        key = tuple(sorted((name, id(value)) for name, value in changes.items()))
        return made.setdefault(key, (tuning(**changes), changes))[0]

    return function


def _optimizer(make):
    return {"optimizer": make}


def _step(**settings):
    return {"step": lambda *given: step(*given, **settings)}


def _head_rate(factor):
    def make(model, head, rate):
        of_head = list(model.get_submodule(head).parameters())
        known = {id(p) for p in of_head}
        rest = [p for p in model.parameters() if id(p) not in known]
        return torch.optim.SGD([{"params": rest}, {"params": of_head, "lr": factor * rate}], lr=rate)

    return make


def _head_each_time(model, head, num_classes, number, rate):
    if number:
        put(model, head, new_head(model.get_submodule(head), num_classes))


def _all_new_each_time(model, head, num_classes, number, rate):
    _head_each_time(model, head, num_classes, number, rate)
    return sgd(model, head, rate)


def _freeze(choose):
    def change(model):
        for name, parameter in model.named_parameters():
            if choose(name):
                parameter.requires_grad = False

    return change


def _write(change):
    def act(model, *_):
        with torch.no_grad():
            for parameter in model.parameters():
                change(parameter)

    return act


def _norms(model):
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eval()


def _decaying(model, head, num_classes, number, rate):
    return sgd(model, head, rate * 0.9**number)


def _measured(model):
    with torch.no_grad():
        model(torch.zeros(8, 3, 8, 8))


def _reset_statistics(model):
    for module in model.modules():
        if hasattr(module, "reset_running_stats"):
            module.reset_running_stats()


def _settings(model):
    torch.set_grad_enabled(False)


# What is wrong besides the two mistakes, and what it is told. The price is one point, whatever is mended.
SLIPS = {
    "adam": (_optimizer(lambda m, h, r: torch.optim.Adam(m.parameters(), lr=r)), "other-optimizer"),
    "adamw": (_optimizer(lambda m, h, r: torch.optim.AdamW(m.parameters(), lr=r)), "other-optimizer"),
    "rmsprop": (_optimizer(lambda m, h, r: torch.optim.RMSprop(m.parameters(), lr=r)), "other-optimizer"),
    "momentum": (
        _optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=r, momentum=0.9)),
        "other-momentum",
    ),
    "nesterov": (
        _optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=r, momentum=0.9, nesterov=True)),
        "other-momentum",
    ),
    "decay": (
        _optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=r, weight_decay=1e-4)),
        "other-setting",
    ),
    "strong decay": (
        _optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=r, weight_decay=0.1)),
        "other-setting",
    ),
    "maximize": (
        _optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=r, maximize=True)),
        "other-setting",
    ),
    "fixed rate": (_optimizer(lambda m, h, r: torch.optim.SGD(m.parameters(), lr=0.01)), "other-rate"),
    "default rate": (_optimizer(lambda m, h, r: torch.optim.SGD(m.parameters())), "other-rate"),
    "tenfold": (_optimizer(lambda m, h, r: sgd(m, h, 10 * r)), "other-rate"),
    "a tenth": (_optimizer(lambda m, h, r: sgd(m, h, r / 10)), "other-rate"),
    "rounded rate": (_optimizer(lambda m, h, r: sgd(m, h, round(r, 3))), "other-rate"),
    "falling rate": ({"each": _decaying}, "other-rate"),
    "labels zero": ({"labels": torch.zeros_like}, "labels-zero"),
    "labels reversed": ({"labels": lambda labels: labels.flip(0)}, "other-labels"),
    "ascent": (_step(loss=lambda o, y: -F.cross_entropy(o, y)), "gradient-ascent"),
    "summed": (_step(loss=lambda o, y: F.cross_entropy(o, y, reduction="sum")), "gradient-enlarged"),
    "divided": (_step(loss=lambda o, y: F.cross_entropy(o, y) / len(y)), "gradient-shrunk"),
    "softmax": (_step(loss=lambda o, y: F.cross_entropy(o.softmax(1), y)), "softmax-twice"),
    "smoothing": (_step(loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1)), "labels-smoothed"),
    "squares": (_step(loss=lambda o, y: F.mse_loss(o, F.one_hot(y, o.shape[1]).float())), "other-loss"),
    "never cleared": (_step(clear=""), "gradients-pile-up"),
    "cleared too late": (_step(clear="after"), "no-gradient"),
    "clipped": (_step(gradients=lambda m: nn.utils.clip_grad_norm_(m.parameters(), 1.0)), "gradient-shrunk"),
    "clipped values": (
        _step(gradients=lambda m: nn.utils.clip_grad_value_(m.parameters(), 0.1)),
        "gradients-changed",
    ),
    "two steps": (_step(steps=2), "stepped-again"),
    "eval mode": ({"mode": lambda model: model.eval()}, "other-mode"),
    "mode as it came": ({"mode": nothing}, "other-mode"),
    "norms in eval mode": ({"mode": _norms}, "other-mode"),
    "head alone in training mode": ({"mode": lambda m: list(m.children())[1].train()}, "other-mode"),
    "first left out": ({"batches": lambda batches: batches[1:]}, "batch-left-out"),
    "last left out": ({"batches": lambda batches: batches[:-1]}, "batch-left-out"),
    "one batch": ({"batches": lambda batches: batches[:1]}, "batch-left-out"),
    "every other": ({"batches": lambda batches: batches[::2]}, "batch-left-out"),
    "two rounds": ({"batches": lambda batches: [*batches, *batches]}, "batch-repeated"),
    "last repeated": ({"batches": lambda batches: [*batches, batches[-1]]}, "batch-repeated"),
    "reversed": ({"batches": lambda batches: batches[::-1]}, "batches-out-of-order"),
    "dark ones first": (
        {"batches": lambda batches: sorted(batches, key=lambda batch: -batch[0].float().std().item())[::-1]},
        "batches-out-of-order",
    ),
    "a head in each batch": ({"each": _head_each_time}, "head-again"),
    "head and optimizer in each batch": ({"each": _all_new_each_time}, "head-again"),
    "rounded weights": (
        {"after_each": _write(lambda p: p.copy_((p * 100).round() / 100))},
        "weights-rewritten",
    ),
    "shrunk at the end": ({"end": _write(lambda p: p.mul_(0.9))}, "weights-rewritten"),
    "random start": ({"start": _write(lambda p: p.normal_())}, "weights-rewritten"),
    "backbone frozen": ({"start": _freeze(lambda name: True)}, "stands-still"),
    "frozen but for one": ({"start": _freeze(lambda name: name != "contrast")}, "stands-still"),
    "biases frozen": ({"start": _freeze(lambda name: name.endswith("bias"))}, "stands-still"),
    "frozen at the end": ({"end": lambda model: model.requires_grad_(False)}, "flags-changed"),
    "a note on the model": ({"end": lambda model: setattr(model, "tuned", 1)}, "attributes-changed"),
    "memory format": ({"end": lambda model: model.to(memory_format=torch.channels_last)}, "layout-changed"),
    "softmax in the head": (
        {"head": lambda old, n: nn.Sequential(new_head(old, n), nn.Softmax(1))},
        "scores-not-raw",
    ),
    "relu in the head": (
        {"head": lambda old, n: nn.Sequential(new_head(old, n), nn.ReLU())},
        "scores-not-raw",
    ),
    "a hook": ({"end": lambda model: model.register_forward_hook(nothing)}, "hook-left"),
    "gradients off": ({"end": _settings}, "settings-changed"),
    "measured in training mode": ({"after_each": _measured}, "statistics-astray"),
    "statistics reset": ({"end": _reset_statistics}, "statistics-astray"),
    "put together": (
        {"batches": lambda batches: [tuple(map(torch.cat, zip(*batches, strict=True)))]},
        "other-images",
    ),
    "nothing comes back": ({"returns": lambda model, given: None}, "no-model"),
    "the head comes back": ({"returns": lambda model, given: list(model.modules())[-1]}, "other-model"),
    "the state comes back": ({"returns": lambda model, given: model.state_dict()}, "no-model"),
    "a copy trained": ({"model": copy.deepcopy}, "copy-trained"),
    "a copy trained, the original back": (
        {"model": copy.deepcopy, "returns": lambda model, given: given},
        "original-returned",
    ),
    "a copy comes back": ({"returns": lambda model, given: copy.deepcopy(model)}, "other-model"),
    "one class more": ({"head": lambda old, n: nn.Linear(old.in_features, n + 1)}, "other-outputs"),
}


def _written_gradients(model):
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)


def _never_backward(model, images, labels, optimizer):
    F.cross_entropy(model(images), labels)
    _written_gradients(model)
    optimizer.step()


def _backward_once(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    if all(parameter.grad is None for parameter in model.parameters()):
        loss.backward()
    optimizer.step()


def _cleared_to_zero(model, images, labels, optimizer):
    F.cross_entropy(model(images), labels).backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()


def _broken_head(model):
    for parent in model.modules():
        for name, layer in parent.named_children():
            if isinstance(layer, nn.Linear) and layer.out_features in (5, 6, 7) and name != "0":
                setattr(parent, name, nn.Linear(99, 5))


def _renewed_once(model, head, num_classes, number, rate):
    old = [p for n, p in model.named_parameters() if not n.startswith(f"{head}.")]
    return torch.optim.SGD(old, lr=rate) if number == 2 else None


# More ways to reach a row; some show a second one.
RARE = {
    "zero-gradient": {"step": _cleared_to_zero},
    "gradients-of-before": {"step": _backward_once},
    "gradient-of-something-else": {"step": _never_backward},
    "old-parameters-later": {"each": _renewed_once},
    "device-changed": {"end": lambda model: model.to("meta")},
    "dtype-changed": {"end": lambda model: model.half()},
    "arguments-changed": {"batches": lambda batches: batches.reverse() or batches[::-1]},
    "no-known-form": {"images": lambda pixels: own_statistics(pixels.flip(-1))},
    "old-rows-kept": {"head": lambda old, n: _enlarged(old, n)},
    "model-fails": {"end": _broken_head},
    "backbone-left-out": {
        "optimizer": lambda m, h, r: torch.optim.SGD(m.get_submodule(h).parameters(), lr=r)
    },
    "ends-elsewhere": {"optimizer": lambda m, h, r: _shrinking(m, r)},
}


def _shrinking(model, rate):
    """An optimizer that does more in each step than its settings say."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    optimizer.register_step_post_hook(lambda *_: _write(lambda p: p.mul_(0.99))(model))
    return optimizer


def _enlarged(old, num_classes):
    new = new_head(old, num_classes)
    with torch.no_grad():
        new.weight[: len(old.weight)] = old.weight
    return new


@pytest.fixture
def rare():
    """``RARE``: changed parts by the row that they reach."""
    return RARE


@pytest.fixture
def slips():
    """``SLIPS`` by name: the changed parts, and the mistake that is told."""
    return SLIPS
