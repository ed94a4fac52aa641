"""Wrong and right answers to the exercises of lesson 4: every mistake is refused by its name."""

import copy
import functools
import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.exercises import try_answer
from grader.exercises.lesson_04_learning_rates.exercises import DIAGNOSES
from grader.exercises.machine.registry import find_exercise


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def named(verdict, words):
    return any(words in finding.text for finding in verdict.findings)


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


FUNCTIONS = ["rates.range_test", "rates.groups_by_depth", "rates.find_the_bug"]


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "it was given None"),
        ({"A": "too low"}, "it was given a dict"),
        (lambda *given: 1 / 0, "ZeroDivisionError"),
        (lambda: None, "TypeError"),
        (lambda *given: None, "None"),
        (lambda *given: float("nan"), "float"),
        (lambda *given: "fast", "str"),
    ],
)
def test_what_is_no_answer_is_named(exercise_id, answer, words):
    verdict = try_answer(exercise_id, answer)
    assert verdict.points == 0
    assert named(verdict, words), verdict


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
def test_an_answer_that_is_not_written_yet_is_no_error(exercise_id):
    def stub(*given):
        raise NotImplementedError

    verdict = try_answer(exercise_id, stub)
    assert verdict.points == 0
    assert named(verdict, "Not written yet")


@pytest.mark.parametrize("exercise_id", FUNCTIONS)
def test_an_answer_that_never_ends_is_stopped(exercise_id, monkeypatch):
    monkeypatch.setattr(find_exercise(exercise_id), "time_limit", 0.5, raising=False)

    def endless(*given):
        while True:
            pass

    verdict = try_answer(exercise_id, endless)
    assert verdict.points == 0
    assert named(verdict, "did not come back")


# ---------------------------------------------------------------- a range test


def try_rates(
    model,
    batches,
    lowest,
    highest,
    *,
    space=np.geomspace,
    training=True,
    step=training_step,
    lag=0,
    each=lambda trial, start: None,
    make=torch.optim.SGD,
    before=lambda model: None,
    restore=lambda model, start, mode: (model.load_state_dict(start), model.train(mode), model.zero_grad()),
    keep=lambda model: copy.deepcopy(model.state_dict()),
    told=lambda rates, losses: (rates, losses),
):
    """A range test on the model itself, with a mistake in any part."""
    mode, start = model.training, keep(model)
    before(model)
    model.train(training if training is not None else mode)
    rates, losses = [float(rate) for rate in space(lowest, highest, len(batches))], []
    optimizer = make(model.parameters(), lr=abs(rates[0]))
    for number, (images, labels) in enumerate(batches):
        each(model, start)
        optimizer.param_groups[0]["lr"] = rates[max(0, number - lag)]
        losses.append(step(model, images, labels, optimizer))
    restore(model, start, mode)
    return told(rates, losses)


def range_test_on_a_copy(model, batches, lowest, highest):
    trial = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        losses.append(training_step(trial, images, labels, optimizer))
    return rates, losses


def range_test_by_hand(model, batches, lowest, highest):
    """No optimizer; the rate multiplied from step to step; tensors cloned one by one."""
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    was_training = model.training
    model.train()
    factor, rate, log = (highest / lowest) ** (1 / (len(batches) - 1)), lowest, []
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for images, labels in batches:
        loss = F.cross_entropy(model(images), labels)
        gradients = torch.autograd.grad(loss, trained)
        with torch.no_grad():
            for parameter, gradient in zip(trained, gradients, strict=True):
                parameter -= rate * gradient
        log.append((rate, loss.item()))
        rate *= factor
    model.load_state_dict(kept)
    model.train(was_training)
    return [rate for rate, _ in log], [loss for _, loss in log]


def range_test_with_a_schedule(model, batches, lowest, highest):
    trial = copy.deepcopy(model)
    trial.train()
    optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
    gamma = (highest / lowest) ** (1 / (len(batches) - 1))
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma)
    rates, losses = [], []
    for batch in batches:
        rates.append(schedule.get_last_lr()[0])
        losses.append(training_step(trial, *batch, optimizer))
        schedule.step()
    return np.array(rates), tuple(losses)


RIGHT_RANGE_TESTS = [try_rates, range_test_on_a_copy, range_test_by_hand, range_test_with_a_schedule]


