"""Wrong and right repairs of ``fine_tune``, on the public challenge and on secret ones."""

import copy
import functools
import math

import pytest
import torch
from torch.nn import functional as F

from grader.exercises.machine.registry import find_exercise
from tests.exercises.conftest import function_of, starting_program

pytestmark = pytest.mark.slow  # trains

ID = "rates.find_the_bug"


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def as_given(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """The program of the lesson, with its two mistakes."""
    head = list(model.get_submodule(head_name).parameters())
    backbone = [p for name, p in model.named_parameters() if not name.startswith(f"{head_name}.")]
    groups = [{"params": backbone, "lr": backbone_rate}, {"params": head, "lr": head_rate}]
    optimizer = torch.optim.SGD(groups)
    model.train()
    for step, (images, labels) in enumerate(batches, start=1):
        for group in optimizer.param_groups:
            group["lr"] = head_rate * min(1, step / warm_up)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels, reduction="sum").backward()
        optimizer.step()
    return model


def both(factor):
    """Each group's own rate times a factor of step, warm-up and number of batches."""
    return lambda step, warm_up, count, rates: [rate * factor(step, warm_up, count) for rate in rates]


def grow(step, warm_up, count=None):
    return min(1, step / warm_up)


warmed_up = both(grow)


def repaired(
    model,
    head_name,
    batches,
    backbone_rate,
    head_rate,
    warm_up,
    *,
    rates=warmed_up,
    reduction="mean",
    clear=True,
    training=True,
    make=torch.optim.SGD,
    in_head=lambda name, head: name.startswith(f"{head}."),
    held=lambda name: True,
    before=lambda model, head: None,
    after=lambda model, head: None,
    passes=1,
    scale=lambda labels: 1,
    loss=F.cross_entropy,
    clear_at="first",
    backward=True,
    act=lambda model, optimizer: None,
    steps=1,
    each=lambda model, head, step: None,
    grads=True,
):
    before(model, head_name)
    named_parameters = [(name, p) for name, p in model.named_parameters() if held(name)]
    head = [p for name, p in named_parameters if in_head(name, head_name)]
    backbone = [p for name, p in named_parameters if not in_head(name, head_name)]
    optimizer = make([{"params": backbone}, {"params": head}], lr=head_rate)
    model.train(training)
    for step, (images, labels) in enumerate(list(batches) * passes, start=1):
        now = rates(step, warm_up, len(batches), (backbone_rate, head_rate))
        for group, rate in zip(optimizer.param_groups, now, strict=True):
            group["lr"] = rate
        each(model, head_name, step)
        if clear and clear_at == "first":
            optimizer.zero_grad()
        with torch.set_grad_enabled(grads):
            value = loss(model(images), labels, reduction=reduction) / scale(labels)
        if backward:
            value.backward()
        if clear and clear_at == "before step":
            optimizer.zero_grad()
        act(model, optimizer)
        for _ in range(steps):
            optimizer.step()
        if clear and clear_at == "last":
            optimizer.zero_grad()
    after(model, head_name)
    return model


def repaired_with_a_schedule(model, head_name, batches, backbone_rate, head_rate, warm_up):
    head = model.get_submodule(head_name)
    own = {id(p) for p in head.parameters()}
    optimizer = torch.optim.SGD(
        [
            {"params": head.parameters(), "lr": head_rate},
            {"params": [p for p in model.parameters() if id(p) not in own], "lr": backbone_rate},
        ]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: min(1, (done + 1) / warm_up))
    model.train()
    for images, labels in batches:
        training_step(model, images, labels, optimizer)
        schedule.step()
    return model.eval()


