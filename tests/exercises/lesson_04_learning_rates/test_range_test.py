"""Wrong and right range tests, on the public challenge and on secret ones."""

import copy
import functools
import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.exercises.machine.registry import find_exercise

pytestmark = pytest.mark.slow  # trains

ID = "rates.range_test"


def variant(answer, **changes):
    """``answer`` with some of its keyword arguments set; still a function of the asked signature."""
    return functools.partial(answer, **changes)


def training_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


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
    restore=lambda model, start, mode: set_back(model, start, mode),
    keep=lambda model: copy.deepcopy(model.state_dict()),
    told=lambda rates, losses: (rates, losses),
):
    """A range test on the model itself, with a mistake in any part."""
    mode, start = {name: part.training for name, part in model.named_modules()}, keep(model)
    before(model)
    modes_back(model, mode) if training is None else model.train(training)
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
    modes = {name: part.training for name, part in model.named_modules()}
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
    modes_back(model, modes)
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


def range_test_of_0d_tensors_of_numpy(model, batches, lowest, highest):
    """NumPy's numbers of single precision are numbers, too."""
    rates, losses = range_test_on_a_copy(model, batches, lowest, highest)
    return np.array(rates), np.array(losses, dtype=np.float32)


def range_test_compiled(model, batches, lowest, highest):
    trial = torch.compile(copy.deepcopy(model), backend="eager").train()
    optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        losses.append(training_step(trial, images, labels, optimizer))
    return rates, losses


def range_test_with_a_new_optimizer_each(model, batches, lowest, highest):
    """Plain SGD remembers nothing: a new one for each batch is as good."""
    trial, losses, torch_rates = (
        copy.deepcopy(model).train(),
        [],
        torch.logspace(math.log10(lowest), math.log10(highest), len(batches), dtype=torch.float64),
    )
    for rate, (images, labels) in zip(torch_rates.tolist(), batches, strict=True):
        trial.zero_grad()
        loss = F.cross_entropy(trial(images), labels, reduction="sum") / len(labels)
        loss.backward()
        torch.optim.SGD([{"params": [p]} for p in trial.parameters() if p.requires_grad], lr=rate).step()
        losses.append(float(loss))
    return tuple(torch_rates.tolist()), losses


RIGHT = [
    range_test_on_a_copy,
    range_test_by_hand,
    range_test_with_a_schedule,
    range_test_of_0d_tensors_of_numpy,
    range_test_compiled,
    range_test_with_a_new_optimizer_each,
    try_rates,
]


@pytest.mark.parametrize("answer", RIGHT)
@pytest.mark.parametrize("seed", [101, 102])
def test_right_range_tests_pass(answer, seed, graded):
    assert graded(ID, answer, seed).passed, graded(ID, answer, seed)


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


def modes_back(model, modes):
    for name, part in model.named_modules():
        part.training = modes[name]


def set_back(model, start, mode, *, state=True, training=True, gradients=True):
    if state:
        model.load_state_dict(start)
    if training:
        modes_back(model, mode) if isinstance(mode, dict) else model.train(mode)
    if gradients:
        model.zero_grad()


def only_weights_back(model, start, mode):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(start[name])
    modes_back(model, mode)
    model.zero_grad()


def named(space):
    return variant(try_rates, space=space)


def step(change):
    return variant(try_rates, step=change)


