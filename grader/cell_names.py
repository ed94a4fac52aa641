"""What the course writes into the metadata of a notebook's cells: names, and the program of a bug hunt.

The one translation between an exercise's id ("scratch.training_step") and the ``grade_id`` that nbgrader
knows its cells by ("scratch-training_step", "scratch-training_step-answer").
"""

STARTING_PROGRAM = "starting_program"  # metadata of an answer cell: the source that its release begins with
RELEASED = "released_source"  # metadata of a released cell that students change: its source, to reset it


def grade_id(exercise_id: str, suffix: str = "") -> str:
    """The nbgrader name of a cell of an exercise; without a suffix, of its check.

    >>> grade_id("scratch.training_step", "answer")
    'scratch-training_step-answer'
    """
    return "-".join(filter(None, [*exercise_id.split("."), suffix]))


def exercise_id(check: str) -> str:
    """The id of the exercise that a check cell of this nbgrader name stands for.

    >>> exercise_id("scratch-training_step")
    'scratch.training_step'
    """
    return check.replace("-", ".")