def repaired_by_hand(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """On a copy, without an optimizer, with a sum that is divided by the number of images."""
    model = copy.deepcopy(model).train()
    for number, (images, labels) in enumerate(batches):
        loss = F.cross_entropy(model(images), labels, reduction="sum") / len(labels)
        named_parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        gradients = torch.autograd.grad(loss, list(named_parameters.values()))
        with torch.no_grad():
            for (name, parameter), gradient in zip(named_parameters.items(), gradients, strict=True):
                rate = head_rate if name.startswith(f"{head_name}.") else backbone_rate
                parameter -= rate * min(number + 1, warm_up) / warm_up * gradient
    return model


def repaired_with_two_optimizers(model, head_name, batches, backbone_rate, head_rate, warm_up):
    head = model.get_submodule(head_name)
    own = {id(p) for p in head.parameters()}
    optimizers = [
        torch.optim.SGD([p for p in model.parameters() if id(p) not in own], lr=backbone_rate),
        torch.optim.SGD(head.parameters(), lr=head_rate),
    ]
    for step, (images, labels) in enumerate(batches, start=1):
        model.train().zero_grad()
        F.cross_entropy(model(images), labels).backward()
        for optimizer, rate in zip(optimizers, (backbone_rate, head_rate), strict=True):
            optimizer.param_groups[0]["lr"] = rate * min(1, step / warm_up)
            optimizer.step()
    return model


def repaired_with_a_rate_for_the_sum(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """The sum stays, and each batch's rate is divided by its size: the very same steps."""
    sizes = [len(labels) for _, labels in batches]
    return repaired(
        model,
        head_name,
        batches,
        backbone_rate,
        head_rate,
        warm_up,
        reduction="sum",
        rates=lambda step, w, count, rates: [r * grow(step, w) / sizes[step - 1] for r in rates],
    )


def repaired_and_compiled(model, *rest):
    repaired(torch.compile(model, backend="eager"), *rest)
    return model


RIGHT = [
    repaired,
    repaired_with_a_schedule,
    repaired_by_hand,
    variant(repaired, reduction="sum", scale=len),
    repaired_with_two_optimizers,
    repaired_with_a_rate_for_the_sum,
    variant(repaired, make=functools.partial(torch.optim.SGD, foreach=False)),
    variant(repaired, after=lambda model, head: model.zero_grad()),
]


@pytest.mark.parametrize("answer", RIGHT)
@pytest.mark.parametrize("seed", [101, 102])
def test_right_repairs_pass(answer, seed, graded):
    assert graded(ID, answer, seed).passed, graded(ID, answer, seed)


def one_rate(which):
    return lambda step, warm_up, count, rates: [rates[which] * grow(step, warm_up)] * 2


def new_head(model, head_name):
    for module in model.get_submodule(head_name).modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()


def freeze_backbone(model, head_name):
    model.requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)


def spoil(model, head_name):
    with torch.no_grad():
        list(model.parameters())[-1].fill_(float("nan"))


def returns_nothing(*given):
    repaired(*given)


def sgd(**settings):
    return functools.partial(torch.optim.SGD, **settings)


def fit(change):
    return variant(repaired, **change)


def on_batches(change):
    return lambda model, head, batches, *rest: repaired(model, head, change(batches), *rest)


def scaled(factor):
    return both(lambda step, warm_up, count: factor * grow(step, warm_up))


def swapped(step, warm_up, count, rates):
    return warmed_up(step, warm_up, count, rates)[::-1]


def in_warm_up_only(step, warm_up, count, rates):
    return [rates[1] * step / warm_up] * 2 if step <= warm_up else list(rates)


def after_warm_up_only(step, warm_up, count, rates):
    return [rate * step / warm_up for rate in rates] if step <= warm_up else [rates[1]] * 2


def renewed_head(model, head, step):
    new_head(model, head)


def optimizer_first(model, head_name, *rest):
    """The optimizer holds the parameters of a copy."""
    made = copy.deepcopy(model)
    held = dict(made.named_parameters())
    return repaired(
        model,
        head_name,
        *rest,
        make=lambda groups, lr: torch.optim.SGD(
            [
                {"params": [held[n] for n, p in model.named_parameters() if any(p is q for q in g["params"])]}
                for g in groups
            ],
            lr=lr,
        ),
    )


def optimizer_each_step(model, head_name, batches, backbone_rate, head_rate, warm_up):
    """Momentum would be lost, plain SGD loses nothing: but the step is counted anew, too."""
    for batch in batches:
        repaired(model, head_name, [batch], backbone_rate, head_rate, warm_up)
    return model


def returns_the_original(model, *rest):
    repaired(copy.deepcopy(model), *rest)
    return model


def returns_an_old_copy(model, *rest):
    old = copy.deepcopy(model)
    repaired(model, *rest)
    return old


def back_to_the_start(model, *rest):
    state = copy.deepcopy(model.state_dict())
    repaired(model, *rest).load_state_dict(state)
    return model


def stops(model, head, batches, *rest):
    return repaired(model, head, batches[:-1], *rest)


def emptied(model, head, batches, *rest):
    result = repaired(model, head, list(batches), *rest)
    batches.clear()
    return result


def frozen_batch_norm(model, head, step):
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.eval()


def nan_statistics(model, head):
    for buffer in model.buffers():
        if buffer.is_floating_point():
            buffer.fill_(float("nan"))


def softmax(logits, labels, **options):
    return F.cross_entropy(logits.softmax(dim=1), labels, **options)


def zeros(logits, labels, **options):
    return F.cross_entropy(logits, torch.zeros_like(labels), **options)


def shuffled(logits, labels, **options):
    return F.cross_entropy(logits, labels.flip(0), **options)


def ascent(logits, labels, **options):
    return -F.cross_entropy(logits, labels, **options)


def smooth(logits, labels, **options):
    return F.cross_entropy(logits, labels, label_smoothing=0.1, **options)


def detached(logits, labels, **options):
    return F.cross_entropy(logits.detach().requires_grad_(), labels, **options)


# What a repair may add, by itself: keyword arguments of `repaired`, and the id that is told.
ADDED = {
    "Adam": ({"make": torch.optim.Adam}, "other-optimizer"),
    "AdamW": ({"make": torch.optim.AdamW}, "other-optimizer"),
    "RMSprop": ({"make": torch.optim.RMSprop}, "other-optimizer"),
    "momentum": ({"make": sgd(momentum=0.9)}, "other-momentum"),
    "Nesterov": ({"make": sgd(momentum=0.9, nesterov=True)}, "other-momentum"),
    "weight decay": ({"make": sgd(weight_decay=0.01)}, "other-setting"),
    "maximize": ({"make": sgd(maximize=True)}, "other-setting"),
    "gradients pile up": ({"clear": False}, "gradients-pile-up"),
    "zero_grad at the end": ({"clear_at": "last"}, "gradients-pile-up"),
    "zero_grad before step": ({"clear_at": "before step"}, "no-gradient"),
    "clipped": (
        {"act": lambda model, optimizer: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)},
        "gradient-shrunk",
    ),
    "clipped by value": (
        {"act": lambda model, optimizer: torch.nn.utils.clip_grad_value_(model.parameters(), 0.01)},
        "gradient-of-something-else",
    ),
    "ascent": ({"loss": ascent}, "gradient-ascent"),
    "softmax": ({"loss": softmax}, "softmax-twice"),
    "labels zero": ({"loss": zeros}, "labels-zero"),
    "labels in another order": ({"loss": shuffled}, "gradient-of-something-else"),
    "labels smoothed": ({"loss": smooth}, "gradient-of-something-else"),
    "three times the loss": ({"scale": lambda labels: 1 / 3}, "gradient-enlarged"),
    "ten times the loss": ({"scale": lambda labels: 0.1}, "gradient-enlarged"),
    "two steps": ({"steps": 2}, "stepped-again"),
    "eval mode": ({"training": False}, "other-mode"),
    "BatchNorm in eval mode": ({"each": frozen_batch_norm}, "other-mode"),
    "a fresh head each time": ({"each": renewed_head}, "weights-rewritten"),
    "two epochs": ({"passes": 2}, "batch-repeated"),
    "some left out": ({"held": lambda name: not name.endswith("bias")}, "not-in-the-optimizer"),
    "the beginning of the name": ({"in_head": lambda name, head: name.startswith(head)}, "norm-with-head"),
    "frozen for good": ({"before": freeze_backbone}, "flags-changed"),
    "new head last": ({"after": new_head}, "never-moved"),
}

