"""Count a model's elements: all parameters, the trainable ones, and the buffers."""

from grader.exercises.lesson_03_counting_parameters.numbers_of_a_model import NumbersOfAModel
from grader.exercises.lesson_03_counting_parameters.ways_to_miscount import TENSORS

_BUFFERS = [
    *("buffers-twice", "no-counters", "kept-ones", "difference", "means-alone"),
    *("no-buffers", "frozen-as-buffers", "state-dict-as-buffers", "parameters-as-buffers"),
]


class CountParameters(NumbersOfAModel):
    """Count a model's elements: all parameters, the trainable ones, and the buffers."""

    id = "counting.count_parameters"
    title = "Count"
    signature = 'count_parameters(model) -> dict with the keys "total", "trainable" and "buffers"'
    points = 3
    minutes = 6
    difficulty = 1
    section = "Exercise 1: count"
    shares = {"total": 1, "trainable": 1, "buffers": 1}
    ways = [*TENSORS, *_BUFFERS, "tensors", "bytes", "first-side"]
    right_text = "All three numbers are right on every network, shared weights counted once."
