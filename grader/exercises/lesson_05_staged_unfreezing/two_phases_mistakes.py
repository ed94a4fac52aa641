"""Known mistakes of a training in two phases. In one table the dearest come first: to mend one never costs a point."""

from typing import Any

from grader.exercises.kit.training_mistakes import (
    batch_mistakes,
    gradient_mistakes,
    mode_mistakes,
    optimizer_mistakes,
    rewriting_mistakes,
)
from grader.exercises.lesson_05_staged_unfreezing.two_phases_beside import EFFECTS, RETURN
from grader.exercises.machine.mistakes import EVERYTHING, Mistake

RIGHT = (
    "Phase 1 trains the head alone; phase 2 trains the head and the last stage, each at its rate; weights and "
    "statistics end where they should, and nothing else moves."
)


def _row(name: str, costs: float, shows: Any, text: str, hint: str) -> Mistake:
    """A row that is asked only if weights or statistics end elsewhere than the reference's."""
    return Mistake(name, lambda f: None if f.right else shows(f), text, hint, costs=costs)


def _rows(costs: float, rows: list[Mistake], *names: str) -> list[Mistake]:
    """Those of the kit's rows, by their ids."""
    return [_row(row.id, costs, row.shows, row.text, row.hint) for row in rows if row.id in names]