_SCHEDULES = {
    "no warm-up": (both(lambda *given: 1), "no-warm-up"),
    "only the head warms up": (
        lambda step, warm_up, count, rates: [rates[0], rates[1] * grow(step, warm_up)],
        "only-head-warms-up",
    ),
    "only the backbone warms up": (
        lambda step, warm_up, count, rates: [rates[0] * grow(step, warm_up), rates[1]],
        "only-backbone-warms-up",
    ),
    "from zero": (both(lambda step, warm_up, count: grow(step - 1, warm_up)), "warm-up-from-zero"),
    "one ahead": (both(lambda step, warm_up, count: grow(step + 1, warm_up)), "warm-up-ahead"),
    "one longer": (both(lambda step, warm_up, count: grow(step, warm_up + 1)), "warm-up-too-long"),
    "never ends": (both(lambda step, warm_up, count: step / warm_up), "warm-up-never-ends"),
    "over all batches": (both(lambda step, warm_up, count: step / count), "warm-up-over-all"),
    "compounded": (
        both(lambda step, warm_up, count: math.prod(grow(j, warm_up) for j in range(1, step + 1))),
        "warm-up-compounds",
    ),
    "overwritten in the warm-up": (in_warm_up_only, "one-rate-in-warm-up"),
    "upside down": (both(lambda step, warm_up, count: max(1, warm_up / step)), "warm-up-falls"),
    "another warm-up": (both(lambda step, warm_up, count: grow(step, warm_up) ** 2), "other-schedule"),
    "a tenth": (scaled(0.1), "rates-scaled"),
    "tenfold": (scaled(10), "rates-scaled"),
}
ADDED |= {name: ({"rates": rates}, told) for name, (rates, told) in _SCHEDULES.items()}

