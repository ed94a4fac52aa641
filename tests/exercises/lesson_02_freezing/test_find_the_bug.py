"""Wrong and right repairs of ``freeze_midway``, on the public challenge and on secret ones."""

import copy
import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.exercises.conftest import function_of, starting_program

ID = "freezing.find_the_bug"
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def freeze_stage(model, stage_name):
    model.get_submodule(stage_name).requires_grad_(False)


def stop_stage(model, stage_name):
    model.get_submodule(stage_name).eval()


def flag_on_the_stage(model, stage_name):
    model.get_submodule(stage_name).requires_grad = False


def nothing(model, stage_name):
    pass


def keep(optimizer, model, stage_name, rate):
    return optimizer


def midway(
    model,
    stage_name,
    first_batches,
    more_batches,
    learning_rate,
    *,
    flags=freeze_stage,
    modes=stop_stage,
    to_none=True,
    optimizer_of=lambda model, rate: torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9),
    loss_of=F.cross_entropy,
    start=nothing,
    between=keep,
    each=nothing,
    ending=nothing,
    late=0,
    factor=1.0,
    training=True,
    steps=1,
    clear=True,
    clear_after_backward=False,
    after_backward=lambda model: None,
    backward=True,
    step=True,
    twice=False,
):
    """A right answer, but for what is changed."""
    optimizer = optimizer_of(model, factor * learning_rate)
    model.train(training)
    start(model, stage_name)
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches) + late:
            flags(model, stage_name)
            modes(model, stage_name)
            optimizer = between(optimizer, model, stage_name, learning_rate)
        if number >= len(first_batches):
            each(model, stage_name)
        if clear:
            optimizer.zero_grad(set_to_none=to_none)
        if twice:
            model(images)
        loss = loss_of(model(images), labels)
        if backward:
            loss.backward()
        if clear_after_backward:
            optimizer.zero_grad(set_to_none=to_none)
        after_backward(model)
        if step:
            for _ in range(steps):
                optimizer.step()
    ending(model, stage_name)
    return model


def variant(**changes):
    return functools.partial(midway, **changes)


def as_given(model, stage_name, first_batches, more_batches, learning_rate):
    """The program of the lesson, with its three mistakes."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad = False
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return model


def in_two_loops(model, stage_name, first_batches, more_batches, learning_rate):
    """Two loops, a new optimizer of what trains, modes set anew at every step."""
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, 0.9)
    for images, labels in first_batches:
        model.train()
        model.zero_grad()
        nn.CrossEntropyLoss()(model(images), labels).backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not name.startswith(stage_name + ".")
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], learning_rate, 0.9)
    for images, labels in more_batches:
        model.train()
        model.get_submodule(stage_name).eval()
        model.zero_grad()
        nn.CrossEntropyLoss()(model(images), labels).backward()
        optimizer.step()
    return model


def clears_at_the_end_only(model, stage_name, first_batches, more_batches, learning_rate):
    """As `in_two_loops`, and the model comes in with old gradients on it."""
    optimizer = torch.optim.SGD(model.parameters(), learning_rate, 0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad_(False).eval()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        model.zero_grad()
    return model


def drop_from_the_optimizer(optimizer, model, stage_name, rate):
    """The optimizer keeps the rest's momentum and forgets the stage."""
    own = set(map(id, model.get_submodule(stage_name).parameters()))
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in own]
    return optimizer


def stop_norms_only(model, stage_name):
    for module in model.get_submodule(stage_name).modules():
        if isinstance(module, NORMS):
            module.eval()


def on_a_copy(model, *rest):
    return midway(copy.deepcopy(model), *rest)


def new_optimizer(optimizer, model, stage_name, rate):
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=rate, momentum=0.9)


def new_optimizer_of_all(optimizer, model, stage_name, rate):
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)


