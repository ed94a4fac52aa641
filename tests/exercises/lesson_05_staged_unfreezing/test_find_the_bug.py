"""Repairs of ``tune_until_best``, right and wrong: every subset of its mistakes, and what a repair may add."""

import copy
import functools
import itertools

import pytest
import torch
from torch.nn import functional as F

ID = "staged.find_the_bug"
RATE = 0.05


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=RATE)


def tune(
    model,
    stages,
    head_name,
    train_batches,
    validation,
    test,
    measure,
    *,
    know_stage=True,
    chooser="validation",
    keep=copy.deepcopy,
    tell="test",
    make=sgd,
    step=training_step,
    better=lambda score, best: score > best,
    unfreeze_at=2,
    unfrozen=lambda model, stages: model.get_submodule(stages[-1]),
    rounds=4,
    order=lambda batches, number: batches,
    mode=False,
    begin=lambda model, head: None,
    load=lambda model, best: model.load_state_dict(best),
):
    """With a mistake in any part; ``know_stage``, ``chooser``, ``keep`` and ``tell`` are those of the released one."""
    sets = {"validation": validation, "test": test, "train": train_batches[0]}
    model.train(mode).requires_grad_(False)
    head = model.get_submodule(head_name).requires_grad_(True)
    optimizer = make([p for p in model.parameters() if p.requires_grad])
    best, best_score, score = keep(model.state_dict()), -1.0, -1.0
    for number in range(rounds):
        if number == unfreeze_at:
            unfrozen(model, stages).requires_grad_(True)
            if know_stage:
                optimizer = make([p for p in model.parameters() if p.requires_grad])
        for images, labels in order(train_batches, number):
            begin(model, head)
            step(model, images, labels, optimizer)
        score = measure(model, sets[chooser])
        if better(score, best_score):
            best, best_score = keep(model.state_dict()), score
    if tell == "last":
        score = measure(model, test)
    load(model, best)
    told = {"best": lambda: best_score, "last": lambda: score, "test": lambda: measure(model, test)}
    return model, told[tell]()


def variant(**changes):
    return functools.partial(tune, **changes)


RELEASED = {"know_stage": False, "chooser": "test", "keep": lambda state: state, "tell": "best"}
as_given = variant(**RELEASED)
MENDED = {"know_stage": True, "chooser": "validation", "tell": "test", "keep": copy.deepcopy}
PARTS = {"stage": ["know_stage"], "choice": ["chooser", "tell"], "weights": ["keep"]}
WORTH = {"stage": 1, "choice": 2, "weights": 1}


def mended(*parts, **slip):
    """The released function with these of its mistakes mended, and a slip besides."""
    changes = {name: MENDED[name] for part in parts for name in PARTS[part]}
    return variant(**{**RELEASED, **changes, **slip})


# ---------------------------------------------------------------- right


def add_group(model, stages, head_name, train_batches, validation, test, measure):
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    head = model.get_submodule(head_name).requires_grad_(True)
    optimizer = torch.optim.SGD(head.parameters(), lr=RATE)
    best = {"score": -1}
    for number in range(4):
        if number == 2:
            stage = model.get_submodule(stages[-1]).requires_grad_(True)
            optimizer.add_param_group({"params": stage.parameters()})
        for images, labels in train_batches:
            training_step(model, images, labels, optimizer)
        score = measure(model, validation)
        if score > best["score"]:
            weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            best = {"score": score, "weights": weights}
    model.load_state_dict(best["weights"])
    return [model, torch.tensor(measure(model, test))]