ONE_MENDED = {
    "only the loss": ({"rates": one_rate(1)}, "head-rate-for-both"),
    "only the rates": ({"reduction": "sum"}, "summed-loss"),
    "backbone rate for both": ({"rates": one_rate(0)}, "backbone-rate-for-both"),
    "swapped": ({"rates": swapped}, "rates-swapped"),
    "overwritten after the warm-up": ({"rates": after_warm_up_only}, "head-rate-for-both"),
    "one own rate": ({"rates": lambda *given: [0.01, 0.01]}, "backbone-rate-for-both"),
    "the backbone at half the head's": (
        {"rates": lambda step, warm_up, count, rates: [rates[1] * grow(step, warm_up) / f for f in (2, 1)]},
        "other-ratio",
    ),
    "no warm-up, one rate": (
        {"rates": lambda step, warm_up, count, rates: [rates[1]] * 2},
        ["head-rate-for-both", "no-warm-up"],
    ),
}


def other_momentum(model, head):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = module.momentum / 2


def stops_at_a_high_loss(model, head_name, batches, backbone_rate, head_rate, warm_up):
    head = list(model.get_submodule(head_name).parameters())
    backbone = [p for name, p in model.named_parameters() if not name.startswith(f"{head_name}.")]
    optimizer = torch.optim.SGD([{"params": backbone}, {"params": head}], lr=head_rate)
    model.train()
    for step, (images, labels) in enumerate(batches, start=1):
        for group, rate in zip(optimizer.param_groups, [backbone_rate, head_rate], strict=True):
            group["lr"] = rate * min(1, step / warm_up)
        if training_step(model, images, labels, optimizer) > 5:
            break
    return model


def open_again(model, head):
    model.requires_grad_(True)


