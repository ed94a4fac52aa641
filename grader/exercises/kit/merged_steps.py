"""Several optimizers that share a model's parameters among them make one step of training together."""

from collections.abc import Sequence

from grader.exercises.kit.training_watch import Step


def merged_steps(steps: Sequence[Step]) -> list[Step]:
    """Steps that came after the same forward pass, of optimizers that hold different parameters, as one step.

    Where the head has one optimizer and the backbone another, no single step holds all that is trained, and the
    second one's gradients are the first one's: told one by one, both would look like mistakes.
    """
    merged: list[Step] = []
    for step in steps:
        if merged and step.batch == "" and step.again and not _names(step) & _names(merged[-1]):
            first = merged[-1]
            both = {"groups": [*first.groups, *step.groups], "moved": [*first.moved, *step.moved]}
            merged[-1] = first.model_copy(update=both)
        else:
            merged.append(step)
    return merged


def _names(step: Step) -> set[str]:
    return {name for group in step.groups for name in group.names}
