"""The mistakes that every training may hold, as rows for an exercise's tables: facts are ``TrainingFacts``."""

from typing import Any

from grader.exercises.machine.mistakes import Mistake


def batch_mistakes(costs: float) -> list[Mistake]:
    """Which batches came, and how often."""
    return [
        Mistake(
            "never-stepped",
            lambda f: f.wanted and not f.steps,
            "No optimizer made a step: `optimizer.step()` was never called on the model's way through the batches.",
            "One step for each batch: clear old gradients, forward, loss, `backward()`, `optimizer.step()`.",
            costs=costs,
        ),
        Mistake(
            "other-images",
            lambda f: "other" in f.batches,
            "The model was given images that stand in none of the batches.",
            "Give it the images of each batch, in the form that the task asks for.",
            costs=costs,
        ),
        Mistake(
            "stepped-again",
            lambda f: f.again,
            "An optimizer stepped without a new forward pass: {0.again} steps used the gradients of a batch once more.",
            "One `optimizer.step()` for each batch, each after its own `backward()`.",
            costs=costs,
        ),
        Mistake(
            "batch-left-out",
            lambda f: f.missing_batches,
            "Of the batches {1} was never trained on, where each was to come once.",
            "Where does the loop begin and end, and does something leave it early?",
            costs=costs,
        ),
        Mistake(
            "batch-repeated",
            lambda f: f.repeated,
            "The batch {1} was trained on more often than it was to.",
            "One step for each batch, in its order.",
            costs=costs,
        ),
        Mistake(
            "batches-out-of-order",
            lambda f: not f.in_order,
            "The batches came in another order or number than they were to: {0.batches}.",
            "One step for each batch, in its order.",
            costs=costs,
        ),
    ]


def gradient_mistakes(costs: float) -> list[Mistake]:
    """What the gradients are, in front of the first step where they are not the batch's own."""

    def row(name: str, shows: Any, text: str, hint: str) -> Mistake:
        return Mistake(name, shows, text, hint, costs=costs)

    return [
        row(
            "no-gradient",
            lambda f: f.gradient == "none",
            "At step {0.bad_number} no parameter had a gradient: `backward()` was missing or came too late, the "
            "gradients were cleared between it and `optimizer.step()`, or the loss no longer hung on the weights "
            "(`detach()`, `no_grad()`).",
            "The order is: clear old gradients, forward, loss, `backward()`, `optimizer.step()`.",
        ),
        row(
            "zero-gradient",
            lambda f: f.gradient == "zeros",
            "At step {0.bad_number} every gradient was zero: `backward()` was missing or came too late, or the "
            "gradients were set to zero between it and `optimizer.step()`.",
            "The order is: clear old gradients, forward, loss, `backward()`, `optimizer.step()`.",
        ),
        row(
            "gradients-of-before",
            lambda f: f.gradient == "stale",
            "At step {0.bad_number} the gradients were those that had lain there when the batch came: no `backward()` "
            "ran between the batch and `optimizer.step()`.",
            "The order is: clear old gradients, forward, loss, `backward()`, `optimizer.step()`.",
        ),
        row(
            "gradients-pile-up",
            lambda f: f.gradient == "piled up",
            "At step {0.bad_number} the batch's gradients were *added* to old ones, which still lay on the parameters or on "
            "some of them: those were not cleared in front of this `backward()`.",
            "Call `optimizer.zero_grad()` once a step, before `backward()`.",
        ),
        row(
            "gradient-ascent",
            lambda f: f.gradient == "negated",
            "At step {0.bad_number} the gradients had the wrong sign: the steps climb up the loss instead of down.",
            "`backward()` on the loss itself, not on its negative.",
        ),
        row(
            "gradient-enlarged",
            lambda f: f.gradient == "scaled" and f.factor > 1,
            "At step {0.bad_number} the gradients were {0.factor:.3g} times those of the batch's mean cross-entropy. A sum "
            "over the batch is as many times larger as there are images; a second `backward()` doubles them.",
            "`F.cross_entropy` takes the mean unless it is told otherwise; leave the loss as it is, and go backward once.",
        ),
        row(
            "gradient-shrunk",
            lambda f: f.gradient == "scaled",
            "At step {0.bad_number} the gradients were {0.factor:.3g} times those of the batch's mean cross-entropy: they "
            "were clipped, or the loss was divided.",
            "Neither clipping nor a factor is asked for: the mean cross-entropy as it is.",
        ),
        row(
            "softmax-twice",
            lambda f: f.gradient == "softmax twice",
            "At step {0.bad_number} the gradients were those of a softmax in front of the cross-entropy, which applies "
            "one itself.",
            "Give `F.cross_entropy` the raw logits.",
        ),
        row(
            "labels-zero",
            lambda f: f.gradient == "zero labels",
            "At step {0.bad_number} the gradients were those of a batch whose labels are all 0.",
            "Which labels does the loss get? They come with the images.",
        ),
        row(
            "gradient-of-something-else",
            lambda f: f.gradient == "other" and "other" not in f.batches,
            "At step {0.bad_number} the gradients were not those of the mean cross-entropy of the batch that came last.",
            "Mean cross-entropy of the model's raw logits and the batch's own labels, and one `backward()`.",
        ),
    ]


def optimizer_mistakes(costs: float) -> list[Mistake]:
    """Which optimizer stepped, how it was set and what it held."""

    def row(name: str, shows: Any, text: str, hint: str) -> Mistake:
        return Mistake(name, shows, text, hint, costs=costs)

    return [
        row(
            "other-optimizer",
            lambda f: f.kind,
            "The steps were made by {1}, where {0.wanted_kind} is asked for.",
            "Use the optimizer that the task names.",
        ),
        row(
            "foreign-parameters",
            lambda f: f.foreign,
            "An optimizer holds parameters that are no longer the model's, or never were: it was made before a layer "
            "was replaced, or from a copy.",
            "First the model as it is to be trained, then the optimizer from its parameters.",
        ),
        row(
            "not-in-the-optimizer",
            lambda f: f.not_held,
            "`{1}` was to be trained, and no step's optimizer held it.",
            "Which parameters does the optimizer know, and when was it made?",
        ),
        row(
            "other-momentum",
            lambda f: f.momentum,
            "The optimizer's momentum was {1[0]:g}, where it should be {1[1]:g}.",
            "`torch.optim.SGD` has no momentum unless it is told so.",
        ),
        row(
            "other-setting",
            lambda f: f.other_setting,
            "The optimizer had `{1[0]}` set, to {1[1]:g}, which nobody asked for.",
            "Leave the settings that the task does not name as PyTorch sets them.",
        ),
        row(
            "other-rate",
            lambda f: f.rate,
            "`{1[0]}` was trained at a learning rate of {1[1]:.4g}, where {1[2]:.4g} is asked for.",
            "Pass on the rate that the function is given.",
        ),
    ]


def mode_mistakes(costs: float) -> list[Mistake]:
    """In which mode the batches came."""
    return [
        Mistake(
            "other-mode",
            lambda f: f.wrong_mode,
            "While it trained, `{1[0]}` was in {1[1]} mode, where it should be in the other.",
            "`train()` and `eval()` set a module with all that is inside it; the last call counts.",
            costs=costs,
        )
    ]


def rewriting_mistakes(costs: float) -> list[Mistake]:
    """Weights that something other than an optimizer changed."""
    return [
        Mistake(
            "weights-rewritten",
            lambda f: f.rewritten,
            "Between two steps `{1}` was changed by something other than the optimizer: replaced, reset or written to.",
            "Only `optimizer.step()` changes weights here.",
            costs=costs,
        )
    ]