def stops(rule, keep_last=True):
    """A test on a copy that ends where ``rule(losses)`` holds."""

    def answer(model, batches, lowest, highest):
        trial = copy.deepcopy(model).train()
        optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
        rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
        for rate, (images, labels) in zip(rates, batches, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            losses.append(training_step(trial, images, labels, optimizer))
            if rule(losses):
                break
        return rates[: len(losses)], losses

    return answer


def with_loss(loss_of, scale=1.0):
    """A training step with another loss, which is also told."""

    def change(model, images, labels, optimizer):
        optimizer.zero_grad()
        loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item() * scale

    return step(change)


def between(act, clear=True):
    """A training step with something between ``backward()`` and ``optimizer.step()``."""

    def change(model, images, labels, optimizer):
        if clear:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        act(model, optimizer)
        optimizer.step()
        return loss.item()

    return step(change)


def cleared_at_the_end(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def no_backward(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    optimizer.step()
    return loss.item()


def without_gradients(model, images, labels, optimizer):
    with torch.no_grad():
        return F.cross_entropy(model(images), labels).item()


def two_updates(model, images, labels, optimizer):
    loss = training_step(model, images, labels, optimizer)
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()
    return loss


def told_in_eval_mode(model, images, labels, optimizer):
    model.eval()
    with torch.no_grad():
        loss = F.cross_entropy(model(images), labels).item()
    model.train()
    training_step(model, images, labels, optimizer)
    return loss


def on_odd_batches(step_of):
    """Every second batch gets another training step."""

    def answer(model, batches, lowest, highest):
        trial = copy.deepcopy(model).train()
        optimizer = torch.optim.SGD(trial.parameters(), lr=lowest)
        rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
        for number, (rate, batch) in enumerate(zip(rates, batches, strict=True)):
            optimizer.param_groups[0]["lr"] = rate
            losses.append((step_of if number % 2 else training_step)(trial, *batch, optimizer))
        return rates, losses

    return answer


def no_backward_nor_clearing(model, images, labels, optimizer):
    loss = F.cross_entropy(model(images), labels)
    optimizer.step()
    return loss.item()


def zeros_before_step(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    return loss.item()


def by_hand_twice_as_far(model, batches, lowest, highest):
    trial = copy.deepcopy(model).train()
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, (images, labels) in zip(rates, batches, strict=True):
        trained = [p for p in trial.parameters() if p.requires_grad]
        loss = F.cross_entropy(trial(images), labels)
        for parameter, gradient in zip(trained, torch.autograd.grad(loss, trained), strict=True):
            parameter.data -= 2 * rate * gradient
        losses.append(loss.item())
    return rates, losses


def twice_the_rate(model, batches, lowest, highest):
    rates, losses = range_test_on_a_copy(model, batches, 2 * lowest, 2 * highest)
    return [rate / 2 for rate in rates], losses


def head_reset(model, start):
    with torch.no_grad():
        for parameter in list(model.parameters())[-3:]:
            parameter.fill_(0.1)


def told(change):
    return variant(try_rates, told=lambda rates, losses: (rates, change(losses)))


def told_both(change):
    return variant(try_rates, told=change)


def with_told(change):
    return step(
        lambda model, images, labels, optimizer: change(
            training_step(model, images, labels, optimizer), labels
        )
    )


class Tenth(torch.optim.SGD):
    """Takes a tenth of each step."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.div_(10)
        return super().step(closure)


def smoothed_losses(losses):
    return list(itertools.accumulate(losses, lambda mean, loss: 0.9 * mean + 0.1 * loss))


def on_batches(change):
    return lambda model, batches, *rest: try_rates(model, change(batches), *rest)


def a_copy_for_each(model, batches, lowest, highest):
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, batch in zip(rates, batches, strict=True):
        trial = copy.deepcopy(model).train()
        losses.append(training_step(trial, *batch, torch.optim.SGD(trial.parameters(), lr=rate)))
    return rates, losses


def a_copy_read_but_the_model_trained(model, batches, lowest, highest):
    """The optimizer holds the model's parameters, the losses come from the copy."""
    trial = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lowest)
    rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
    for rate, batch in zip(rates, batches, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        losses.append(training_step(trial, *batch, optimizer))
    return rates, losses


def only(part):
    """Only some of the parameters are in the optimizer."""

    def answer(model, batches, lowest, highest):
        trial = copy.deepcopy(model).train()
        optimizer = torch.optim.SGD(part(trial), lr=lowest)
        rates, losses = np.geomspace(lowest, highest, len(batches)).tolist(), []
        for rate, (images, labels) in zip(rates, batches, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            trial.zero_grad()
            loss = F.cross_entropy(trial(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return rates, losses

    return answer


def half_of_the_original(model, batches, lowest, highest):
    given = list(model.parameters())
    return only(lambda trial: [*given[:-6], *list(trial.parameters())[-6:]])(model, batches, lowest, highest)


def frozen_copy(model, batches, lowest, highest):
    trial = copy.deepcopy(model)
    for parameter in list(trial.parameters())[:-4]:
        parameter.requires_grad_(False)
    return range_test_on_a_copy(trial, batches, lowest, highest)


def anew(model):
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return model


def popping(model, batches, lowest, highest):
    copied = list(batches)
    result = range_test_on_a_copy(model, copied, lowest, highest)
    batches.clear()
    return result


def beside(behave):
    """A right test, and something else done to the model."""

    def answer(model, *rest):
        result = range_test_on_a_copy(model, *rest)
        behave(model)
        return result

    return answer


def frozen_batch_norm(model):
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.eval()


def without_nan(losses):
    kept = []
    for loss in losses:
        kept.append(loss if math.isfinite(loss) else kept[-1])
    return kept


def dropout_off(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def sgd(**settings):
    return variant(try_rates, make=functools.partial(torch.optim.SGD, **settings))


WRONG = {
    # what comes back
    "one rate too many": (told_both(lambda r, x: ([*r, r[-1] * 2], x)), 2, "other-length"),
    "one batch too few": (on_batches(lambda b: b[:-1]), 2, "other-length"),
    "the first batch skipped": (on_batches(lambda b: b[1:]), 2, "other-length"),
    "stops where the loss rises": (stops(lambda x: len(x) > 1 and x[-1] > x[-2]), 2, "other-length"),
    "stops at four times the best": (stops(lambda x: x[-1] > 4 * min(x)), 2, "other-length"),
    "stops at twice the first": (stops(lambda x: x[-1] > 2 * x[0]), 2, "other-length"),
    "stops at a loss that is no number": (stops(lambda x: not math.isfinite(x[-1])), 2, "other-length"),
    "swapped results": (told_both(lambda r, x: (x, r)), 2, "swapped"),
    "only rates": (
        lambda model, batches, low, high: np.geomspace(low, high, len(batches)),
        0,
        "no-two-lists",
    ),
    "three results": (lambda *given: (*try_rates(*given), None), 0, "no-two-lists"),
    "pairs": (lambda *given: list(zip(*try_rates(*given), strict=True)), 0, "no-two-lists"),
    "a dict": (
        lambda *given: dict(zip(("rates", "losses"), try_rates(*given), strict=True)),
        0,
        "no-two-lists",
    ),
    "words": (told_both(lambda r, x: (r, ["high"] * len(x))), 0, "no-two-lists"),
    "no list": (told_both(lambda r, x: (r, x[-1])), 0, "no-two-lists"),
    "a 0-d tensor": (told_both(lambda r, x: (r, torch.tensor(x[-1]))), 0, "no-two-lists"),
    "nothing": (lambda *given: None, 0, "no-two-lists"),
    "empty lists": (lambda *given: ([], []), 2, "other-length"),
    "tensors": (step(lambda *given: torch.tensor(training_step(*given))), 4, "tensors"),
    "tensors with their graph": (step(step_that_gives_a_tensor), 4, "tensors"),
    "a tensor of losses": (told(torch.tensor), 4, "tensors"),
    "a tensor of rates": (told_both(lambda r, x: (torch.tensor(r), x)), 4, "tensors"),
    # rates
    "linear": (named(np.linspace), 4, "rates-linear"),
    "without the highest": (
        named(lambda a, b, n: np.geomspace(a, b, n + 1)[:-1]),
        4,
        "rates-without-highest",
    ),
    "without the lowest": (named(lambda a, b, n: np.geomspace(a, b, n + 1)[1:]), 4, "rates-without-lowest"),
    "falling": (named(lambda a, b, n: np.geomspace(b, a, n)), 4, "rates-falling"),
    "logspace of the rates told": (
        told_both(lambda r, x: (np.logspace(r[0], r[-1], len(r)), x)),
        4,
        "rates-powers",
    ),
    "exponents told": (told_both(lambda r, x: ([math.log10(v) for v in r], x)), 4, "rates-logarithms"),
    "logarithms told": (told_both(lambda r, x: ([math.log(v) for v in r], x)), 4, "rates-natural-logarithms"),
    "squares": (named(lambda a, b, n: a + (b - a) * np.linspace(0, 1, n) ** 2), 4, "rates-squared"),
    "constant": (named(lambda a, b, n: np.full(n, a)), 4, "rates-constant"),
    "one dict noted again and again": (told_both(lambda r, x: ([r[-1]] * len(r), x)), 4, "rates-all-highest"),
    "other factor": (named(lambda a, b, n: a * 1.1 ** np.arange(n)), 4, "rates-other-factor"),
    "doubled": (named(lambda a, b, n: a * 2.0 ** np.arange(n)), 4, "rates-other-factor"),
    "to twice the highest": (named(lambda a, b, n: np.geomspace(a, 2 * b, n)), 4, "rates-other-factor"),
    "cosine": (
        named(lambda a, b, n: a + (b - a) * (1 - np.cos(np.linspace(0, np.pi, n))) / 2),
        4,
        "rates-otherwise",
    ),
    "rates rounded": (told_both(lambda r, x: ([round(v, 2) for v in r], x)), 4, "rates-otherwise"),
    "NaN as a rate": (told_both(lambda r, x: ([float("nan"), *r[1:]], x)), 4, "rates-otherwise"),
    "rates shuffled": (told_both(lambda r, x: (r[::2] + r[1::2], x)), 4, "rates-otherwise"),
    # training
    "trained at the lowest": (variant(try_rates, lag=100), 3, "rate-never-set"),
    "rate after the step": (variant(try_rates, lag=1), 3, "rate-after-step"),
    "a tenth of the rate": (variant(try_rates, make=lambda p, lr: Tenth(p, lr=lr)), 3, "other-optimizer"),
    "restored each time": (
        variant(try_rates, each=lambda model, start: model.load_state_dict(start)),
        1,
        "untouched",
    ),
    "a copy for each batch": (a_copy_for_each, 1, "untouched"),
    "no step": (step(no_step), 1, "untouched"),
    "no step, eval mode": (variant(try_rates, step=no_step, training=False), 1, "untouched-eval"),
    "no gradients": (step(without_gradients), 1, "never-trained"),
    "no backward": (step(no_backward), 1, "untouched"),
    "invented": (
        lambda model, batches, *rest: ([*range(len(batches))], [0.0] * len(batches)),
        0,
        "never-trained",
    ),
    "rates and no training": (
        lambda model, batches, a, b: (np.geomspace(a, b, len(batches)), [1.0] * len(batches)),
        1,
        "never-trained",
    ),
    "the original's optimizer": (a_copy_read_but_the_model_trained, 1, "untouched"),
    "eval mode": (variant(try_rates, training=False), 3, "other-mode"),
    "the mode it has": (variant(try_rates, training=None), 3, "other-mode"),
    "BatchNorm in eval mode": (
        variant(try_rates, each=lambda model, start: frozen_batch_norm(model)),
        3,
        "other-mode",
    ),
    "summed": (step(summed_step), 3, "gradient-enlarged"),
    "divided": (with_loss(lambda z, y: F.cross_entropy(z, y) / len(y)), 3, "gradient-shrunk"),
    "clipped by norm": (
        between(lambda m, o: torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)),
        3,
        "gradient-shrunk",
    ),
    "clipped by value": (
        between(lambda m, o: torch.nn.utils.clip_grad_value_(m.parameters(), 0.01)),
        3,
        "gradient-of-something-else",
    ),
    "ascent": (with_loss(lambda z, y: -F.cross_entropy(z, y)), 3, "gradient-ascent"),
    "softmax first": (with_loss(lambda z, y: F.cross_entropy(z.softmax(dim=1), y)), 3, "softmax-twice"),
    "labels zero": (with_loss(lambda z, y: F.cross_entropy(z, torch.zeros_like(y))), 3, "labels-zero"),
    "labels smoothed": (
        with_loss(lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1)),
        3,
        "gradient-of-something-else",
    ),
    "labels in another order": (
        with_loss(lambda z, y: F.cross_entropy(z, y.flip(0))),
        3,
        "gradient-of-something-else",
    ),
    "squared error": (
        with_loss(lambda z, y: F.mse_loss(z, F.one_hot(y, z.shape[1]).float())),
        3,
        "gradient-of-something-else",
    ),
    "gradients pile up": (step(step_without_clearing), 3, "gradients-pile-up"),
    "zero_grad at the end": (step(cleared_at_the_end), 3, "gradients-pile-up"),
    "zero_grad before step": (between(lambda m, o: o.zero_grad()), 1, "untouched"),
    "zero_grad in the wrong place, zeros": (
        between(lambda m, o: o.zero_grad(set_to_none=False)),
        1,
        "untouched",
    ),
    "two steps": (step(two_updates), 3, "batch-repeated"),
    "two steps, the second told": (step(two_steps), 3, "batch-repeated"),
    "stepped again": (between(lambda m, o: o.step()), 3, "stepped-again"),
    "backwards": (on_batches(lambda b: b[::-1]), 3, "batches-out-of-order"),
    "the first batch each time": (on_batches(lambda b: [b[0]] * len(b)), 3, "batch-left-out"),
    "other images": (on_batches(lambda b: [(x + 1, y) for x, y in b]), 3, "other-images"),
    "momentum": (sgd(momentum=0.9), 3, "other-momentum"),
    "Nesterov": (sgd(momentum=0.9, nesterov=True), 3, "other-momentum"),
    "weight decay": (sgd(weight_decay=0.1), 3, "other-setting"),
    "maximize": (sgd(maximize=True), 3, "other-setting"),
    "Adam": (variant(try_rates, make=torch.optim.Adam), 3, "other-optimizer"),
    "AdamW": (variant(try_rates, make=torch.optim.AdamW), 3, "other-optimizer"),
    "RMSprop": (variant(try_rates, make=torch.optim.RMSprop), 3, "other-optimizer"),
    "only the last parameters": (only(lambda m: list(m.parameters())[-2:]), 3, "not-in-the-optimizer"),
    "only the biases left out": (
        only(lambda m: [p for n, p in m.named_parameters() if not n.endswith("bias")]),
        3,
        "not-in-the-optimizer",
    ),
    "no backward for some": (on_odd_batches(no_backward), 3, "no-gradient"),
    "zeros for some": (on_odd_batches(zeros_before_step), 3, "zero-gradient"),
    "old gradients for some": (on_odd_batches(no_backward_nor_clearing), 3, "gradients-of-before"),
    "by hand, twice as far": (by_hand_twice_as_far, 3, "never-stepped"),
    "twice the rate": (twice_the_rate, 3, "rate-other-than-told"),
    "dropout switched off": (
        lambda model, *rest: range_test_on_a_copy(dropout_off(copy.deepcopy(model)), *rest),
        3,
        "started-elsewhere",
    ),
    "weights reset": (variant(try_rates, each=head_reset), 3, "weights-rewritten"),
    "half of the original's": (half_of_the_original, 2, "foreign-parameters"),
    "a frozen copy": (frozen_copy, 3, "other-losses"),
    "another start": (
        lambda model, *rest: range_test_on_a_copy(anew(copy.deepcopy(model)), *rest),
        3,
        "started-elsewhere",
    ),
    # what is told of the losses
    "rounded to four places": (told(lambda x: [round(v, 4) for v in x]), 4, "told-rounded"),
    "cut off at 10": (told(lambda x: [min(v, 10.0) for v in x]), 4, "told-otherwise"),
    "the last number for NaN": (told(without_nan), 4, "told-finite"),
    "zero for NaN": (told(lambda x: np.nan_to_num(x).tolist()), 4, "told-finite"),
    "after the update": (step(step_told_afterwards), 4, "told-after-update"),
    "in eval mode": (step(told_in_eval_mode), 4, "told-in-eval-mode"),
    "told as a sum": (step(step_told_as_sum), 4, "told-as-sum"),
    "told divided": (with_told(lambda loss, labels: loss / len(labels)), 4, "told-divided"),
    "accumulated": (told(lambda x: np.cumsum(x).tolist()), 4, "told-accumulated"),
    "running mean": (
        told(lambda x: [sum(x[: i + 1]) / (i + 1) for i in range(len(x))]),
        4,
        "told-running-mean",
    ),
    "smoothed": (told(smoothed_losses), 4, "told-smoothed"),
    "in reverse": (told(lambda x: x[::-1]), 4, "told-reversed"),
    "logarithms": (told(lambda x: [math.log(v) for v in x]), 4, "told-logarithm"),
    "rounded": (told(lambda x: [round(v, 1) for v in x]), 4, "told-rounded"),
    "rounded to two places": (told(lambda x: [round(v, 2) for v in x]), 4, "told-rounded"),
    "whole numbers": (told(lambda x: [v if math.isnan(v) else int(v + 0.5) for v in x]), 4, "told-rounded"),
    "NaN": (told(lambda x: [*x[:-1], float("nan")]), 4, "told-not-finite"),
    "infinite": (told(lambda x: [*x[:-1], float("inf")]), 4, "told-not-finite"),
    "shifted by one": (told(lambda x: [x[0], *x[:-1]]), 4, "told-otherwise"),
    "the best so far": (told(lambda x: np.minimum.accumulate(x).tolist()), 4, "told-otherwise"),
    "the first one for all": (told(lambda x: [x[0]] * len(x)), 4, "told-otherwise"),
    # the model afterwards
    "not restored": (variant(try_rates, restore=variant(set_back, state=False)), 4, "still-trained"),
    "living tensors": (variant(try_rates, keep=lambda model: model.state_dict()), 4, "still-trained"),
    "shallow copy": (variant(try_rates, keep=lambda model: model.state_dict().copy()), 4, "still-trained"),
    "a dict of living tensors": (
        variant(try_rates, keep=lambda model: dict(model.state_dict())),
        4,
        "still-trained",
    ),
    "only the weights": (variant(try_rates, restore=only_weights_back), 4, "statistics-moved"),
    "one mode for all": (
        variant(try_rates, restore=lambda model, start, mode: set_back(model, start, mode[""])),
        4,
        "mode-changed",
    ),
    "dropout switched off for good": (
        variant(try_rates, before=lambda model: dropout_off(model)),
        3 - 1,
        "attributes-changed",
    ),
    "a note on the model": (beside(lambda model: setattr(model, "tested", 1)), 4, "attributes-changed"),
    "channels last": (
        beside(lambda model: model.to(memory_format=torch.channels_last)),
        4,
        "layout-changed",
    ),
    "other mode": (variant(try_rates, restore=variant(set_back, training=False)), 4, "mode-changed"),
    "training mode for good": (
        variant(try_rates, restore=lambda model, start, mode: set_back(model, start, True)),
        4,
        "mode-changed",
    ),
    "eval mode for good": (
        variant(try_rates, restore=lambda model, start, mode: set_back(model, start, False)),
        4,
        "mode-changed",
    ),
    "gradients left": (variant(try_rates, restore=variant(set_back, gradients=False)), 4, "gradients-left"),
    "all frozen afterwards": (
        variant(
            try_rates,
            restore=lambda model, start, mode: (set_back(model, start, mode), model.requires_grad_(False)),
        ),
        4,
        "flags-changed",
    ),
    "hook": (
        variant(try_rates, before=lambda model: model.register_forward_hook(lambda *_: None)),
        4,
        "hook-left",
    ),
    "the list emptied": (popping, 4, "arguments-changed"),
    "a hook beside": (
        beside(lambda model: next(model.children()).register_forward_hook(lambda *_: None)),
        4,
        "hook-left",
    ),
    "to meta": (beside(lambda model: model.to("meta")), 0, "device-changed"),
    "to half": (beside(lambda model: model.half()), 0, "dtype-changed"),
    "to double": (beside(lambda model: model.double()), 0, "dtype-changed"),
    "gradients switched off": (beside(lambda model: torch.set_grad_enabled(False)), 4, "settings-changed"),
    "a layer added": (
        beside(lambda model: model.add_module("more", torch.nn.Linear(2, 2))),
        0,
        "tensors-replaced",
    ),
}


# Those whose price once hung on the secret, or on luck.
ON_EVERY_SECRET = [
    "stops where the loss rises",
    "stops at four times the best",
    "stops at twice the first",
    "stops at a loss that is no number",
    "cut off at 10",
    "the last number for NaN",
    "one mode for all",
    "dropout switched off",
    "zero_grad at the end",
    "clipped by norm",
    "the mode it has",
    "rounded to two places",
    "momentum",
]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_range_tests_are_named(name, graded):
    answer, points, told = WRONG[name]
    verdict = graded(ID, answer, 101)
    assert verdict.points == points, verdict
    assert told in [finding.id for finding in verdict.findings], verdict


@pytest.mark.parametrize("name", ON_EVERY_SECRET)
def test_a_mistake_costs_the_same_on_every_secret(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_every_known_mistake_is_reached(graded):
    told = {f.id for answer, _, _ in WRONG.values() for f in graded(ID, answer, 101).findings}
    assert [mistake.id for mistake in find_exercise(ID).mistakes if mistake.id not in told] == []
