"""Repairs of ``tune_until_best``: right ones, every subset of its mistakes, and what a repair may add."""

import copy
import functools
import itertools

import pytest
import torch
from torch.nn import functional as F

from grader.course import ROOT
from grader.exercises import find_exercise

pytestmark = pytest.mark.slow  # hundreds of trainings

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
    """With a mistake in any part; the first four settings are about those of the released function."""
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


def ids(verdict):
    return [finding.id for finding in verdict.findings]


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
        if (score := measure(model, validation)) >= best_score:  # the first of level ones
            best_score, best = score, state
    model.load_state_dict(best)
    score = measure(model, test)
    print(f"test: {score:.1%}")
    return model, score


def by_hand(model, stages, head_name, train_batches, validation, test, measure, rate=RATE, rounds=4):
    """No optimizer and no flags; the mean accuracy of the batches is printed on the way."""
    model.eval()
    best_score, best = -1, None
    for number in range(rounds):
        names = [head_name, stages[-1]][: 1 + (number > 1)]
        parameters = [p for name in names for p in model.get_submodule(name).parameters()]
        for images, labels in train_batches:
            gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= rate * gradient
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
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_repairs_pass(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


# ---------------------------------------------------------------- the mistakes of the released function

TOLD = {"stage": "stage-never-trained", "choice": "test-chooses", "weights": "last-weights"}


def test_the_judge_knows_the_function_that_the_lesson_releases():
    """Its text stands twice, in the lesson and beside the expected values: line by line the same."""
    folder = ROOT / "solutions" / "05_staged_unfreezing"
    lesson, answers = ((folder / name).read_text(encoding="utf-8") for name in ("lesson.py", "answers.py"))
    block = lesson.partition("### BEGIN RELEASE\n")[2].partition("    ### END RELEASE")[0]
    released = [line.replace("    # ", "", 1) for line in block.splitlines()]
    known = (
        answers.partition('three mistakes."""\n')[2]
        .partition("\n\n\n")[0]
        .replace("_step(", "training_step(")
    )
    assert released == [line[4:] for line in known.splitlines()]


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
    assert ids(slipped)[-1] == "other-optimizer"
    if not parts:
        assert ids(slipped) == ["as-released", "other-optimizer"]


# ---------------------------------------------------------------- what a repair may add


def step_of(loss=None, clear="before", back=True, steps=1, clip=None):
    """A training step with a mistake in it; ``loss`` is of logits and labels."""

    def step(model, images, labels, optimizer):
        if clear == "before":
            optimizer.zero_grad()
        value = (loss or F.cross_entropy)(model(images), labels)
        if back:
            value.backward()
        if clear == "after":
            optimizer.zero_grad()
        if clear == "zeros":
            optimizer.zero_grad(set_to_none=False)
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        for _ in range(steps):
            optimizer.step()
        if clear == "end":
            optimizer.zero_grad()

    return step


def step_first(model, images, labels, optimizer):
    optimizer.zero_grad()
    optimizer.step()
    F.cross_entropy(model(images), labels).backward()


def in_training_mode(model, *rest):
    model.train()
    training_step(model, *rest)
    model.eval()


def reset(model, head):
    for linear in head.modules():
        if isinstance(linear, torch.nn.Linear):
            linear.reset_parameters()


def own_rate(stage_rate, head_rate=RATE):
    def make(parameters):
        """The head is registered before the stages."""
        head, stage = parameters[:4], parameters[4:]
        return torch.optim.SGD([{"params": head}, {"params": stage, "lr": stage_rate}], lr=head_rate)

    return make


def setting(**settings):
    return variant(make=lambda parameters: torch.optim.SGD(parameters, **{"lr": RATE, **settings}))


def summed(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")


def one_hot(logits, labels):
    return F.mse_loss(logits, F.one_hot(labels, logits.shape[1]).float())


def stage_instead_of_head(model, stages):
    return model.requires_grad_(False).get_submodule(stages[-1])


SLIPS = {
    "adam": (variant(make=lambda p: torch.optim.Adam(p, lr=RATE)), 3, "other-optimizer"),
    "adamw": (variant(make=lambda p: torch.optim.AdamW(p, lr=RATE)), 3, "other-optimizer"),
    "rmsprop": (variant(make=lambda p: torch.optim.RMSprop(p, lr=RATE)), 3, "other-optimizer"),
    "momentum": (setting(momentum=0.9), 3, "other-momentum"),
    "nesterov": (setting(momentum=0.9, nesterov=True), 3, "other-momentum"),
    "weight decay": (setting(weight_decay=1e-3), 3, "other-setting"),
    "maximize": (setting(maximize=True), 3, "other-setting"),
    **{f"rate {rate:g}": (setting(lr=rate), 3, "other-rate") for rate in (5, 0.5, 0.04, 0.005, 0.0005)},
    "rate 0": (setting(lr=0.0), 2, "other-rate"),
    "lower rate for the stage": (variant(make=own_rate(RATE / 10)), 3, "other-rate"),
    "higher rate for the head": (variant(make=own_rate(RATE, RATE * 10)), 3, "other-rate"),
    "ascent": (variant(step=step_of(lambda *given: -F.cross_entropy(*given))), 3, "gradient-ascent"),
    "labels zero": (variant(step=step_of(lambda x, y: F.cross_entropy(x, 0 * y))), 3, "labels-zero"),
    "summed": (variant(step=step_of(summed)), 3, "gradient-enlarged"),
    "softmax": (variant(step=step_of(lambda x, y: F.cross_entropy(x.softmax(1), y))), 3, "softmax-twice"),
    "halved": (variant(step=step_of(lambda x, y: F.cross_entropy(x, y) / 2)), 3, "gradient-shrunk"),
    "clipped": (variant(step=step_of(clip=1.0)), 3, "gradient-shrunk"),
    "one hot": (variant(step=step_of(one_hot)), 3, "gradient-of-something-else"),
    "shuffled": (
        variant(step=step_of(lambda x, y: F.cross_entropy(x, y.flip(0)))),
        3,
        "gradient-of-something-else",
    ),
    "no zero_grad": (variant(step=step_of(clear="")), 3, "gradients-pile-up"),
    "zero_grad at the end": (variant(step=step_of(clear="end")), 3, "gradients-pile-up"),
    "zero_grad after backward": (variant(step=step_of(clear="after")), 2, "no-gradient"),
    "set to zero": (variant(step=step_of(clear="zeros")), 2, "zero-gradient"),
    "no backward": (variant(step=step_of(back=False)), 2, "no-gradient"),
    "neither": (variant(step=step_of(back=False, clear="")), 3, "gradients-of-before"),
    "detached": (
        variant(step=step_of(lambda x, y: F.cross_entropy(x.detach().requires_grad_(), y))),
        2,
        "no-gradient",
    ),
    "step first": (variant(step=step_first), 2, "no-gradient"),
    "no step": (variant(step=step_of(steps=0)), 2, "never-stepped"),
    "two steps": (variant(step=step_of(steps=2)), 3, "stepped-again"),
    "training mode": (variant(mode=True), 3, "statistics-moved"),
    "training mode in the step": (variant(step=in_training_mode), 3, "statistics-moved"),
    "fresh head in each batch": (variant(begin=reset), 3, "weights-rewritten"),
    "half a batch": (variant(step=lambda m, x, y, o: training_step(m, x[:2], y[:2], o)), 3, "other-images"),
    "first batch left out": (variant(order=lambda batches, _: batches[1:]), 3, "batches-of-a-round"),
    "last batch left out": (variant(order=lambda batches, _: batches[:-1]), 3, "batches-of-a-round"),
    "one batch a round": (variant(order=lambda batches, _: batches[:1]), 3, "batches-of-a-round"),
    "a batch repeated": (variant(order=lambda batches, _: [*batches, batches[0]]), 3, "batches-of-a-round"),
    "reversed": (variant(order=lambda batches, _: batches[::-1]), 3, "batches-out-of-order"),
    "rotated": (
        variant(order=lambda batches, n: batches[n % 3 :] + batches[: n % 3]),
        3,
        "batches-out-of-order",
    ),
    "each batch twice": (variant(order=lambda batches, _: batches * 2), 3, "other-rounds"),
    **{f"{rounds} rounds": (variant(rounds=rounds), 3, "other-rounds") for rounds in (1, 2, 3, 5)},
    "stage at once": (variant(unfreeze_at=0), 3, "stage-too-early"),
    "stage one round early": (variant(unfreeze_at=1), 3, "stage-too-early"),
    "stage one round late": (variant(unfreeze_at=3), 3, "stage-too-late"),
    "everything at once": (variant(unfreeze_at=0, unfrozen=lambda model, _: model), 3, "everything-trains"),
    "everything later": (variant(unfrozen=lambda model, _: model), 3, "other-part-trains"),
    "first stage": (variant(unfrozen=lambda m, stages: m.get_submodule(stages[0])), 3, "other-part-trains"),
    "by hand at another rate": (functools.partial(by_hand, rate=0.1), 3, "other-steps"),
    "by hand, five rounds": (functools.partial(by_hand, rounds=5), 3, "other-number-of-rounds"),
    "optimizer of copies": (
        variant(make=lambda p: sgd([copy.deepcopy(q) for q in p])),
        2,
        "foreign-parameters",
    ),
    "biases left out": (variant(make=lambda p: sgd([q for q in p if q.ndim > 1])), 3, "not-in-the-optimizer"),
    "head frozen later": (variant(unfrozen=stage_instead_of_head), 3, "head-stands-still"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_what_a_repair_adds_to_the_training_is_named(name, graded):
    answer, points, mistake = SLIPS[name]
    verdict = graded(ID, answer, 101)
    assert ids(verdict) == [mistake], verdict
    assert verdict.points == points


# ---------------------------------------------------------------- choosing, keeping, returning


def after(change):
    """A right repair, and then ``change`` of the model."""

    def answer(*given):
        model, score = tune(*given)
        change(model)
        return model, score

    return answer


def told(change):
    """A right repair, and ``change`` of what it returns."""
    return lambda *given: change(*tune(*given))


def measuring(make):
    """A right repair with another ``measure``: ``make`` of the real one and the two sets."""

    def answer(model, stages, head_name, batches, validation, test, measure):
        return tune(model, stages, head_name, batches, validation, test, make(measure, validation, test))

    return answer


def looks_at_test(measure, validation, test):
    return lambda model, data: (measure(model, test), measure(model, data))[1]


def mean_of_both(measure, validation, test):
    return lambda model, data: (measure(model, test) + measure(model, validation)) / 2


def measures_late(measure, validation, test):
    calls = itertools.count()
    return lambda model, data: 0.0 if data is validation and next(calls) < 2 else measure(model, data)


def never_measures(model, stages, head_name, batches, validation, test, measure):
    model, _ = tune(model, stages, head_name, batches, validation, test, lambda *_: 1.0)
    return model, measure(model, test)


def chooses_by_itself(model, stages, head_name, batches, validation, test, measure):
    """The second of four rounds, by numbers that no ``measure`` told: its training is right."""
    own = iter([0.1, 0.4, 0.3, 0.2])
    model, _ = tune(model, stages, head_name, batches, validation, test, lambda *_: next(own, 0.0))
    return model, measure(model, test)


def measures_each_batch(model, stages, head_name, batches, validation, test, measure):
    best = {"score": -1}

    def step(model, *rest):
        training_step(model, *rest)
        if (score := measure(model, validation)) > best["score"]:
            best.update(score=score, weights=copy.deepcopy(model.state_dict()))

    tune(model, stages, head_name, batches, validation, test, measure, step=step, tell="best")
    model.load_state_dict(best["weights"])
    return model, measure(model, test)


def better_than_the_one_before(*given):
    scores = [-1.0]
    return tune(*given, better=lambda score, _: scores.append(score) or score > scores[-2])


def stops_early(model, stages, head_name, batches, validation, test, measure):
    scores = [-1.0]

    def order(batches, number):
        return batches if len(scores) < 2 or scores[-1] > scores[-2] else []

    def watched(model, data):
        score = measure(model, data) if order([1], 0) or data is test else 0.0
        return scores.append(score) or score if data is validation else score

    return tune(model, stages, head_name, batches, validation, test, watched, order=order)


def trains_a_copy(model, *rest):
    return model, tune(copy.deepcopy(model), *rest)[1]


def returns_the_start(model, *rest):
    start = copy.deepcopy(model)
    return start, tune(model, *rest)[1]


def head_alone_is_kept(model, stages, head_name, *rest):
    def keep(state):
        return {name: value.clone() for name, value in state.items() if name.startswith(head_name)}

    return tune(
        model, stages, head_name, *rest, keep=keep, load=lambda m, best: m.load_state_dict(best, False)
    )


def reverses_the_list(model, stages, *rest):
    stages.reverse()
    return tune(model, stages[::-1], *rest)


def rounded(model):
    for parameter in model.parameters():
        parameter.data.mul_(100).round_().div_(100)


def better_than_half(*given):
    return tune(*given, better=lambda score, best: score > max(best, 0.5))


def start_among_the_rounds(model, stages, head_name, batches, validation, test, measure):
    start = measure(model, validation)
    better = lambda score, best: score > max(best, start)  # noqa: E731
    return tune(model, stages, head_name, batches, validation, test, measure, better=better)


def test_asked_again(*given):
    model, _ = tune(*given)
    return model, given[-1](model, given[-2])


test_asked_again.__test__ = False


def other_momentum(model):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = module.momentum / 2


CHOICES = {
    "the lowest": (variant(better=lambda score, best: best < 0 or score < best), 3, "worst-weights"),
    "always the newest": (variant(better=lambda *_: True), 3, "last-weights"),
    "always the first": (variant(better=lambda _, best: best < 0), 3, "other-round"),
    "better than the one before": (better_than_the_one_before, 3, "last-weights"),
    "no copy": (variant(keep=lambda state: state), 3, "last-weights"),
    "shallow copy": (variant(keep=lambda state: state.copy()), 3, "last-weights"),
    "a dict": (variant(keep=dict), 3, "last-weights"),
    "never loaded": (variant(load=lambda *_: None), 3, "last-weights"),
    "head alone kept": (head_alone_is_kept, 3, "weights-mixed"),
    "trains a copy": (trains_a_copy, 3, "untouched-weights"),
    "returns the start": (returns_the_start, 3, "untouched-weights"),
    "stops early": (stops_early, 3, "other-rounds"),
    "training data choose": (variant(chooser="train"), 2, "other-set-chooses"),
    "looks at test": (measuring(looks_at_test), 3, "test-looked-at"),
    "mean of both": (measuring(mean_of_both), 3, "test-looked-at"),
    "measures late": (measuring(measures_late), 3, "validation-not-every-round"),
    "measures each batch": (measures_each_batch, 3, "validation-more-often"),
    "never measures": (never_measures, 2, "nothing-measured"),
    "chooses by itself": (chooses_by_itself, 2, "nothing-measured"),
    "test chooses": (variant(chooser="test"), 2, "test-chooses"),
    "validation's score": (variant(tell="best"), 3, "validation-score"),
    "test before loading": (variant(tell="last"), 3, "score-of-other-weights"),
    "NaN": (told(lambda model, score: (model, float("nan"))), 3, "other-score"),
    "rounded": (told(lambda model, score: (model, round(score, 1))), 3, "other-score"),
    "per cent": (told(lambda model, score: (model, 100 * score)), 3, "other-score"),
    "swapped results": (told(lambda model, score: (score, model)), 3, "not-model-and-score"),
    "model alone": (told(lambda model, score: model), 3, "not-model-and-score"),
    "score alone": (told(lambda model, score: score), 3, "not-model-and-score"),
    "no score": (told(lambda model, score: (model, None)), 3, "not-model-and-score"),
    "state_dict": (told(lambda model, score: (model.state_dict(), score)), 3, "not-model-and-score"),
    "nothing returned": (told(lambda *_: None), 3, "not-model-and-score"),
    "weights rounded": (after(rounded), 3, "no-rounds-weights"),
    "NaN weights": (
        after(lambda m: [p.data.fill_(float("nan")) for p in m.parameters()]),
        3,
        "no-rounds-weights",
    ),
    "level rounds": (variant(better=lambda score, best: score >= best), 3, "later-of-level-rounds"),
    "better than half": (better_than_half, 3, "untouched-weights"),
    "the start among the rounds": (start_among_the_rounds, 3, "untouched-weights"),
    "test asked again": (test_asked_again, 3, "test-asked-again"),
    "a hook on a parameter": (
        after(
            lambda m: [p.register_hook(lambda gradient: gradient) for p in m.parameters() if p.requires_grad]
        ),
        3,
        "hook-left",
    ),
    "momentum of a norm": (after(other_momentum), 3, "attributes-changed"),
    "channels last": (after(lambda m: m.to(memory_format=torch.channels_last)), 3, "layout-changed"),
    "hook": (after(lambda m: next(m.children()).register_forward_hook(lambda *_: None)), 3, "hook-left"),
    "meta": (after(lambda model: model.to("meta")), 0, "device-changed"),
    "half": (after(lambda model: model.half()), 0, "dtype-changed"),
    "double": (after(lambda model: model.double()), 0, "dtype-changed"),
    "gradients off": (after(lambda _: torch.set_grad_enabled(False)), 3, "settings-changed"),
    "list reversed": (reverses_the_list, 3, "arguments-changed"),
    "nothing done": (lambda model, *_: (model, 0.5), 0, "never-stepped"),
    "nothing at all": (lambda *_: None, 0, "never-stepped"),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_wrong_choice_or_return_is_named(name, graded):
    answer, points, mistake = CHOICES[name]
    verdict = graded(ID, answer, 102)
    assert ids(verdict)[-1] == mistake, verdict
    assert len(ids(verdict)) == 1 or ids(verdict)[0] == "as-released"
    assert verdict.points == points


def stands_still_later(*given):
    rates = iter([RATE, 0.0])
    return tune(*given, make=lambda parameters: torch.optim.SGD(parameters, lr=next(rates)))


# One of each kind, on the public challenge and on several secret ones.
@pytest.mark.parametrize("name", ["adam", "no zero_grad", "clipped", "ascent", "5 rounds", "training mode"])
def test_a_slip_costs_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *SLIPS[name])


def test_every_known_mistake_is_reached(graded):
    banks = [*((one[0], 101) for one in SLIPS.values()), *((one[0], 102) for one in CHOICES.values())]
    banks += [(mended("stage"), 101), (mended("choice"), 101), (stands_still_later, 101)]
    reached = {name for answer, seed in banks for name in ids(graded(ID, answer, seed))}
    assert {row.id for row in find_exercise(ID).mistakes} <= reached