def by_hand(model, stage_name, first_batches, more_batches, learning_rate):
    """Momentum and steps without an optimizer."""
    moments = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).eval().requires_grad_(False)
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), list(trained.values()))
        with torch.no_grad():
            for (name, parameter), gradient in zip(trained.items(), gradients, strict=True):
                moments[name].mul_(0.9).add_(gradient)
                parameter -= learning_rate * moments[name]
    return model


def two_optimizers(model, stage_name, first_batches, more_batches, learning_rate):
    stage = set(map(id, model.get_submodule(stage_name).parameters()))
    of_stage = torch.optim.SGD([p for p in model.parameters() if id(p) in stage], learning_rate, 0.9)
    of_rest = torch.optim.SGD([p for p in model.parameters() if id(p) not in stage], learning_rate, 0.9)
    model.train()
    for images, labels in first_batches:
        model.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        of_stage.step()
        of_rest.step()
    model.get_submodule(stage_name).requires_grad_(False).eval()
    for images, labels in more_batches:
        model.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        of_rest.step()
    return model


def none_for_the_stage(model, stage_name):
    for parameter in model.get_submodule(stage_name).parameters():
        parameter.requires_grad = False
        parameter.grad = None


RIGHT = {
    "as the solution": midway,
    "two loops": in_two_loops,
    "norms only": variant(modes=stop_norms_only),
    "a copy": on_a_copy,
    "out of the optimizer": variant(between=drop_from_the_optimizer, to_none=False),
    "gradients removed once": variant(flags=none_for_the_stage, to_none=False),
    "a new optimizer": variant(between=new_optimizer),
    "a new optimizer of all": variant(between=new_optimizer_of_all, to_none=False),
    "by hand": by_hand,
    "two optimizers": two_optimizers,
    "another call of the loss": variant(loss_of=lambda logits, y: F.nll_loss(logits.log_softmax(1), y)),
    "one after the other": variant(
        optimizer_of=lambda m, rate: torch.optim.SGD(m.parameters(), lr=rate, momentum=0.9, foreach=False)
    ),
    "train and eval at each step": variant(each=lambda model, name: stop_stage(model.train(), name)),
    "eval mode in the end": variant(ending=lambda model, name: model.eval()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_repairs_pass(name, graded):
    for seed in (None, 101):
        verdict = graded(ID, RIGHT[name], seed)
        assert verdict.passed, verdict


# ---------------------------------------------------------------- the three mistakes

BUGS = {
    "flags": {"flags": flag_on_the_stage},
    "gradients": {"to_none": False},
    "statistics": {"modes": nothing},
}
TOLD = {"gradients": "gradients-stay", "statistics": "statistics-move", "flags": "flag-on-the-module"}


def with_bugs(*names, **changes):
    for name in names:
        changes = BUGS[name] | changes
    return variant(**changes)


def test_the_released_program_gives_nothing_away(everywhere, told):
    for verdict in everywhere(ID, as_given):
        [finding] = verdict.findings
        assert finding.id == "as-released"
        assert verdict.points == 0
        said = told(verdict) + finding.fix
        assert "three" in said
        assert not any(
            word in said for word in ("grad", "BatchNorm", "statistic", "eval", "momentum", "zero")
        )


SUBSETS = {
    (): (4, []),
    ("flags",): (2, ["flag-on-the-module"]),
    ("gradients",): (2, ["zeros-move-by-momentum"]),
    ("statistics",): (2, ["statistics-move"]),
    ("flags", "gradients"): (1, ["flag-on-the-module", "gradients-stay"]),
    ("flags", "statistics"): (1, ["flag-on-the-module", "statistics-move"]),
    ("gradients", "statistics"): (1, ["zeros-move-by-momentum", "statistics-move"]),
    ("flags", "gradients", "statistics"): (0, ["as-released"]),
}


@pytest.mark.parametrize("bugs", SUBSETS, ids="+".join)
def test_each_mistake_counts_by_itself(bugs, everywhere):
    points, ids = SUBSETS[bugs]
    for verdict in everywhere(ID, with_bugs(*bugs)):
        assert verdict.points == points, verdict
        assert [finding.id for finding in verdict.findings if finding.id] == ids, verdict
        assert all(
            finding.hint and finding.fix for finding in verdict.findings if finding.id in TOLD.values()
        )


def sgd(**settings):
    return lambda model, rate: torch.optim.SGD(
        model.parameters(), **{"lr": rate, "momentum": 0.9, **settings}
    )


def of(kind):
    return lambda model, rate: kind(model.parameters(), lr=rate)


def head_faster(model, rate):
    last = list(model.parameters())[-2:]
    rest = list(model.parameters())[:-2]
    return torch.optim.SGD([{"params": rest}, {"params": last, "lr": 10 * rate}], lr=rate, momentum=0.9)


def clip(model):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)


def negated(logits, labels):
    return -F.cross_entropy(logits, labels)


def replaced_head(model, name):
    last = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        model.get_submodule(last).reset_parameters()


# Slips that a repair may add, whichever of the mistakes it mends: what is changed, and what is told.
SLIPS = {
    "adam": ({"optimizer_of": of(torch.optim.Adam)}, "other-optimizer"),
    "adamw": ({"optimizer_of": of(torch.optim.AdamW)}, "other-optimizer"),
    "no momentum": ({"optimizer_of": sgd(momentum=0)}, "other-momentum"),
    "more momentum": ({"optimizer_of": sgd(momentum=0.99)}, "other-momentum"),
    "nesterov": ({"optimizer_of": sgd(nesterov=True)}, "other-setting"),
    "weight decay": ({"optimizer_of": sgd(weight_decay=1e-3)}, "other-setting"),
    "ascent": ({"optimizer_of": sgd(maximize=True)}, "other-setting"),
    "negated loss": ({"loss_of": negated}, "gradient-ascent"),
    "a tenth of the rate": ({"factor": 0.1}, "other-rate"),
    "ten times the rate": ({"factor": 10}, "other-rate"),
    "own rate": ({"optimizer_of": sgd(lr=0.01)}, "other-rate"),
    "rounded rate": ({"optimizer_of": lambda m, rate: sgd()(m, round(rate, 3))}, "other-rate"),
    "the head faster": ({"optimizer_of": head_faster}, "other-rate"),
    "summed loss": ({"loss_of": functools.partial(F.cross_entropy, reduction="sum")}, "gradient-enlarged"),
    "halved loss": ({"loss_of": lambda logits, y: F.cross_entropy(logits, y) / 2}, "gradient-shrunk"),
    "softmax": ({"loss_of": lambda logits, y: F.cross_entropy(logits.softmax(1), y)}, "softmax-twice"),
    "labels of zero": ({"loss_of": lambda logits, y: F.cross_entropy(logits, 0 * y)}, "labels-zero"),
    "clipped": ({"after_backward": clip}, "gradient-shrunk"),
    "two steps": ({"steps": 2}, "stepped-again"),
    "eval mode from the beginning": ({"training": False}, "other-mode"),
    "frozen from the beginning": ({"start": freeze_stage}, "frozen-too-early"),
    "a new head": ({"between": lambda o, m, name, rate: replaced_head(m, name) or o}, "weights-rewritten"),
    "no momentum later": (
        {"between": lambda o, model, name, rate: torch.optim.SGD(model.parameters(), lr=rate)},
        "other-momentum",
    ),
    "adam later": (
        {"between": lambda o, model, name, rate: torch.optim.Adam(model.parameters(), lr=rate)},
        "other-optimizer",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_and_costs_one_point_when_all_is_mended(name, costs_the_same):
    changes, mistake = SLIPS[name]
    costs_the_same(ID, variant(**changes), 3, mistake, public=False)


# All of them beside each mistake were tried; these are of different kinds.
BESIDE_MISTAKES = ["nesterov", "negated loss", "own rate", "two steps", "clipped"]
COMBINED = [("flags",), ("gradients", "statistics"), ("flags", "gradients", "statistics")]


@pytest.mark.parametrize("bugs", COMBINED, ids="+".join)
@pytest.mark.parametrize("name", BESIDE_MISTAKES)
def test_a_slip_is_told_whatever_is_mended_beside_it(name, bugs, graded):
    changes, mistake = SLIPS[name]
    verdict = graded(ID, with_bugs(*bugs, **changes), 101)
    assert mistake in [finding.id for finding in verdict.findings], verdict
    points, _ = SUBSETS[bugs]
    assert verdict.points == min(points, 3), verdict


# ---------------------------------------------------------------- other wrong repairs


def freeze_by_beginning(model, stage_name):
    for name, parameter in model.named_parameters():
        if name.startswith(stage_name):
            parameter.requires_grad = False


def freeze_weights(model, stage_name):
    for name, parameter in model.get_submodule(stage_name).named_parameters():
        parameter.requires_grad = not name.endswith("weight")


def freeze_norms(model, stage_name):
    for module in model.get_submodule(stage_name).modules():
        if isinstance(module, NORMS):
            module.requires_grad_(False)


def freeze_all_but_the_head(model, stage_name):
    last = next(m for m in reversed(list(model.modules())) if isinstance(m, nn.Linear))
    model.requires_grad_(False)
    last.requires_grad_(True)


def freeze_container(model, stage_name):
    model.get_submodule(stage_name.rpartition(".")[0]).requires_grad_(False)


def slow_norms(model, stage_name):
    for module in model.get_submodule(stage_name).modules():
        module.momentum = 0.0


def stop_first_norm(model, stage_name):
    next(m for m in model.get_submodule(stage_name).modules() if isinstance(m, NORMS)).eval()


def optimizer_without_the_stage(optimizer, model, stage_name, rate):
    own = set(map(id, model.get_submodule(stage_name).parameters()))
    return torch.optim.SGD([p for p in model.parameters() if id(p) not in own], lr=rate, momentum=0.9)


def optimizer_of_the_head(optimizer, model, stage_name, rate):
    return torch.optim.SGD(list(model.parameters())[:6], lr=rate, momentum=0.9)


def optimizer_of_a_copy(optimizer, model, stage_name, rate):
    return torch.optim.SGD(copy.deepcopy(model).parameters(), lr=rate, momentum=0.9)


def no_zeroing_later(model, stage_name, first_batches, more_batches, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad_(False).eval()
        if number < len(first_batches):
            optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


def gives_nothing_back(*given):
    midway(*given)


def gives_the_original_back(model, *rest):
    midway(copy.deepcopy(model), *rest)
    return model


def without_the_second(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, first_batches, [], learning_rate)


def without_the_first(model, stage_name, first_batches, more_batches, learning_rate):
    return midway(model, stage_name, [], more_batches, learning_rate)


def changed_batches(change):
    def answer(model, stage_name, first_batches, more_batches, learning_rate):
        first, more = change(list(first_batches), list(more_batches))
        return midway(model, stage_name, first, more, learning_rate)

    return answer


def reversed_in_place(model, stage_name, first_batches, more_batches, learning_rate):
    midway(model, stage_name, first_batches, more_batches, learning_rate)
    more_batches.reverse()
    return model


def no_zeroing(**changes):
    return variant(clear=False, **changes)


def detached(logits, labels):
    return F.cross_entropy(logits.detach().requires_grad_(), labels)


def without_gradients(model, stage_name, first_batches, more_batches, learning_rate):
    with torch.no_grad():
        for images, _ in [*first_batches, *more_batches]:
            model(images)
    return model


def reopen(model, stage_name):
    model.get_submodule(stage_name).requires_grad_(True)


def reopened_after(count):
    def each(model, stage_name, seen=[]):  # noqa: B006 - it counts the calls
        seen.append(1)
        if len(seen) % 3 == count % 3:
            reopen(model, stage_name)

    return each


def late_modes():
    seen = []

    def each(model, stage_name):
        seen.append(1)
        if len(seen) % 3 == 2:
            stop_stage(model, stage_name)

    return variant(modes=nothing, each=each)


def renews_its_optimizer(model, stage_name, first_batches, more_batches, learning_rate):
    model.train()
    for number, (images, labels) in enumerate([*first_batches, *more_batches]):
        if number == len(first_batches):
            model.get_submodule(stage_name).requires_grad_(False).eval()
        optimizer = new_optimizer(None, model, stage_name, learning_rate)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


WRONG = {
    "no zero_grad": (no_zeroing(), 2, "gradients-pile-up"),
    "clears at the end only": (clears_at_the_end_only, 3, "gradients-pile-up"),
    "clears after backward": (variant(clear=False, clear_after_backward=True), 3, "no-gradient"),
    "no backward": (variant(backward=False), 3, "no-gradient"),
    "no step": (variant(step=False), 0, "second-part-missing"),
    "no backward, zeros": (variant(backward=False, to_none=False), 3, "zero-gradient"),
    "no backward, nothing cleared": (variant(backward=False, clear=False), 2, "gradients-of-before"),
    "detached": (variant(loss_of=detached), 3, "no-gradient"),
    "no gradients at all": (without_gradients, 0, "second-part-missing"),
    "eval instead of freezing": (variant(flags=nothing), 2, "never-frozen"),
    "train at every step": (variant(each=lambda model, name: model.train()), 2, "statistics-move"),
    "train after eval": (
        variant(modes=lambda m, name: stop_stage(m, name) or m.train()),
        2,
        "statistics-move",
    ),
    "whole model in eval mode": (variant(modes=lambda model, name: model.eval()), 3, "other-mode"),
    "momentum of the norm": (variant(modes=slow_norms), 2, "setting-instead-of-mode"),
    "first norm only": (variant(modes=stop_first_norm), 2, "one-norm-stopped"),
    "eval mode one batch late": (late_modes(), 2, "stopped-too-late"),
    "kept out of the optimizer": (
        variant(flags=nothing, between=optimizer_without_the_stage),
        2,
        "still-but-not-frozen",
    ),
    "beginning of the name": (variant(flags=freeze_by_beginning), 3, "name-begins-alike"),
    "only weights": (variant(flags=freeze_weights), 2, "part-of-the-stage-open"),
    "only norms": (variant(flags=freeze_norms), 2, "part-of-the-stage-open"),
    "all but the last layer": (variant(flags=freeze_all_but_the_head), 3, "too-much-frozen"),
    "what holds the stage": (variant(flags=freeze_container), 3, "too-much-frozen"),
    "the whole model": (
        variant(flags=lambda model, name: (model.requires_grad_(False), model.contrast.requires_grad_(True))),
        3,
        "too-much-frozen",
    ),
    "one batch too late": (variant(late=1), 3, "frozen-too-late"),
    "after the training": (variant(flags=nothing, ending=freeze_stage), 2, "frozen-after-the-training"),
    "opened in the end": (variant(ending=reopen), 3, "opened-in-the-end"),
    "closed, open, closed": (
        variant(
            flags=nothing,
            each=lambda model, name: model.get_submodule(name).requires_grad_(
                not model.get_submodule(name)[0].weight.requires_grad
            ),
        ),
        3,
        "frozen-too-late",
    ),
    "closed and open": (variant(each=reopened_after(2)), 2, "frozen-and-opened"),
    "never cleared later": (no_zeroing_later, 2, "old-gradients-move"),
    "optimizer of some": (variant(between=optimizer_of_the_head), 3, "not-in-the-optimizer"),
    "optimizer of a copy": (variant(between=optimizer_of_a_copy), 3, "foreign-parameters"),
    "a new optimizer at each step": (renews_its_optimizer, 3, "optimizer-renewed"),
    "NaN": (variant(factor=1e12), 3, "other-rate"),
    "returns nothing": (gives_nothing_back, 3, "no-model-returned"),
    "returns a pair": (lambda *given: (midway(*given), 0.0), 3, "no-model-returned"),
    "original returned": (gives_the_original_back, 3, "untrained-model-returned"),
    "no second part": (without_the_second, 0, "second-part-missing"),
    "no first part": (without_the_first, 0, "first-part-missing"),
    "parts swapped": (changed_batches(lambda first, more: (more, first)), 0, "parts-mixed"),
    "second part twice": (changed_batches(lambda first, more: (first, more + more)), 3, "batch-repeated"),
    "first batch skipped": (changed_batches(lambda first, more: (first[1:], more)), 3, "batch-left-out"),
    "last batch skipped": (changed_batches(lambda first, more: (first, more[:-1])), 3, "batch-left-out"),
    "only one batch later": (changed_batches(lambda first, more: (first, more[:1])), 3, "batch-left-out"),
    "in another order": (
        changed_batches(lambda first, more: (first[::-1], more)),
        3,
        "batches-out-of-order",
    ),
    "other images": (
        changed_batches(lambda first, more: (first, [(2 * images, labels) for images, labels in more])),
        3,
        "other-images",
    ),
    "shuffled labels": (
        changed_batches(lambda first, more: (first, [(images, labels.flip(0)) for images, labels in more])),
        3,
        "gradient-of-something-else",
    ),
    "two forward passes": (variant(twice=True), 3, "statistics-astray"),
    "caller's list reversed": (reversed_in_place, 3, "arguments-changed"),
    "does nothing": (lambda model, *_: model, 0, "second-part-missing"),
    "NaN for a model": (lambda *_: float("nan"), 0, "second-part-missing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_repairs_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name], public=False)


def half(model, name):
    model.half()


BAD_ENDINGS = {
    "hook": (lambda model, name: next(model.children()).register_forward_hook(print), 3, "hook-left"),
    "note": (lambda model, name: setattr(model, "stopped", name), 3, "attributes-changed"),
    "layout": (lambda model, name: model.to(memory_format=torch.channels_last), 3, "layout-changed"),
    "gradients off": (lambda model, name: torch.set_grad_enabled(False), 3, "settings-changed"),
    "meta": (lambda model, name: model.to("meta"), 0, "device-changed"),
    "half": (half, 0, "dtype-changed"),
    "NaN": (lambda model, name: list(model.parameters())[-1].data.fill_(float("nan")), 3, "not-finite"),
    "other tensors": (
        lambda model, name: model.set_submodule(name, nn.Sequential(model.get_submodule(name))),
        0,
        "tensors-replaced",
    ),
    "another head": (replaced_head, 3, "ends-elsewhere"),
    "rounded": (
        lambda model, name: [p.data.copy_((p.data * 100).round() / 100) for p in model.parameters()],
        3,
        "ends-elsewhere",
    ),
}


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_a_repair_does_in_the_end_is_named(name, costs_the_same):
    behave, points, mistake = BAD_ENDINGS[name]
    costs_the_same(ID, variant(ending=behave), points, mistake, public=False)


def test_the_lessons_own_release_is_the_released_program(graded):
    released = function_of(starting_program(ID), torch=torch, F=F)
    assert [finding.id for finding in graded(ID, released, 202).findings] == ["as-released"]


def test_every_known_mistake_is_reached(unreached):
    told = [mistake for _, _, mistake in [*WRONG.values(), *BAD_ENDINGS.values()]]
    told += [mistake for _, mistake in SLIPS.values()]
    told += [mistake for _, ids in SUBSETS.values() for mistake in ids]
    assert unreached(ID, [*told, "none-mended"]) == []


def test_a_slip_beside_three_mistakes_gives_none_of_them_away(graded):
    verdict = graded(ID, with_bugs("flags", "gradients", "statistics", factor=10), 203)
    assert verdict.points == 0
    assert [finding.id for finding in verdict.findings] == ["none-mended", "other-rate"]