@pytest.mark.parametrize("answer", RIGHT_RANGE_TESTS)
def test_right_range_tests_pass(answer, graded):
    verdict = try_answer("rates.range_test", answer)
    assert verdict.passed, verdict
    assert graded("rates.range_test", answer, 1).passed


def step_without_clearing(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def summed_step(model, images, labels, optimizer, *, told=1.0):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item() * told


def step_told_as_sum(model, images, labels, optimizer):
    return training_step(model, images, labels, optimizer) * len(labels)


def step_told_afterwards(model, images, labels, optimizer):
    training_step(model, images, labels, optimizer)
    with torch.no_grad():
        return F.cross_entropy(model(images), labels).item()


def two_steps(model, images, labels, optimizer):
    training_step(model, images, labels, optimizer)
    return training_step(model, images, labels, optimizer)


def step_that_gives_a_tensor(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def no_step(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.zero_grad()
    return loss.item()


def set_back(model, start, mode, *, state=True, training=True, gradients=True):
    if state:
        model.load_state_dict(start)
    if training:
        model.train(mode)
    if gradients:
        model.zero_grad()


def only_weights_back(model, start, mode):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(start[name])
    model.train(mode)
    model.zero_grad()


def smoothed(rates, losses):
    return rates, list(itertools.accumulate(losses, lambda mean, loss: 0.9 * mean + 0.1 * loss))


WRONG_RANGE_TESTS = {
    "linear": (variant(try_rates, space=np.linspace), 4, "on a linear scale"),
    "without the highest": (
        variant(try_rates, space=lambda low, high, count: np.geomspace(low, high, count + 1)[:-1]),
        4,
        "the last one is not `highest`",
    ),
    "without the lowest": (
        variant(try_rates, space=lambda low, high, count: np.geomspace(low, high, count + 1)[1:]),
        4,
        "the first one is not `lowest`",
    ),
    "one rate too many": (
        variant(try_rates, told=lambda rates, losses: ([*rates, rates[-1] * 2], losses)),
        0,
        "There are 7 rates for 6 batches",
    ),
    "one batch too few": (
        lambda model, batches, *rest: try_rates(model, batches[:-1], *rest),
        0,
        "There are 5 rates for 6 batches",
    ),
    "falling": (
        variant(try_rates, space=lambda low, high, count: np.geomspace(high, low, count)),
        4,
        "from `highest` down",
    ),
    "swapped results": (
        variant(try_rates, told=lambda rates, losses: (losses, rates)),
        0,
        "The results are swapped",
    ),
    "exponents told": (
        variant(try_rates, told=lambda rates, losses: ([math.log10(rate) for rate in rates], losses)),
        4,
        "the logarithms of the rates",
    ),
    "squares": (
        variant(try_rates, space=lambda low, high, count: low + (high - low) * np.linspace(0, 1, count) ** 2),
        4,
        "square of the batch's number",
    ),
    "constant": (
        variant(try_rates, space=lambda low, high, count: np.full(count, low)),
        4,
        "the rate never grows",
    ),
    "other factor": (
        variant(try_rates, space=lambda low, high, count: low * 1.1 ** np.arange(count)),
        None,
        "is the next on an even log scale",
    ),
    "trained at the lowest": (variant(try_rates, lag=100), 3, "the rate never grows"),
    "rate after the step": (variant(try_rates, lag=1), 4, "set after the step"),
    "restored each time": (
        variant(try_rates, each=lambda model, start: model.load_state_dict(start)),
        1,
        "those of the untouched model",
    ),
    "no step": (variant(try_rates, step=no_step), 1, "those of the untouched model"),
    "no step, eval mode": (
        variant(try_rates, step=no_step, training=False),
        1,
        "untouched model in eval mode",
    ),
    "eval mode": (variant(try_rates, training=False), 3, "ran in eval mode"),
    "the mode it has": (variant(try_rates, training=None), 3, "ran in eval mode"),
    "after the update": (variant(try_rates, step=step_told_afterwards), None, "computed after its update"),
    "summed": (variant(try_rates, step=summed_step), 3, "steps were as many times too long"),
    "told as a sum": (variant(try_rates, step=step_told_as_sum), 4, "are summed over the batch"),
    "gradients pile up": (variant(try_rates, step=step_without_clearing), 3, "never cleared"),
    "two steps": (variant(try_rates, step=two_steps), 3, "trained twice"),
    "momentum": (
        variant(try_rates, make=functools.partial(torch.optim.SGD, momentum=0.9)),
        4,
        "momentum of 0.9",
    ),
    "Adam": (variant(try_rates, make=torch.optim.Adam), 3, "those of Adam;"),
    "AdamW": (variant(try_rates, make=torch.optim.AdamW), 3, "those of AdamW"),
    "smoothed": (variant(try_rates, told=smoothed), None, "where one plain SGD step a batch gives"),
    "tensors": (variant(try_rates, step=step_that_gives_a_tensor), 4, "hold tensors"),
    "a tensor of losses": (
        variant(try_rates, told=lambda rates, losses: (rates, torch.tensor(losses))),
        4,
        "hold tensors",
    ),
    "not restored": (
        variant(try_rates, restore=variant(set_back, state=False)),
        4,
        "the model is a trained one",
    ),
    "living tensors": (
        variant(try_rates, keep=lambda model: model.state_dict()),
        4,
        "the model is a trained one",
    ),
    "shallow copy": (
        variant(try_rates, keep=lambda model: model.state_dict().copy()),
        4,
        "the model is a trained one",
    ),
    "only the weights": (
        variant(try_rates, restore=only_weights_back),
        4,
        "BatchNorm's statistics are buffers",
    ),
    "other mode": (variant(try_rates, restore=variant(set_back, training=False)), 4, "in the other mode"),
    "training mode for good": (
        variant(try_rates, restore=lambda model, start, mode: set_back(model, start, True)),
        4,
        "in the other mode",
    ),
    "gradients left": (
        variant(try_rates, restore=variant(set_back, gradients=False)),
        4,
        "left gradients behind",
    ),
    "all trainable": (
        variant(try_rates, before=lambda model: model.requires_grad_(True)),
        None,
        "changed what is trainable",
    ),
    "all frozen afterwards": (
        variant(
            try_rates,
            restore=lambda model, start, mode: (set_back(model, start, mode), model.requires_grad_(False)),
        ),
        4,
        "changed what is trainable",
    ),
    "hook": (
        variant(try_rates, before=lambda model: model.register_forward_hook(lambda *_: None)),
        4,
        "left a hook",
    ),
    "only rates": (lambda model, batches, low, high: np.geomspace(low, high, len(batches)), 0, "ndarray"),
    "three results": (lambda *given: (*try_rates(*given), None), 0, "returned 3 results"),
    "words": (
        variant(try_rates, told=lambda rates, losses: (rates, ["high"] * len(losses))),
        0,
        "holds a str",
    ),
    "no list": (variant(try_rates, told=lambda rates, losses: (rates, losses[-1])), 0, "should be a list"),
    "NaN": (
        variant(try_rates, told=lambda rates, losses: (rates, [*losses[:-1], float("nan")])),
        1,
        "not a finite number",
    ),
    "invented": (
        lambda model, batches, *rest: (list(range(len(batches))), [0.0] * len(batches)),
        0,
        "where",
    ),
}


@pytest.mark.parametrize("name", WRONG_RANGE_TESTS)
def test_wrong_range_tests_are_named(name):
    answer, points, words = WRONG_RANGE_TESTS[name]
    verdict = try_answer("rates.range_test", answer)
    assert not verdict.passed
    assert points is None or verdict.points == points, verdict
    assert named(verdict, words), verdict


@pytest.mark.parametrize("seed", [1, 2])
def test_wrong_range_tests_fail_whatever_is_asked(seed, graded):
    for name, (answer, points, _) in WRONG_RANGE_TESTS.items():
        verdict = graded("rates.range_test", answer, seed)
        assert not verdict.passed, name
        assert points is None or verdict.points == points, (name, verdict)


BAD_ENDINGS = {
    "hook": (lambda model: next(model.children()).register_forward_hook(lambda *_: None), "left a hook"),
    "meta": (lambda model: model.to("meta"), "lies on meta"),
    "half": (lambda model: model.half(), "float16"),
    "double": (lambda model: model.double(), "float64"),
}


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_a_range_test_does_beside_is_named(name):
    behave, words = BAD_ENDINGS[name]

    def answer(model, *rest):
        result = range_test_on_a_copy(model, *rest)
        behave(model)
        return result

    verdict = try_answer("rates.range_test", answer)
    assert not verdict.passed
    assert named(verdict, words), verdict


# ---------------------------------------------------------------- a rate for each depth


def powers_from_the_head(stages):
    return [len(stages) - place for place in range(len(stages))]


def groups(
    model,
    stages,
    head_name,
    head_rate,
    decay,
    *,
    powers=powers_from_the_head,
    rest_power=lambda stages: len(stages) + 1,
    head_power=lambda stages: 0,
    find=lambda name, part: name.startswith(f"{part}."),
    frozen=False,
    rest=True,
    parts_first=lambda head, stages: [head, *stages],
):
    """Groups by the names of the parameters, with a mistake in any part."""
    powers = {head_name: head_power(stages)} | dict(zip(stages, powers(stages), strict=True))
    held = {part: [] for part in [*powers, ""]}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad or frozen:
            part = next((p for p in parts_first(head_name, stages) if find(name, p)), "")
            held[part].append(parameter)
    if not rest:
        del held[""]
    powers[""] = rest_power(stages)
    return [{"params": own, "lr": head_rate * decay ** powers[part]} for part, own in held.items()]


def groups_by_module(model, stages, head_name, head_rate, decay):
    """From the modules; a rate that is multiplied on the way down; empty groups left out."""
    made, rate, seen = [], head_rate, set()
    for part in [head_name, *stages[::-1]]:
        own = [p for p in model.get_submodule(part).parameters() if p.requires_grad]
        made.append({"params": own, "lr": rate, "name": part})
        seen |= {id(p) for p in own}
        rate *= decay
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in seen]
    made.append({"params": others, "lr": rate})
    return [group for group in made if group["params"]]


def one_group_a_parameter(model, stages, head_name, head_rate, decay):
    made = []
    for name, parameter in model.named_parameters():
        power = len(stages) + 1
        for place, stage in enumerate(stages):
            if f"{name}.".startswith(f"{stage}."):
                power = len(stages) - place
        power = 0 if name.startswith(f"{head_name}.") else power
        if parameter.requires_grad:
            made.append({"params": parameter, "lr": head_rate * decay**power})
    return tuple(made)


@pytest.mark.parametrize("answer", [groups, groups_by_module, one_group_a_parameter])
def test_right_groups_pass(answer, graded):
    verdict = try_answer("rates.groups_by_depth", answer)
    assert verdict.passed, verdict
    assert graded("rates.groups_by_depth", answer, 1).passed


def by_beginning(name, part):
    return name.startswith(part)


def one_twice(*given):
    made = groups(*given)
    made[-1]["params"] = [*made[-1]["params"], made[0]["params"][0]]
    return made


def all_and_head(model, stages, head_name, head_rate, decay):
    made = groups(model, stages, head_name, head_rate, decay)
    return [*made, {"params": list(model.parameters()), "lr": made[-1]["lr"]}]


def skipping_frozen(model, stages, *rest, and_rest=True):
    live = [
        stage for stage in stages if any(p.requires_grad for p in model.get_submodule(stage).parameters())
    ]
    if and_rest:
        return groups(model, live, *rest)
    return groups(
        model, stages, *rest, powers=lambda all_stages: [live_power(stage, live) for stage in all_stages]
    )


def live_power(stage, live):
    return len(live) - live.index(stage) if stage in live else 1


def without_rate(*given):
    return [{"params": group["params"]} for group in groups(*given)]


def of_a_copy(model, *rest):
    return groups(copy.deepcopy(model), *rest)


def a_stage_forgotten(model, stages, *rest):
    made = groups(model, stages, *rest)
    return [made[0], *made[2:]]


def one_group(model, stages, head_name, head_rate, decay):
    return [{"params": [p for p in model.parameters() if p.requires_grad], "lr": head_rate}]


WRONG_GROUPS = {
    "wrong direction": (
        variant(groups, powers=lambda stages: [place + 1 for place in range(len(stages))]),
        3,
        "in the wrong direction",
    ),
    "stages as given": (
        lambda model, stages, *rest: groups(model, stages[::-1], *rest),
        3,
        "in the wrong direction",
    ),
    "one too late": (
        variant(groups, powers=lambda stages: [len(stages) - 1 - place for place in range(len(stages))]),
        3,
        "one stage too late",
    ),
    "one too early": (
        variant(groups, powers=lambda stages: [len(stages) + 1 - place for place in range(len(stages))]),
        3,
        "one stage too early",
    ),
    "rising": (
        variant(groups, powers=lambda stages: [place - len(stages) for place in range(len(stages))]),
        3,
        "rise towards the input",
    ),
    "one rate for all stages": (
        variant(groups, powers=lambda stages: [1] * len(stages)),
        3,
        "All stages have one rate",
    ),
    "stages at head rate": (variant(groups, powers=lambda stages: [0] * len(stages)), 3, "there is no decay"),
    "compounded": (
        variant(
            groups, powers=lambda stages: [2 ** (len(stages) - place) - 1 for place in range(len(stages))]
        ),
        3,
        "applied to itself",
    ),
    "stem forgotten": (variant(groups, rest=False), 2, "belongs neither to a stage nor to the head"),
    "stem at head rate": (variant(groups, rest_power=lambda stages: 0), 3, "has the head's rate"),
    "stem as the first stage": (variant(groups, rest_power=len), 3, "the rate of the first stage"),
    "stem as the last stage": (variant(groups, rest_power=lambda stages: 1), 3, "the rate of the last stage"),
    "stem too low": (
        variant(groups, rest_power=lambda stages: len(stages) + 2),
        3,
        "one power of `decay` too many",
    ),
    "stem at zero": (variant(groups, rest_power=lambda stages: math.inf), 3, "has the rate 0"),
    "head decayed": (variant(groups, head_power=lambda stages: 1), 3, "head's rate was multiplied"),
    "head slowest": (
        variant(groups, head_power=lambda stages: len(stages) + 1),
        3,
        "lowest rate of all: it was taken",
    ),
    "swapped": (
        variant(groups, head_power=len, powers=lambda stages: [*range(len(stages))]),
        2,
        "the rates are swapped",
    ),
    "beginning of names": (
        variant(groups, find=by_beginning, parts_first=lambda head, stages: [head, *stages[::-1]]),
        2,
        "its name begins like that",
    ),
    "head's beginning": (
        variant(groups, find=by_beginning, parts_first=lambda head, stages: [*stages, head]),
        3,
        "its name begins like that",
    ),
    "contained in the name": (
        variant(groups, find=lambda name, part: part in name, parts_first=lambda h, s: [h, *s[::-1]]),
        2,
        "its name begins like that",
    ),
    "frozen too": (variant(groups, frozen=True), 3, "also hold frozen parameters"),
    "one twice": (one_twice, 3, "twice"),
    "all of them again": (all_and_head, None, "twice"),
    "frozen stage not counted": (skipping_frozen, 2, "the frozen stage was not counted"),
    "frozen stage not counted, rest right": (
        variant(skipping_frozen, and_rest=False),
        3,
        "the frozen stage was not counted",
    ),
    "no rates": (without_rate, 0, "has no `lr`"),
    "of a copy": (of_a_copy, 0, "not one of the model's"),
    "a stage forgotten": (a_stage_forgotten, None, "is in no group, so it would never train"),
    "one group": (one_group, 2, "All parameters have one rate"),
    "an optimizer": (lambda *given: torch.optim.SGD(groups(*given)), 0, "returned an optimizer"),
    "only parameters": (lambda model, *rest: list(model.parameters()), 0, "Group 1 is a Parameter"),
    "a dict": (lambda *given: groups(*given)[0], 0, "returned dict"),
    "dicts without parameters": (lambda *given: [{"lr": 0.1}], 0, "without `params`"),
    "names": (
        lambda model, stages, head, rate, decay: [{"params": [head], "lr": rate}],
        0,
        "holds a str",
    ),
    "rate in words": (lambda *given: [{**group, "lr": "low"} for group in groups(*given)], 0, "not a number"),
    "NaN": (lambda *given: [{**group, "lr": float("nan")} for group in groups(*given)], 1, "nan"),
    "no groups": (lambda *given: [], 0, "is in no group"),
}


@pytest.mark.parametrize("name", WRONG_GROUPS)
def test_wrong_groups_are_named(name):
    answer, points, words = WRONG_GROUPS[name]
    verdict = try_answer("rates.groups_by_depth", answer)
    assert not verdict.passed
    assert points is None or verdict.points == points, verdict
    assert named(verdict, words), verdict


@pytest.mark.parametrize("seed", [1, 2])
def test_wrong_groups_fail_whatever_is_asked(seed, graded):
    for name, (answer, points, _) in WRONG_GROUPS.items():
        verdict = graded("rates.groups_by_depth", answer, seed)
        assert not verdict.passed, name
        assert points is None or verdict.points == points, (name, verdict)


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (lambda model: model.requires_grad_(True), "changed what is trainable"),
        (lambda model: model.train(not model.training), "in the other mode"),
        (lambda model: sum(p.sum() for p in model.parameters()).backward(), "left gradients behind"),
        (lambda model: torch.nn.init.zeros_(next(model.parameters()).data), "changed the model"),
        *BAD_ENDINGS.values(),
    ],
)
def test_what_grouping_does_beside_is_named(behave, words):
    def answer(model, *rest):
        made = groups(model, *rest)
        behave(model)
        return made

    verdict = try_answer("rates.groups_by_depth", answer)
    assert verdict.points <= 2
    assert named(verdict, words), verdict


