"""The tables of known mistakes in a training step."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from grader.exercises.kit.arguments import ARGUMENTS_CHANGED
from grader.exercises.kit.global_settings import SETTINGS_CHANGED
from grader.exercises.kit.loss_mistakes import loss_mistakes
from grader.exercises.kit.side_effects import side_effects
from grader.exercises.kit.training_mistakes import gradient_mistakes, mode_mistakes
from grader.exercises.lesson_01_scratch_vs_finetuning.training_step_facts import StepFacts
from grader.exercises.machine.mistakes import Mistake

_UPDATE, _LOSS = 3.0, 1.0  # points


def _if_astray(row: Mistake) -> Mistake:
    """The row, for answers alone whose weights or statistics end elsewhere than they should."""
    if row.id == "changed-optimizer":  # a small weight decay hardly shows after three steps
        return row
    return replace(row, shows=lambda facts: facts.astray and row.shows(facts))


def _update(
    name: str, shows: Callable[[StepFacts], Any], text: str, hint: str, costs: float = _UPDATE
) -> Mistake:
    return Mistake(name, shows, text, hint, costs=costs)


_ORDER = "The order is: clear old gradients, forward, loss, `backward()`, `optimizer.step()`."
_NOT_THE_LOSS = "Keep the value of the loss that `backward()` was called on: `loss.item()`."

UPDATE = [
    _if_astray(row)
    for row in [
        _update(
            "step-inside-out",
            lambda f: f.closure,
            "After three steps, each given a closure, `{0.astray[0]}` is not where one update a batch leads.",
            "The closure clears the gradients, computes the loss, calls `backward()` and returns the loss.",
        ),
        _update(
            "trained-a-copy",
            lambda f: f.run.on_a_copy,
            "The images went through a copy of the model, and not through the one that the function is given.",
            "Call `model(images)` on the very model that the function is given.",
        ),
        _update(
            "step-before-forward",
            lambda f: f.step_first,
            "A call began with `optimizer.step()`, before the images came: it used gradients from before.",
            _ORDER,
        ),
        _update(
            "never-stepped",
            lambda f: not f.steps,
            "No optimizer made a step: `optimizer.step()` was never called.",
            "The last thing that changes the weights is `optimizer.step()`, after `backward()`.",
        ),
        _update(
            "step-left-out",
            lambda f: f.step_left_out,
            "Call {1} made no step, though other calls did: its batch changed no weight.",
            "One `optimizer.step()` in each call, whatever the batch and its loss are like.",
        ),
        _update(
            "own-optimizer",
            lambda f: any("other step" in call.events for call in f.run.calls),
            "A step was made by another optimizer than the one that is given: {0.steps[0].kind}.",
            "Use the argument `optimizer`: it holds momentum from one call to the next. Make none of your own.",
        ),
        _update(
            "other-images",
            lambda f: "other" in f.batches,
            "The model was given other images than those of the batch: changed, cut or added to.",
            "`model(images)`: the batch as it comes, all of it, once.",
        ),
        _update(
            "step-before-backward",
            lambda f: f.gradient in ("none", "zeros") and f.gradients_after,
            "`optimizer.step()` came before `backward()` had given it this batch's gradients.",
            _ORDER,
        ),
        _update(
            "several-steps",
            lambda f: f.steps_a_call > 1,
            "One call made {0.steps_a_call} steps, where one update of the weights is asked for.",
            "One `optimizer.step()` in each call, and one `backward()` before it.",
        ),
        *mode_mistakes(_UPDATE),
        *loss_mistakes(_UPDATE),
        *gradient_mistakes(_UPDATE),
        _update(
            "changed-optimizer",
            lambda f: f.changed_setting,
            "When it stepped, the optimizer's `{1[0]}` was {1[1]:.4g}; it was given with {1[2]:.4g}.",
            "Leave the optimizer's settings to whoever calls the function.",
        ),
        _update(
            "parameter-left-out",
            lambda f: f.frozen,
            "`{1}` did not move in a step: it was frozen, or taken from the optimizer, or got no gradient.",
            "All of the model is to be trained: one `backward()` and one `optimizer.step()` do that.",
        ),
        _update(
            "weights-rewritten",
            lambda f: f.overwritten,
            "`{1}` was changed by something other than `optimizer.step()`: replaced, reset, rounded or written to.",
            "Only `optimizer.step()` changes weights here.",
        ),
        _update(
            "second-forward",
            lambda f: f.forwards_a_call > 1 and not f.weights_astray and not f.asked_again,
            "The weights are right, the statistics are not (`{0.astray[0]}`): in one call the model was given images "
            "{0.forwards_a_call} times, and each time in training mode moves the statistics of BatchNorm.",
            "One forward pass is enough: its outputs give both the loss and whatever else you want to know.",
            costs=_LOSS,
        ),
        _update(
            "statistics-astray",
            lambda f: not f.weights_astray and not f.asked_again,
            "The weights are right, the statistics of BatchNorm are not: `{0.astray[0]}` is not where one forward pass "
            "a batch leads.",
            "In training mode each forward pass moves the statistics; leave them alone otherwise.",
            costs=_LOSS,
        ),
        _update(
            "ends-elsewhere",
            lambda f: f.weights_astray,
            "After three steps `{0.astray[0]}` is not where one update a batch leads.",
            _ORDER,
        ),
    ]
]  # fmt: skip


def _loss(name: str, shows: Callable[[StepFacts], Any], text: str, hint: str = _NOT_THE_LOSS) -> Mistake:
    return Mistake(name, lambda f: not f.loss_follows and f.wrong_call and shows(f), text, hint, costs=_LOSS)


LOSS = [
    Mistake(
        "no-number",
        lambda f: next((call.described for call in f.calls if call.returned is None), ""),
        "The step returns {1}, where the loss is expected as a number.",
        "End with `return loss.item()`.",
        costs=_LOSS,
    ),
    _loss(
        "loss-after-the-update",
        lambda f: f.returns("mean after the update") or f.returns("mean in eval mode after the update"),
        "The returned number is the batch's loss as it is after the update: the model was asked once more.",
    ),
    _loss(
        "loss-in-eval-mode",
        lambda f: f.returns("mean in eval mode"),
        "The returned number is the batch's loss in eval mode, not the one that was trained on.",
    ),
    _loss(
        "loss-summed",
        lambda f: f.returns("sum"),
        "The returned number is the sum of the batch's losses: the mean, times the number of images.",
        "Return the mean itself: `loss.item()`, not multiplied by `len(images)`.",
    ),
    _loss(
        "accuracy",
        lambda f: f.returns("accuracy") or f.returns("accuracy after the update"),
        "The returned number is the share of images that the model got right, not the loss.",
    ),
    _loss(
        "rounded",
        lambda f: f.decimals is not None,
        "The returned number is the loss rounded to {0.decimals} decimals.",
        "Return the number as it is: rounding is for printing.",
    ),
    _loss(
        "another-number",
        lambda f: True,
        "A call returned {0.wrong_call.returned:.5g}, which is not the batch's mean cross-entropy before the update.",
    ),
    Mistake(
        "keeps-the-graph",
        lambda f: any(call.keeps_graph for call in f.calls),
        "The number came as a tensor that requires gradients: whoever collects such losses keeps every step's computation "
        "graph in memory. It costs no point here.",
        "`loss.item()` is the number alone.",
        costs=0,
    ),
]  # fmt: skip

SIDE_EFFECTS = [
    *[row for row in side_effects("with_gradient") if row.id != "weights-changed"],
    ARGUMENTS_CHANGED,
    SETTINGS_CHANGED,
]

TABLES = [UPDATE, LOSS, SIDE_EFFECTS]
MISTAKES = [row for table in TABLES for row in table]
