"""The solar cells that the capstone holds out."""

from typing import Any

import numpy as np

HELD_OUT = 656  # cells of the stratified split


def held_out_cells(challenge: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """The solar cells of a challenge, and the indices of the held-out ones in the order of asking."""
    from grader import lab

    cells = lab.load_solar_cells(size=challenge["size"])
    held_out = cells.split(challenge["split"])[1]
    return cells, np.random.default_rng(challenge["order_seed"]).permutation(held_out)