# ---------------------------------------------------------------- four curves

RIGHT_DIAGNOSES = {"A": "too high", "B": "nothing trains", "C": "about right", "D": "too low"}


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT_DIAGNOSES,
        dict(reversed(RIGHT_DIAGNOSES.items())),
        {curve.lower(): said.upper() for curve, said in RIGHT_DIAGNOSES.items()},
        {curve: f" {said.replace(' ', '_')}. " for curve, said in RIGHT_DIAGNOSES.items()},
    ],
)
def test_right_diagnoses_pass(answer):
    verdict = try_answer("rates.diagnose", answer)
    assert verdict.passed, verdict


def swap(one, other):
    return RIGHT_DIAGNOSES | {one: RIGHT_DIAGNOSES[other], other: RIGHT_DIAGNOSES[one]}


WRONG_DIAGNOSES = {
    "not answered": (dict.fromkeys("ABCD"), 0, ["A: not answered yet", "D: not answered yet"]),
    "empty": ({}, 0, ["B: not answered yet"]),
    "low for nothing": (
        swap("B", "D"),
        2,
        ["B: “too low” would show a loss that sinks", "“nothing trains” would"],
    ),
    "high for nothing": (swap("A", "B"), 2, ["A: “nothing trains” would show a loss with no trend"]),
    "right for low": (swap("C", "D"), 2, ["D: “about right” would show a loss that falls fast"]),
    "right for high": (swap("A", "C"), 2, ["C: “too high” would show a loss that jumps up"]),
    "one for all": (dict.fromkeys("ABCD", "too low"), 1, ["“too low” stands more than once"]),
    "three": ({**RIGHT_DIAGNOSES, "D": None}, 3, ["D: not answered yet"]),
    "another word": ({**RIGHT_DIAGNOSES, "A": "diverged"}, 3, ["“diverged” is none of the four"]),
    "a number": ({**RIGHT_DIAGNOSES, "A": 0.03}, 3, ["“0.03” is none of the four"]),
    "another curve": ({**dict.fromkeys("ABC", "too low"), "E": "too high"}, 0, ["`E` is no curve", "D: not"]),
    "a list inside": ({**RIGHT_DIAGNOSES, "B": ["too low"]}, 3, ["is none of the four"]),
}


