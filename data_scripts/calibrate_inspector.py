"""How many right answers do honest inspectors lose where the cells are changed a little? About 15 minutes.

Trains networks with the capstone's own functions and asks each, with and without the mean over flips, for all
held-out cells as they are and changed. The check of ``capstone.inspector`` asks for 256 of them; this prints
how many more right ones are lost than won on draws of as many, which its limit has to lie above.

    python data_scripts/calibrate_inspector.py
"""

import numpy as np
import torch
import typer
from record_06_capstone import LESSON, REFERENCE
from record_06_capstone import RECIPES as RECORDED

from grader.authoring.recording import lesson_functions
from grader.exercises.lesson_06_capstone.changed_cells import slightly_changed
from grader.exercises.lesson_06_capstone.inspector import Inspector

PLAIN = RECORDED["plain"]
RECIPES = {
    "plain, seed 0": (PLAIN, 0),
    "plain, seed 1": (PLAIN, 1),
    "64 pixels": ({**PLAIN, "size": 64}, 0),
    "160 pixels": ({**PLAIN, "size": 160}, 0),
    "224 pixels": ({**PLAIN, "size": 224, "epochs": 3}, 0),
    "5 frozen stages": ({**PLAIN, "frozen_stages": 5, "epochs": 8}, 0),
    "128 pixels, 6 frozen stages": ({**PLAIN, "size": 128, "frozen_stages": 6, "soft_labels": True}, 0),
    "reference": (REFERENCE, 0),
}
CHANGES, DRAWS = 3, 1000  # seeds of the change; draws of cells for each


def right_answers(lesson: dict, model: object, size: int, flips: bool, photographs: np.ndarray) -> np.ndarray:
    """Which of the held-out cells are called rightly, bool ``(656,)``."""
    labels, parts = lesson["cells"].defective[lesson["test"]], np.array_split(photographs, 12)
    scores = np.concatenate([lesson["scores"](model, part, size, flips) for part in parts])
    return scores.argmax(axis=1) == labels


def main() -> None:
    """Train, ask, print a line for each inspector."""
    lesson = lesson_functions(LESSON)
    photographs = lesson["cells"].images[lesson["test"]]
    seeds = range(CHANGES)
    changed = [slightly_changed(torch.from_numpy(photographs), seed).numpy() for seed in seeds]
    rng = np.random.default_rng(0)
    for name, (recipe, seed) in RECIPES.items():
        model, _ = lesson["train_inspector"](recipe, seed)
        for flips in (True, False):
            before = right_answers(lesson, model, recipe["size"], flips, photographs)
            fewer, after = [], []
            for other in changed:
                then = right_answers(lesson, model, recipe["size"], flips, other)
                after.append(then.mean())
                for _ in range(DRAWS):
                    places = rng.choice(len(before), Inspector.CHANGED, replace=False)
                    fewer.append(int(before[places].sum()) - int(then[places].sum()))
            print(
                f"{name}{', mean over flips' if flips else ''}: {before.mean():.1%} right, changed "
                f"{np.mean(after):.1%}; of {Inspector.CHANGED} fewer by {np.mean(fewer):.1f} "
                f"(standard deviation {np.std(fewer):.1f}, at most {max(fewer)})",
                flush=True,
            )


if __name__ == "__main__":
    typer.run(main)