def keeps_whole_models(model, stages, head_name, train_batches, validation, test, measure):
    """All rounds first, chosen afterwards; measures the start and a training batch, too."""
    kept = []
    measure(model, validation)
    model.eval().requires_grad_(False)
    for number in range(4):
        parts = [model.get_submodule(name) for name in (head_name, stages[-1])[: 1 + number // 2]]
        optimizer = torch.optim.SGD(
            [{"params": part.requires_grad_(True).parameters()} for part in parts], lr=RATE
        )
        for images, labels in train_batches:
            training_step(model, images, labels, optimizer)
        measure(model, train_batches[0])
        kept.append(copy.deepcopy(model))
    scores = [measure(one, validation) for one in kept]
    best = kept[scores.index(max(scores))]
    return best, measure(best, test)


def chooses_backwards(model, stages, head_name, train_batches, validation, test, measure):
    kept = []
    for number in range(4):
        model.eval().requires_grad_(False)
        for name in [head_name, stages[-1]][: 1 + number // 2]:
            model.get_submodule(name).requires_grad_(True)
        for images, labels in train_batches:
            training_step(model, images, labels, sgd([p for p in model.parameters() if p.requires_grad]))
        kept.append(copy.deepcopy(model.state_dict()))
    best_score, best = 0, None
    for state in reversed(kept):
        model.load_state_dict(state)
        if (score := measure(model, validation)) > best_score:
            best_score, best = score, state
    model.load_state_dict(best)
    score = measure(model, test)
    print(f"test: {measure(model, test):.1%}")
    return model, score


def by_hand(model, stages, head_name, train_batches, validation, test, measure):
    """No optimizer and no flags; the mean accuracy of the batches is printed on the way."""
    model.eval()
    best_score, best = -1, None
    for number in range(4):
        names = [head_name, stages[-1]][: 1 + number // 2]
        parameters = [p for name in names for p in model.get_submodule(name).parameters()]
        for images, labels in train_batches:
            gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= RATE * gradient
        print((model(images).argmax(dim=1) == labels).float().mean())
        score = measure(model, validation)
        measure(model, train_batches[0])
        if score > best_score:
            best_score, best = score, copy.deepcopy(model)
    return best, measure(best, test)


def on_a_copy(model, *rest):
    return tune(copy.deepcopy(model), *rest)


def holds_all_from_the_start(model, stages, head_name, *rest):
    every = list(model.parameters())
    return tune(model, stages, head_name, *rest, make=lambda _: sgd(every))


def saved_in_memory(model, *rest):
    import io

    def keep(state):
        buffer = io.BytesIO()
        torch.save(state, buffer)
        return buffer

    def load(model, buffer):
        buffer.seek(0)
        model.load_state_dict(torch.load(buffer))

    return tune(model, *rest, keep=keep, load=load)


RIGHT = {
    "new optimizer": tune,
    "added group": add_group,
    "whole models": keeps_whole_models,
    "chosen backwards": chooses_backwards,
    "by hand": by_hand,
    "on a copy": on_a_copy,
    "all parameters in one optimizer": holds_all_from_the_start,
    "saved in memory": saved_in_memory,
    "compiled": lambda model, *rest: tune(torch.compile(model, backend="eager"), *rest),
    "plain settings spelled out": variant(
        make=lambda p: torch.optim.SGD(p, lr=RATE, momentum=0.0, weight_decay=0.0, foreach=False)
    ),
    "not lower": variant(better=lambda score, best: score >= best),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_repairs_pass(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- the mistakes of the released function

TOLD = {"stage": "stage-never-trained", "choice": "test-chooses", "weights": "last-weights"}


def test_the_released_function_gives_nothing_away(everywhere):
    for verdict in everywhere(ID, as_given):
        assert verdict.points == 0
        [finding] = verdict.findings
        assert finding.id == "as-released"
        assert "three mistakes" in finding.text
        assert not finding.fix


SUBSETS = [parts for count in (1, 2) for parts in itertools.combinations(WORTH, count)]


@pytest.mark.parametrize("parts", SUBSETS)
def test_each_mistake_that_is_mended_counts_by_itself(parts, everywhere):
    for verdict in everywhere(ID, mended(*parts)):
        assert verdict.points == sum(WORTH[part] for part in parts), verdict
        assert [finding.id for finding in verdict.findings] == [
            TOLD[part] for part in WORTH if part not in parts
        ]
        assert all(finding.fix for finding in verdict.findings)


@pytest.mark.parametrize("parts", [(), *SUBSETS])
def test_a_slip_never_makes_a_repair_worth_more(parts, graded):
    slip = mended(*parts, make=lambda p: torch.optim.Adam(p, lr=RATE))
    plain, slipped = graded(ID, mended(*parts), 101), graded(ID, slip, 101)
    assert slipped.points == min(plain.points, 3)
    assert "other-optimizer" in [finding.id for finding in slipped.findings]
    if not parts:
        assert [finding.id for finding in slipped.findings] == ["as-released", "other-optimizer"]