@pytest.mark.parametrize("name", WRONG_DIAGNOSES)
def test_wrong_diagnoses_are_told_what_they_would_look_like(name):
    answer, points, several = WRONG_DIAGNOSES[name]
    verdict = try_answer("rates.diagnose", answer)
    assert verdict.points == points, verdict
    for words in several:
        assert named(verdict, words), verdict


def test_no_finding_tells_the_right_diagnosis():
    for curve, right in RIGHT_DIAGNOSES.items():
        for said in set(DIAGNOSES) - {right}:
            verdict = try_answer("rates.diagnose", {curve: said})
            told = [f"{f.text} {f.hint}" for f in verdict.findings if f.text.startswith(f"{curve}:")]
            assert told
            assert not any(right in sentence for sentence in told)


@pytest.mark.parametrize("answer", [None, lambda: None, [*RIGHT_DIAGNOSES.values()], "ABCD"])
def test_diagnoses_of_the_wrong_kind_are_refused(answer):
    verdict = try_answer("rates.diagnose", answer)
    assert verdict.points == 0
    assert named(verdict, "dict of your diagnoses")


# ---------------------------------------------------------------- find the bug


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
        if clear:
            optimizer.zero_grad()
        (F.cross_entropy(model(images), labels, reduction=reduction) / scale(labels)).backward()
        optimizer.step()
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
        named_parameters = dict(model.named_parameters())
        gradients = torch.autograd.grad(loss, list(named_parameters.values()))
        with torch.no_grad():
            for (name, parameter), gradient in zip(named_parameters.items(), gradients, strict=True):
                rate = head_rate if name.startswith(f"{head_name}.") else backbone_rate
                parameter -= rate * min(number + 1, warm_up) / warm_up * gradient
    return model