WRONG = {
    **{f"mended, {name}": (fit(change), 3, told) for name, (change, told) in ADDED.items()},
    **{name: (fit(change), 2, told) for name, (change, told) in ONE_MENDED.items()},
    "as given": (as_given, 0, "as-released"),
    "as given, and Adam": (
        variant(repaired, reduction="sum", rates=one_rate(1), make=torch.optim.Adam),
        0,
        "none-mended",
    ),
    "as given, and momentum": (
        variant(repaired, reduction="sum", rates=one_rate(1), make=sgd(momentum=0.9)),
        0,
        "none-mended",
    ),
    "as given, and eval mode": (
        variant(repaired, reduction="sum", rates=one_rate(1), training=False),
        0,
        "none-mended",
    ),
    "as given, without backward": (
        variant(repaired, reduction="sum", rates=one_rate(1), backward=False),
        0,
        "none-mended",
    ),
    "as given, no warm-up": (
        variant(repaired, reduction="sum", rates=lambda step, w, n, rates: [rates[1]] * 2),
        0,
        "none-mended",
    ),
    "as given, half a rate": (
        variant(repaired, rates=lambda *given: [0.5] * 2, reduction="sum"),
        0,
        "none-mended",
    ),
    "the loss, and Adam": (variant(repaired, rates=one_rate(1), make=torch.optim.Adam), 2, "other-optimizer"),
    "the rates, and Adam": (variant(repaired, reduction="sum", make=torch.optim.Adam), 2, "other-optimizer"),
    "the rates, and eval mode": (variant(repaired, reduction="sum", training=False), 2, "other-mode"),
    "the rates, scaled": (variant(repaired, reduction="sum", rates=scaled(0.1)), 2, "rates-scaled"),
    "no backward": (variant(repaired, backward=False), 2, "no-gradient"),
    "zeros before step": (
        variant(repaired, clear=False, act=lambda model, optimizer: optimizer.zero_grad(set_to_none=False)),
        3,
        "zero-gradient",
    ),
    "frozen for the while": (
        variant(
            repaired,
            before=freeze_backbone,
            after=open_again,
        ),
        3,
        "never-moved",
    ),
    "no backward, never cleared": (variant(repaired, backward=False, clear=False), 2, "gradients-of-before"),
    "no step": (variant(repaired, steps=0), 2, "never-stepped"),
    "no gradients": (variant(repaired, grads=False, backward=False), 0, "never-trained"),
    "logits detached": (variant(repaired, loss=detached), 2, "no-gradient"),
    "rate zero": (variant(repaired, rates=both(lambda *given: 0)), 2, "rates-are-zero"),
    "NaN rate": (variant(repaired, rates=both(lambda *given: float("nan"))), 2, "other-ratio"),
    "NaN in a weight": (variant(repaired, after=spoil), 3, "not-finite"),
    "NaN in the statistics": (variant(repaired, after=nan_statistics), 3, "not-finite"),
    "new head first": (variant(repaired, before=new_head), 3, "changed-before-training"),
    "backbone not in the optimizer": (
        variant(repaired, held=lambda name: "." in name and ".0." not in name),
        3,
        "not-in-the-optimizer",
    ),
    "of a copy": (optimizer_first, 2, "foreign-parameters"),
    "a new optimizer for each batch": (optimizer_each_step, 3, "rates-stand-still"),
    "the original returned": (returns_the_original, 3, "copy-trained"),
    "an old copy returned": (returns_an_old_copy, 3, "untrained-returned"),
    "set back": (back_to_the_start, 3, "untrained-returned"),
    "returns nothing": (returns_nothing, 3, "no-model"),
    "half of the batches": (on_batches(lambda b: b[:3]), 3, "batch-left-out"),
    "the last skipped": (stops, 3, "batch-left-out"),
    "the first skipped": (on_batches(lambda b: b[1:]), 3, "batch-left-out"),
    "backwards": (on_batches(lambda b: b[::-1]), 3, "batches-out-of-order"),
    "other images": (on_batches(lambda b: [(x * 2, y) for x, y in b]), 3, "other-images"),
    "normalised images": (on_batches(lambda b: [((x - 0.5) / 0.5, y) for x, y in b]), 3, "other-images"),
    "the list emptied": (emptied, 3, "arguments-changed"),
    "hook": (
        variant(repaired, after=lambda m, h: next(m.children()).register_forward_hook(lambda *_: None)),
        3,
        "hook-left",
    ),
    "momentum of a norm": (variant(repaired, after=other_momentum), 3, "attributes-changed"),
    "channels last": (
        variant(repaired, after=lambda m, h: m.to(memory_format=torch.channels_last)),
        3,
        "layout-changed",
    ),
    "stops at a high loss": (stops_at_a_high_loss, 3, "batch-left-out"),
    "gradients off": (
        variant(repaired, after=lambda m, h: torch.set_grad_enabled(False)),
        3,
        "settings-changed",
    ),
    "to meta": (variant(repaired, after=lambda m, h: m.to("meta")), 0, "device-changed"),
    "to half": (variant(repaired, after=lambda m, h: m.half()), 0, "dtype-changed"),
    "to double": (variant(repaired, after=lambda m, h: m.double()), 0, "dtype-changed"),
    "another head": (
        variant(repaired, after=lambda m, h: m.add_module("more", torch.nn.Linear(2, 2))),
        0,
        "tensors-replaced",
    ),
    "only the head returned": (
        lambda model, head, *rest: repaired(model, head, *rest).get_submodule(head),
        0,
        "another-model",
    ),
    "wrapped": (lambda *given: torch.nn.Sequential(repaired(*given)), 0, "another-model"),
    "a pair returned": (lambda *given: (repaired(*given), 0.5), 3, "no-model"),
    "nothing after the warm-up": (
        variant(repaired, rates=both(lambda step, warm_up, count: step / warm_up if step <= warm_up else 0)),
        3,
        "other-schedule",
    ),
    "rates of the sum": (variant(repaired, reduction="sum", scale=lambda labels: 32), 3, "gradient-shrunk"),
    "statistics reset": (
        variant(repaired, after=lambda model, head: next(iter(model.buffers())).zero_()),
        3,
        "ends-elsewhere",
    ),
    "does nothing": (lambda model, *rest: model, 0, "never-trained"),
    "nothing at all": (lambda *given: None, 0, "never-trained"),
}


