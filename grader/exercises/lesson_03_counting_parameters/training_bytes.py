"""Predict what weights, gradients and Adam's moments take, in bytes."""

from grader.exercises.lesson_03_counting_parameters.numbers_of_a_model import NumbersOfAModel
from grader.exercises.lesson_03_counting_parameters.ways_to_miscount import TENSORS

_BYTES = [
    *("four-bytes", "eight-bytes", "bytes-of-the-first", "bytes-of-the-last", "elements"),
    *("size-without-numel", "bits", "kB", "KiB", "MB", "MiB"),
]


class TrainingBytes(NumbersOfAModel):
    """Predict what weights, gradients and Adam's moments take, in bytes."""

    id = "counting.training_bytes"
    title = "What training costs"
    signature = 'training_bytes(model) -> dict with the keys "weights", "gradients" and "adam"'
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 3: what training costs"
    shares = {"weights": 1, "gradients": 1, "adam": 2}
    partial = {"one-moment": 1}
    ways = [*TENSORS, *_BYTES, "one-moment", "three-moments", "four-moments", "counters"]
    right_text = "All three predictions are right on every network, to the byte."