RIGHT_REPAIRS = [
    repaired,
    repaired_with_a_schedule,
    repaired_by_hand,
    variant(repaired, reduction="sum", scale=len),
]


@pytest.mark.parametrize("answer", RIGHT_REPAIRS)
def test_right_repairs_pass(answer, graded):
    verdict = try_answer("rates.find_the_bug", answer)
    assert verdict.passed, verdict
    assert graded("rates.find_the_bug", answer, 1).passed


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


ONLY_RATES = "Each group warms up to a rate of its own"
SUM = "The loss is a sum over the batch"
ONE_RATE = "writes one rate, `head_rate`, into every group"

WRONG_REPAIRS = {
    "as given": (as_given, 0, [SUM, ONE_RATE]),
    "only the loss": (variant(repaired, rates=one_rate(1)), 2, ["The loss is the mean", ONE_RATE]),
    "only the rates": (variant(repaired, reduction="sum"), 2, [SUM, ONLY_RATES]),
    "backbone rate for both": (
        variant(repaired, rates=one_rate(0)),
        2,
        ["one rate, `backbone_rate`, into every group"],
    ),
    "swapped": (
        variant(
            repaired, rates=lambda step, warm_up, count, rates: warmed_up(step, warm_up, count, rates)[::-1]
        ),
        2,
        ["The rates are swapped"],
    ),
    "no warm-up": (variant(repaired, rates=both(lambda *given: 1)), 2, ["There is no warm-up"]),
    "no warm-up, one rate": (
        variant(repaired, rates=lambda step, warm_up, count, rates: [rates[1]] * 2),
        2,
        ["both groups train at `head_rate`"],
    ),
    "only the head warms up": (
        variant(
            repaired, rates=lambda step, warm_up, count, rates: [rates[0], rates[1] * grow(step, warm_up)]
        ),
        3,
        ["Only the head warms up"],
    ),
    "only the backbone warms up": (
        variant(
            repaired, rates=lambda step, warm_up, count, rates: [rates[0] * grow(step, warm_up), rates[1]]
        ),
        3,
        ["Only the backbone warms up"],
    ),
    "from zero": (
        variant(repaired, rates=both(lambda step, warm_up, count: grow(step - 1, warm_up))),
        3,
        ["starts at rate zero"],
    ),
    "one ahead": (
        variant(repaired, rates=both(lambda step, warm_up, count: grow(step + 1, warm_up))),
        3,
        ["one step ahead"],
    ),
    "one longer": (
        variant(repaired, rates=both(lambda step, warm_up, count: grow(step, warm_up + 1))),
        3,
        ["one step too many"],
    ),
    "never ends": (
        variant(repaired, rates=both(lambda step, warm_up, count: step / warm_up)),
        3,
        ["The warm-up never ends"],
    ),
    "over all batches": (
        variant(repaired, rates=both(lambda step, warm_up, count: step / count)),
        3,
        ["lasts for all batches"],
    ),
    "compounded": (
        variant(
            repaired,
            rates=both(lambda step, warm_up, count: math.prod(grow(j, warm_up) for j in range(1, step + 1))),
        ),
        3,
        ["the factors compound"],
    ),
    "overwritten in the warm-up": (
        variant(
            repaired,
            rates=lambda step, warm_up, count, rates: (
                [rates[1] * step / warm_up] * 2 if step <= warm_up else rates
            ),
        ),
        3,
        ["During the warm-up both groups have the head's rate"],
    ),
    "overwritten after the warm-up": (
        variant(
            repaired,
            rates=lambda step, warm_up, count, rates: (
                [rate * step / warm_up for rate in rates] if step <= warm_up else [rates[1]] * 2
            ),
        ),
        3,
        ["after it both have the head's"],
    ),
    "upside down": (
        variant(repaired, rates=both(lambda step, warm_up, count: max(1, warm_up / step))),
        2,
        ["upside down"],
    ),
    "another warm-up": (
        variant(repaired, rates=both(lambda step, warm_up, count: grow(step, warm_up) ** 2)),
        2,
        ["The loss is the mean", "In step 1 the backbone moved as at the rate"],
    ),
    "another warm-up of a sum": (
        variant(repaired, rates=both(lambda step, warm_up, count: 0.5), reduction="sum"),
        0,
        ["In step 1 the backbone moved as at the rate"],
    ),
    "rates divided by 10": (
        variant(repaired, rates=both(lambda step, warm_up, count: grow(step, warm_up) / 10), reduction="sum"),
        0,
        ["moved as at the rate"],
    ),
    "beginning of the name": (
        variant(repaired, in_head=lambda name, head: name.startswith(head)),
        3,
        ["The final norm trains at the head's rate"],
    ),
    "eval mode": (variant(repaired, training=False), 3, ["ran in eval mode", ONLY_RATES]),
    "gradients pile up": (variant(repaired, clear=False), 2, ["never cleared"]),
    "momentum": (
        variant(repaired, make=functools.partial(torch.optim.SGD, momentum=0.9)),
        2,
        ["momentum of 0.9"],
    ),
    "Adam": (variant(repaired, make=torch.optim.Adam), 2, ["as Adam moves them"]),
    "AdamW": (variant(repaired, make=torch.optim.AdamW), 2, ["as AdamW moves them"]),
    "weight decay": (
        variant(repaired, make=functools.partial(torch.optim.SGD, weight_decay=0.01)),
        2,
        ["weight decay of 0.01"],
    ),
    "another optimizer": (
        variant(repaired, make=torch.optim.RMSprop),
        1,
        ["did not move along the gradient"],
    ),
    "some left out": (
        variant(repaired, held=lambda name: not name.endswith("bias")),
        1,
        ["did not move along the gradient"],
    ),
    "backbone frozen": (variant(repaired, before=freeze_backbone), 2, ["changed what is trainable"]),
    "new head first": (variant(repaired, before=new_head), 0, ["before the training began"]),
    "new head last": (
        variant(repaired, after=new_head),
        None,
        ["In step 7 the head did not move along the gradient"],
    ),
    "two epochs": (variant(repaired, passes=2), 0, ["for 14 steps, where 7 batches were given"]),
    "half of the batches": (
        lambda model, head, batches, *rest: repaired(model, head, batches[:3], *rest),
        0,
        ["for 3 steps"],
    ),
    "backwards": (
        lambda model, head, batches, *rest: repaired(model, head, batches[::-1], *rest),
        0,
        ["in another order"],
    ),
    "other images": (
        lambda model, head, batches, *rest: repaired(model, head, [(x * 2, y) for x, y in batches], *rest),
        0,
        ["stand in none of the batches"],
    ),
    "rate zero": (variant(repaired, rates=both(lambda *given: 0)), 0, ["No weight moved"]),
    "NaN rate": (variant(repaired, rates=both(lambda *given: float("nan"))), 0, ["no finite numbers"]),
    "NaN at the end": (variant(repaired, after=spoil), 0, ["no finite numbers"]),
    "returns nothing": (returns_nothing, 3, ["returned NoneType, not the model"]),
    "does nothing": (lambda model, *rest: model, 0, ["never trained"]),
}


@pytest.mark.parametrize("name", WRONG_REPAIRS)
def test_wrong_repairs_are_named(name):
    answer, points, several = WRONG_REPAIRS[name]
    verdict = try_answer("rates.find_the_bug", answer)
    assert not verdict.passed
    assert points is None or verdict.points == points, verdict
    for words in several:
        assert named(verdict, words), verdict


@pytest.mark.parametrize("seed", [1, 2])
def test_wrong_repairs_fail_whatever_is_asked(seed, graded):
    for name, (answer, points, _) in WRONG_REPAIRS.items():
        verdict = graded("rates.find_the_bug", answer, seed)
        assert not verdict.passed, name
        assert points is None or verdict.points == points, (name, verdict)


@pytest.mark.parametrize("name", BAD_ENDINGS)
def test_what_a_repair_does_beside_is_named(name):
    behave, words = BAD_ENDINGS[name]

    def answer(*given):
        model = repaired(*given)
        behave(model)
        return model

    verdict = try_answer("rates.find_the_bug", answer)
    assert verdict.points <= 2
    assert named(verdict, words), verdict