ON_EVERY_SECRET = [
    "stops at a high loss",
    "as given",
    "only the loss",
    "only the rates",
    "mended, clipped",
    "mended, eval mode",
]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_repairs_are_named(name, graded):
    answer, points, told = WRONG[name]
    verdict = graded(ID, answer, 101)
    assert verdict.points == points, verdict
    assert ({told} if isinstance(told, str) else set(told)) <= {f.id for f in verdict.findings}, verdict


@pytest.mark.parametrize("name", ON_EVERY_SECRET)
def test_a_mistake_costs_the_same_on_every_secret(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_every_known_mistake_is_reached(graded):
    told = {f.id for answer, _, _ in WRONG.values() for f in graded(ID, answer, 101).findings}
    assert [mistake.id for mistake in find_exercise(ID).mistakes if mistake.id not in told] == []


def test_the_released_function_is_told_how_many_mistakes_are_left_and_no_more(graded):
    """The text that students get, as it stands in the lesson."""
    verdict = graded(ID, function_of(starting_program(ID), torch=torch, F=F), 101)
    assert verdict.points == 0
    [finding] = verdict.findings
    assert finding.id == "as-released"
    assert finding.fix == ""
    told = (finding.text + finding.hint).lower()
    assert not any(word in told for word in ("sum", "reduction", "head_rate", "backbone_rate", "zip"))


def test_the_released_function_is_known_on_a_processor_that_rounds_otherwise(graded, monkeypatch):
    graded(ID, as_given, None)  # what is expected is kept as this processor computes it
    step = torch.optim.SGD.step

    def step_rounded_otherwise(optimizer, *given):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad.mul_(1 + 1e-5)
        return step(optimizer, *given)

    monkeypatch.setattr(torch.optim.SGD, "step", step_rounded_otherwise)
    [finding] = graded(ID, lambda *given: as_given(*given), None).findings
    assert finding.id == "as-released"


# A slip, whatever it is, never makes two mended bugs worth less than one, nor none worth anything.
@pytest.mark.parametrize(
    "name", ["Adam", "momentum", "gradients pile up", "eval mode", "zero_grad before step"]
)
def test_more_mended_is_never_worth_less(name, graded):
    slip, _ = ADDED[name]
    subsets = [{}, {"reduction": "sum"}, {"rates": one_rate(1)}, {"reduction": "sum", "rates": one_rate(1)}]
    both_mended, only_rates, only_loss, none = (
        graded(ID, variant(repaired, **slip, **bugs), 101).points for bugs in subsets
    )
    assert both_mended == 3
    assert only_rates == only_loss == 2
    assert none == 0