_OPTIMIZER = "Unfreeze first, then make a new optimizer, or call `optimizer.add_param_group`."
_TRAINING = [
    _row(
        "never-trained",
        EVERYTHING,
        lambda f: not f.moves and not f.steps and not f.head_ran and not f.tune_ran,
        "The model never trained: no batch reached it with gradients on, and no weight moved.",
        "Call `training_step(model, images, labels, optimizer)` on each batch.",
    ),
    _row(
        "phases-swapped",
        EVERYTHING,
        lambda f: f.swapped,
        "The phases are swapped: `tune_batches` came before `head_batches`.",
        "The head goes first, on `head_batches`.",
    ),
    _row(
        "phases-mixed",
        EVERYTHING,
        lambda f: f.mixed,
        "The batches of the two phases came among each other: {0.order_of_batches}.",
        "Two loops, one after the other: `head_batches`, then `tune_batches`.",
    ),
    _row(
        "no-first-phase",
        EVERYTHING,
        lambda f: f.head_missing,
        "No batch of `head_batches` was trained on.",
        "First loop over `head_batches`, with everything but the head frozen.",
    ),
    _row(
        "everything-at-once",
        EVERYTHING,
        lambda f: f.at_once,
        "`{0.others_second[0]}` moved in phase 1 and in phase 2: more than head and last stage trained all the time.",
        "Freeze everything, then open the head for phase 1 and the last stage for phase 2.",
    ),
    _row(
        "no-second-phase",
        3,
        lambda f: f.tune_missing,
        "No batch of `tune_batches` was trained on.",
        "After the head, loop over `tune_batches` with the last stage unfrozen.",
    ),
    _row(
        "never-stepped",
        3,
        lambda f: not f.moves and not f.steps,
        "No weight moved, and no optimizer made a step.",
        "One `optimizer.step()` for each batch, after `backward()`.",
    ),
    *_rows(3, gradient_mistakes(3), "no-gradient", "zero-gradient", "gradients-of-before"),
    *_rows(2, batch_mistakes(2), "other-images"),
    _row(
        "changed-before-the-training",
        2,
        lambda f: f.changed_before,
        "`{1[0]}` was not what it was given as when the first batch came.",
        "The model comes with the head to train: make no new one and load nothing.",
    ),
    _row(
        "head-batches-again",
        2,
        lambda f: f.head_batches_again,
        "`{1}` of the backbone was trained on `head_batches`, when they came once more: they are for phase 1 alone.",
        "Phase 2 goes through `tune_batches` and nothing else.",
    ),
    _row(
        "backbone-in-phase-1",
        2,
        lambda f: f.backbone_first,
        "`{1[0]}` of the backbone moved in phase 1, which is the head's alone.",
        "Freeze the backbone first, and give the optimizer of phase 1 the head alone.",
    ),
    *_rows(2, optimizer_mistakes(2), "foreign-parameters"),
    _row(
        "head-still-in-phase-1",
        2,
        lambda f: f.head_stood and not f.rate,
        "No weight of the head moved in phase 1.",
        "The optimizer of phase 1 holds the head's parameters, which have `requires_grad=True`.",
    ),
    _row(
        "head-replaced-between",
        2,
        lambda f: f.replaced_between,
        "Between the phases `{1[0]}` was changed by something other than an optimizer: replaced, reset or written to.",
        "Phase 2 goes on with the head that phase 1 trained.",
    ),
    _row(
        "nothing-in-phase-2",
        2,
        lambda f: not f.head_second and not f.last_second and not f.others_second,
        "No weight moved in phase 2.",
        "Is there a step for each batch of `tune_batches`, with an optimizer that holds the head and the last stage?",
    ),
    _row(
        "other-stage",
        2,
        lambda f: f.other_stage,
        "Phase 2 trained the stage `{1}`, not the last one, `{0.last}`.",
        "`stages` runs from input to output: the last is `stages[-1]`.",
    ),
    _row(
        "stage-never-trained",
        2,
        lambda f: not f.last_second,
        "No weight of the last stage moved in phase 2; others went on learning.",
        f"Is the stage trainable, and does the optimizer know it? {_OPTIMIZER}",
    ),
    _row(
        "head-frozen-in-phase-2",
        2,
        lambda f: not f.head_second,
        "No weight of the head moved in phase 2: only the stage trained.",
        "Two groups in the optimizer of phase 2: the head and the last stage.",
    ),
    _row(
        "others-in-phase-2",
        2,
        lambda f: f.others_second,
        "`{1[0]}` moved in phase 2, which belongs neither to the last stage, `{0.last}`, nor to the head.",
        "Keep everything else frozen and out of the optimizer.",
    ),
    *_rows(1, optimizer_mistakes(1), "other-optimizer", "other-momentum", "other-setting"),
    _row(
        "rates-swapped",
        1,
        lambda f: f.rates_swapped,
        "In phase 2 the rates are swapped: the stage trained at `head_rate`, the head at `stage_rate`.",
        "The new head learns fast, the pretrained stage slowly.",
    ),
    _row(
        "one-rate",
        1,
        lambda f: f.one_rate,
        "In phase 2 the head and the stage trained at one rate, {1:.4g}.",
        "Two groups: the head at `head_rate`, the stage at `stage_rate`.",
    ),
    *_rows(1, optimizer_mistakes(1), "other-rate"),
    *_rows(1, batch_mistakes(1), "stepped-again"),
    *_rows(
        1,
        gradient_mistakes(1),
        "gradients-pile-up",
        "gradient-ascent",
        "gradient-enlarged",
        "gradient-shrunk",
        "softmax-twice",
        "labels-zero",
    ),
    _row(
        "batches-out-of-order",
        1,
        lambda f: f.steps and not f.cached and not f.in_order,
        "The batches were trained on in this order: {0.order_of_batches}. Each was to come once, as it stands in its list.",
        "One `training_step` for each batch; where does each loop begin and end?",
    ),
    _row(
        "statistics-reset",
        1,
        lambda f: f.statistics_reset,
        "`{1}` is all zeros when phase 2 begins, with variances of one: these statistics were reset.",
        "The last stage's statistics go on from what they were given as: `.train()` is enough, no reset.",
    ),
    _row(
        "statistics-in-phase-1",
        1,
        lambda f: f.statistics_first,
        "In phase 1 `{1[0]}` moved: a frozen parameter does not stop BatchNorm's statistics, which follow every batch in "
        "training mode.",
        "Put the whole model in eval mode before the loop: `model.eval()`.",
    ),
    _row(
        "statistics-in-phase-2",
        1,
        lambda f: f.statistics_second,
        "In phase 2 `{1[0]}` of a frozen part moved: its BatchNorm was in training mode.",
        "`model.eval()` first, then `.train()` on the last stage only.",
    ),
    _row(
        "stage-in-eval-mode",
        1,
        lambda f: f.still_statistics,
        "In phase 2 `{1[0]}` of the last stage stood still: its BatchNorm was in eval mode.",
        "`model.get_submodule(stages[-1]).train()` before the loop of phase 2.",
    ),
    _row(
        "head-in-training-mode",
        1,
        lambda f: f.head_statistics,
        "In phase {1[0]} `{1[1]}` moved: the BatchNorm in the head was in training mode.",
        "Only the last stage is in training mode, and only in phase 2; the head learns in eval mode, too.",
    ),
    _row(
        "not-in-the-optimizer",
        1,
        lambda f: f.left_out,
        "On the batch {1[1]} the optimizer did not hold `{1[0]}`, which was to be trained.",
        "Give the optimizer all parameters of the head, and in phase 2 all of the last stage, too.",
    ),
    *_rows(1, gradient_mistakes(1), "gradient-of-something-else"),
    *_rows(1, rewriting_mistakes(1), "weights-rewritten"),
    *_rows(1, mode_mistakes(1), "other-mode"),
    _row(
        "ends-elsewhere",
        1,
        lambda f: f.missed,
        "`{1[0]}` does not end where plain SGD at the given rates takes it.",
        "One `training_step` a batch, with `torch.optim.SGD`, no momentum, no weight decay; and nothing after the last one.",
    ),
]
TABLES = [_TRAINING, RETURN, EFFECTS]
