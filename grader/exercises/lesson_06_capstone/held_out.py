"""The solar cells that do not train the capstone's inspector: 492 for choosing, 656 to judge."""

from typing import Any

import numpy as np

TRAIN, VALIDATION, TEST = 1476, 492, 656


def indices_of(cells: Any, part: str) -> np.ndarray:
    """Indices of the "validation" or the "test" cells, int64, sorted: the lesson draws the same."""
    rest, judging = cells.split("stratified")
    if part == "test":
        return judging
    return np.setdiff1d(rest, cells.few_labels(rest, TRAIN, seed=0))


def solar_cells(challenge: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """All solar cells, and the indices of those that a challenge asks for, in the order of asking."""
    from grader import lab

    cells = lab.load_solar_cells(size=challenge["size"])
    asked = indices_of(cells, challenge["part"])
    return cells, np.random.default_rng(challenge["order_seed"]).permutation(asked)
