"""Exercises of lesson 06_capstone: an inspector for solar cells, and what has to travel with it."""

import numpy as np

from grader.exercises.lesson_06_capstone.model_card import FIELDS, filled_in, mistakes
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict


class ModelCard(Exercise):
    """Say what the inspector is for, how good it is, and where it may fail."""

    id = "capstone.model_card"
    title = "A model card"
    signature = "card: dict with the ten keys of the template"
    points = 6
    minutes = 10
    difficulty = 1
    section = "Exercise 4: the model card"
    answer_kind = "the dict of your model card"
    same_for_everybody = True
    time_limit = 10.0

    def accepts(self, answer: object) -> bool:
        """A dict."""
        return isinstance(answer, dict)

    def challenge(self, rng: np.random.Generator) -> dict:
        """The split that the card speaks of: the same for everybody."""
        return {"size": 300, "split": "stratified", "order_seed": 0}

    def collect(self, answer: dict, challenge: dict) -> dict:
        """The fields as texts, numbers and pairs of numbers."""
        return {"fields": filled_in(answer)}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Each of the ten fields brings a tenth of the points."""
        found = mistakes(evidence["fields"], expected["total"], expected["baseline"])
        points = round(self.points * (len(FIELDS) - len(found)) / len(FIELDS), 1)
        told = Finding(text=f"{len(FIELDS) - len(found)} of {len(FIELDS)} fields are right.")
        return self.verdict(points, [told, *found.values()])
