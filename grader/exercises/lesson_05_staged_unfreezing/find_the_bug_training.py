"""What a repair of ``tune_until_best`` may do to its training: batches, gradients, optimizer, what moves when."""

from typing import Any

from grader.exercises.kit.side_effects import PRICE
from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.machine.mistakes import Mistake


def _slip(name: str, shows: Any, text: str, hint: str) -> Mistake:
    return Mistake(name, lambda f: f.trains_wrongly and shows(f), text, hint, costs=PRICE)


def _only_if_wrong(rows: list[Mistake]) -> list[Mistake]:
    """The same rows, for a training that does not end where the reference's does."""
    return [_slip(row.id, row.shows, row.text, row.hint) for row in rows]


def _batches(*names: str) -> list[Mistake]:
    return _only_if_wrong([row for row in batch_mistakes(PRICE) if row.id in names])


def _optimizer(*names: str) -> list[Mistake]:
    return _only_if_wrong([row for row in optimizer_mistakes(PRICE) if row.id in names])


# Late: where too much was trained, the weights may become NaN, and then no gradient is like any other.
_ANY_GRADIENT = "gradient-of-something-else"
TRAINING = [
    Mistake(
        "never-stepped",
        lambda f: not f.moves and not f.steps,
        "No weight moved, and no optimizer made a step.",
        "One step for each batch in each round: `training_step(model, images, labels, optimizer)`.",
        costs=PRICE,
    ),
    *_batches("other-images", "stepped-again"),
    *_optimizer("foreign-parameters", "other-optimizer", "other-momentum", "other-setting", "other-rate"),
    *_only_if_wrong([row for row in gradient_mistakes(PRICE) if row.id != _ANY_GRADIENT]),
    _slip(
        "other-rounds",
        lambda f: f.steps and f.rounds != 4 and f.rounds == int(f.rounds),
        "Rounds over the batches: {0.rounds}. Four are asked for.",
        "Leave the number of rounds as it is, and end none of them early.",
    ),
    _slip(
        "batches-of-a-round",
        lambda f: f.steps and f.rounds != int(f.rounds),
        "Not every batch was trained on equally often; they came in the order {0.order_of_batches}.",
        "In each of the four rounds one step for each batch.",
    ),
    _slip(
        "batches-out-of-order",
        lambda f: f.steps and not f.in_order and set(f.batches) <= set(f.wanted_batches),
        "The batches came in another order: {0.order_of_batches}.",
        "In each round the batches come as they stand in `train_batches`.",
    ),
    *_only_if_wrong(rewriting_mistakes(PRICE)),
    _slip(
        "everything-trains",
        lambda f: f.strays(2),
        "`{1[0]}` moved in the first two rounds, which are the head's alone.",
        "What is frozen, and what does the first optimizer hold?",
    ),
    _slip(
        "stage-too-early",
        lambda f: f.too_early,
        "`{1}` of the last stage moved in the first two rounds already.",
        "The stage is unfrozen when the third round begins (number 2, counted from 0).",
    ),
    _slip(
        "stage-too-late",
        lambda f: f.too_late,
        "The last stage stood still in the third round, and moved after that.",
        "The stage is unfrozen when the third round begins (number 2, counted from 0).",
    ),
    _slip(
        "other-part-trains",
        lambda f: f.strays(4),
        "`{1[0]}` moved, which belongs neither to the last stage, `{0.last}`, nor to the head.",
        "`stages` runs from input to output: the last is `stages[-1]`. All the rest stays frozen.",
    ),
    _slip(
        "head-stands-still",
        lambda f: f.head_stands_still,
        "In round {1} no weight of the head moved.",
        "The head trains in all four rounds: is it trainable, and in the optimizer?",
    ),
    _slip(
        "statistics-moved",
        lambda f: f.statistic,
        "`{1}` moved: a BatchNorm was in training mode.",
        "The model stays in eval mode, as in the function that was given.",
    ),
    *_optimizer("not-in-the-optimizer"),
    *_only_if_wrong([row for row in gradient_mistakes(PRICE) if row.id == _ANY_GRADIENT]),
    _slip(
        "other-steps",
        lambda f: f.wrong_end,
        "At the end of round {1[0]} `{1[1]}` is not where steps of SGD at 0.05 with the mean cross-entropy take it.",
        "Leave the steps as they were in the given function: `training_step`, `torch.optim.SGD`, 0.05.",
    ),
    _slip(
        "other-number-of-rounds",
        lambda f: True,
        "The training is not one of four rounds over the batches.",
        "In each of the four rounds one step for each batch, and `measure` at its end.",
    ),
]
