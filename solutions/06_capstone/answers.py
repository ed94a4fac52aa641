"""Expected values of lesson 06_capstone. Stays with the instructor."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import beta, binom, binomtest
from scipy.stats import t as student_t

from grader.exercises.kit.condition import expected_condition
from grader.exercises.lesson_06_capstone.held_out import indices_of, solar_cells
from grader.exercises.lesson_06_capstone.saved_networks import fresh_network, trained_network
from grader.quiz.sealing import seal


def inspector(challenge: dict) -> dict:
    """Labels of the cells in the order of asking, which were asked again or changed, the interval of each count."""
    cells, asked = solar_cells(challenge)
    return {
        "part": challenge["part"],
        "labels": cells.defective[asked],
        "test_labels": cells.defective[indices_of(cells, "test")],
        "intervals": _intervals(len(asked)),
        "batch": challenge["batch"],
        "together": challenge["together"],
        "alone": challenge["alone"],
        "changed": challenge["changed"],
    }


Z = 1.959964  # 97.5 % quantile of the standard normal distribution
Bounds = tuple[float, float]


def _wilson(correct: float, total: float, z: float = Z) -> Bounds:
    roots = np.roots([1 + z**2 / total, -(2 * correct + z**2) / total, (correct / total) ** 2])
    return float(min(roots.real)), float(max(roots.real))


@functools.cache
def _intervals(total: int) -> np.ndarray:
    """Wilson's interval of each count of right ones, float32 ``(total + 1, 2)``."""
    return np.array([_wilson(correct, total) for correct in range(total + 1)], dtype=np.float32)


def _split_wilson(
    z: float = Z, **changed: Callable[[float, float], float]
) -> Callable[[float, float], Bounds]:
    """Wilson's formula, term by term, with some terms ``changed``: each a function of the share and the total."""
    terms = {
        "share": lambda p, n: p,
        "added": lambda p, n: z**2 / (2 * n),
        "middle_scale": lambda p, n: 1 + z**2 / n,
        "half_scale": lambda p, n: 1 + z**2 / n,
        "front": lambda p, n: z,
        "variance": lambda p, n: p * (1 - p) / n,
        "under": lambda p, n: z**2 / (4 * n**2),
        "behind": lambda p, n: 0.0,
        "root": lambda p, n: 0.5,
    } | changed

    def program(correct: float, total: float) -> Bounds:
        now = {name: term(correct / total, total) for name, term in terms.items()}
        middle = (now["share"] + now["added"]) / now["middle_scale"]
        root = (now["variance"] + now["under"]) ** now["root"] + now["behind"]
        half = now["front"] / now["half_scale"] * root
        return middle - half, middle + half

    return program


def _wald(correct: float, total: float, z: float = Z, freedom: float = 0, more: float = 0) -> Bounds:
    share = correct / total
    half = z * math.sqrt(share * (1 - share) / (total - freedom)) + more
    return share - half, share + half


def _around(middle: float, half: float) -> Bounds:
    return middle - half, middle + half


def _middle(correct: float, total: float) -> float:
    return sum(_wilson(correct, total)) / 2


def _half(correct: float, total: float) -> float:
    low, high = _wilson(correct, total)
    return (high - low) / 2


def _scipy(method: str) -> Callable[[int, int], Bounds]:
    return lambda correct, total: tuple(binomtest(correct, total).proportion_ci(0.95, method=method))


def _beta(prior: float) -> Callable[[int, int], Bounds]:
    return lambda k, n: tuple(beta.ppf([0.025, 0.975], k + prior, n - k + prior))


def _jeffreys(k: int, n: int) -> Bounds:
    low, high = _beta(0.5)(k, n)
    return (low if k else 0.0), (high if k < n else 1.0)


def _arcsine(k: int, n: int) -> Bounds:
    angle = math.asin(math.sqrt(k / n))
    reach = Z / (2 * math.sqrt(n))
    return math.sin(max(0.0, angle - reach)) ** 2, math.sin(min(math.pi / 2, angle + reach)) ** 2


# By id of the known mistake.
_INTERVALS: dict[str, Callable[[int, int], Any]] = {
    "normal": _wald,
    "normal-clipped": lambda k, n: np.clip(_wald(k, n), 0, 1),
    "normal-without-z": lambda k, n: _wald(k, n, 1),
    "normal-total-minus-one": lambda k, n: _wald(k, n, freedom=1),
    "normal-with-t": lambda k, n: _wald(k, n, student_t.ppf(0.975, n - 1)),
    "normal-ninety": lambda k, n: _wald(k, n, 1.644854),
    "normal-corrected": lambda k, n: _wald(k, n, more=0.5 / n),
    "widest-normal": lambda k, n: _around(k / n, Z * math.sqrt(0.25 / n)),
    "root-of-total": lambda k, n: _around(k / n, 1 / math.sqrt(n)),
    "agresti-coull": lambda k, n: _wald(k + Z**2 / 2, n + Z**2),
    "two-more": lambda k, n: _wald(k + 2, n + 4),
    "exact": _scipy("exact"),
    "continuity": _scipy("wilsoncc"),
    "jeffreys": _jeffreys,
    "uniform-prior": _beta(1),
    "arcsine": _arcsine,
    "hoeffding": lambda k, n: _around(k / n, math.sqrt(math.log(2 / 0.05) / (2 * n))),
    "binomial-quantiles": lambda k, n: binom.ppf([0.025, 0.975], n, k / n) / n,
    "without-z": lambda k, n: _wilson(k, n, 1),
    "fifty": lambda k, n: _wilson(k, n, 0.674490),
    "eighty": lambda k, n: _wilson(k, n, 1.281552),
    "ninety": lambda k, n: _wilson(k, n, 1.644854),
    "ninety-eight": lambda k, n: _wilson(k, n, 2.326348),
    "ninety-nine": lambda k, n: _wilson(k, n, 2.575829),
    "two": lambda k, n: _wilson(k, n, 2),
    "three": lambda k, n: _wilson(k, n, 3),
    "level-for-z": lambda k, n: _wilson(k, n, 0.95),
    "z-squared-twice": lambda k, n: _wilson(k, n, Z**2),
    "error-rate": lambda k, n: _wilson(n - k, n),
    "total-minus-one": lambda k, n: _split_wilson()(k, n - 1),
    "always-656": lambda k, n: _wilson(k, 656),
    "one-more": lambda k, n: _wilson(k + 1, n + 2),
    "middle-and-half": lambda k, n: (_middle(k, n), _half(k, n)),
    "low-and-width": lambda k, n: (_wilson(k, n)[0], 2 * _half(k, n)),
    "only-half-widths": lambda k, n: _around(0, _half(k, n)),
    "counts": lambda k, n: n * np.array(_wilson(k, n)),
    "around-the-share": lambda k, n: _around(k / n, _half(k, n)),
    "normal-around-middle": lambda k, n: _around(_middle(k, n), (_wald(k, n)[1] - _wald(k, n)[0]) / 2),
    "not-divided": lambda k, n: (1 + Z**2 / n) * np.array(_wilson(k, n)),
    "middle-not-divided": _split_wilson(middle_scale=lambda p, n: 1),
    "half-not-divided": _split_wilson(half_scale=lambda p, n: 1),
    "middle-divided-in-part": _split_wilson(
        middle_scale=lambda p, n: 1, added=lambda p, n: Z**2 / (2 * (n + Z**2))
    ),
    "middle-without-term": _split_wilson(added=lambda p, n: 0),
    "middle-without-two": _split_wilson(added=lambda p, n: Z**2 / n),
    "middle-with-z": _split_wilson(added=lambda p, n: Z / (2 * n)),
    "middle-times-total": _split_wilson(added=lambda p, n: Z**2 / 2 * n),
    "root-without-term": _split_wilson(under=lambda p, n: 0),
    "root-total-not-squared": _split_wilson(under=lambda p, n: Z**2 / (4 * n)),
    "root-without-four": _split_wilson(under=lambda p, n: Z**2 / n**2),
    "root-two-for-four": _split_wilson(under=lambda p, n: Z**2 / (2 * n**2)),
    "root-with-z": _split_wilson(under=lambda p, n: Z / (4 * n**2)),
    "root-times-total": _split_wilson(under=lambda p, n: Z**2 / 4 * n**2),
    "root-too-short": _split_wilson(under=lambda p, n: 0, behind=lambda p, n: Z**2 / (4 * n**2)),
    "no-root": _split_wilson(root=lambda p, n: 1),
    "variance-not-divided": _split_wilson(variance=lambda p, n: p * (1 - p)),
    "half-without-z": _split_wilson(front=lambda p, n: 1),
    "half-with-z-squared": _split_wilson(front=lambda p, n: Z**2),
    "scale-total-missing": _split_wilson(
        middle_scale=lambda p, n: 1 + Z**2, half_scale=lambda p, n: 1 + Z**2
    ),
    "scale-with-z": _split_wilson(middle_scale=lambda p, n: 1 + Z / n, half_scale=lambda p, n: 1 + Z / n),
    "scale-with-two": _split_wilson(
        middle_scale=lambda p, n: 1 + Z**2 / (2 * n), half_scale=lambda p, n: 1 + Z**2 / (2 * n)
    ),
    "scale-twice": _split_wilson(half_scale=lambda p, n: (1 + Z**2 / n) ** 2),
    "share-squared": _split_wilson(variance=lambda p, n: p**2 / n),
    "plus-for-minus": _split_wilson(variance=lambda p, n: p * (1 + p) / n),
    "double-width": lambda k, n: _around(_middle(k, n), 2 * _half(k, n)),
    "half-as-wide": lambda k, n: _around(_middle(k, n), _half(k, n) / 2),
    "only-below": lambda k, n: (_wilson(k, n)[0], _middle(k, n)),
    "only-above": lambda k, n: (_middle(k, n), _wilson(k, n)[1]),
    "up-to-one": lambda k, n: (_wilson(k, n)[0], 1),
    "from-zero": lambda k, n: (0, _wilson(k, n)[1]),
    "upper-twice": lambda k, n: (_wilson(k, n)[1],) * 2,
    "lower-twice": lambda k, n: (_wilson(k, n)[0],) * 2,
    "middle-twice": lambda k, n: (_middle(k, n),) * 2,
    "share-twice": lambda k, n: (k / n,) * 2,
    "whole-division": lambda k, n: _wilson(k // n * n, n),
}

# The same mistakes with another figure, or with bounds cut off at 0 and 1: "id@variant".
_OTHER_Z = {
    "fifty": (0.67,),
    "eighty": (1.28,),
    "ninety": (1.64, 1.65),
    "ninety-eight": (2.33,),
    "ninety-nine": (2.57, 2.58, 2.6),
    "other-z": (1.5, 1.7, 1.75, 1.8, 1.9, 2.1, 2.2, 2.24, 2.5, 3.29, 4),
}
for _name, _figures in _OTHER_Z.items():
    for _z in _figures:
        _INTERVALS[f"{_name}@{_z}"] = functools.partial(_wilson, z=_z)
for _z in (2, 2.326, 2.576, 3):
    _INTERVALS[f"normal@{_z}"] = functools.partial(_wald, z=_z)
_INTERVALS["normal-clipped@below"] = lambda k, n: (max(0.0, _wald(k, n)[0]), _wald(k, n)[1])
_INTERVALS["normal-clipped@above"] = lambda k, n: (_wald(k, n)[0], min(1.0, _wald(k, n)[1]))
for _name in (
    "normal-without-z",
    "normal-total-minus-one",
    "normal-with-t",
    "normal-ninety",
    "normal-corrected",
    "widest-normal",
    "root-of-total",
    "agresti-coull",
    "two-more",
    "hoeffding",
    "around-the-share",
    "normal-around-middle",
    "not-divided",
    "double-width",
):
    _INTERVALS[f"{_name}@clipped"] = lambda k, n, whole=_INTERVALS[_name]: np.clip(whole(k, n), 0, 1)


def interval(challenge: dict) -> dict:
    """Wilson's interval for each case, and what the known wrong formulas give."""
    cases = challenge["cases"]
    return {
        "cases": cases,
        "intervals": np.array([_wilson(*case) for case in cases]),
        "mistakes": {
            name: np.array([_or_nan(wrong, case) for case in cases], dtype=np.float32)
            for name, wrong in _INTERVALS.items()
        },
    }


def _or_nan(program: Callable, case: list[int]) -> list[float]:
    """NaN where the wrong program fails: a root of a negative number, say."""
    try:
        return [float(bound) for bound in program(*case)]
    except (ArithmeticError, ValueError, TypeError):
        return [math.nan, math.nan]


def save_and_load(challenge: dict) -> dict:
    """Condition of each network when it is saved and of the fresh one, and the names of its head."""
    return {
        "networks": [
            {
                "before": expected_condition(trained_network(network, challenge["data_seed"])),
                "fresh": expected_condition(fresh_network(network, challenge["fresh_seed"])),
                "head": network["spec"]["head"],
            }
            for network in challenge["networks"]
        ]
    }


@functools.cache
def _of_each_count(total: int) -> dict[str, np.ndarray]:
    """The interval of each count of right ones, and what known mistakes give for it: float32 ``(total + 1, 2)``."""
    kinds: dict[str, Callable[[int, int], Bounds]] = {
        "wilson": _wilson,
        "ninety": _INTERVALS["ninety"],
        "ninety-nine": _INTERVALS["ninety-nine"],
        "one-error": _INTERVALS["without-z"],
        "normal": _INTERVALS["normal"],
        "all-cells": lambda correct, total: _wilson(correct * 4, total * 4),
        "error-rate": _INTERVALS["error-rate"],
    }
    return {
        name: np.array([kind(correct, total) for correct in range(total + 1)], dtype=np.float32)
        for name, kind in kinds.items()
    }


# Which of the model card's statements hold, by field; their texts stand in the exercise's card_statements.py.
_HOLD = {
    "task": ["two-scores"],
    "data": ["experts"],
    "split": ["drawn-apart"],
    "leak_warning": ["both-sides"],
    "licence": ["photographs-exclude"],
    "limits": ["another-camera", "doubtful-labels", "preparation"],
}
_MODULES = "cells of one module stand on both sides, which flatters the accuracy."
# What is said of one that does not hold and was chosen, in `limits` also of one that holds and was left out; where
# the lesson explains it.
_TITLE, _TASK = "6 · Capstone: an inspector for solar cells", "The task"
_FLATTERS, _LOOKS = "How much does the split flatter?", "Where it looks"
_SURE, _SAVE = "Exercise 2: how sure is the number?", "Exercise 3: save and load"
_OF_STATEMENTS = {
    "task": {
        "whole-module": ("the inspector gets photographs of single cells, and gives each of them two scores.", _TASK),
        "kind-of-defect": ("the inspector gives scores for good and for defective. What is broken it does not say, and the data set has no labels for that.", _TASK),
        "power": ("the two scores are for good and for defective. Power was neither measured nor learned.", _TASK),
    },
    "data": {
        "power-measured": ("nobody measured the power for a label. Experts gave each cell a defect probability of 0, ⅓, ⅔ or 1.", _TASK),
        "independent": ("the cells were cut from 44 modules, about 60 from each on average, so that they are not independent.", _TASK),
        "certain": ("no cell was left out. On about 15 in 100 the experts were not certain, and these count too: ⅓ as good, ⅔ as defective.", _TASK),
    },
    "split": {
        "best-of-several": ("the best of several owes a part of its accuracy to luck on these cells, so that its number is too good. The validation cells choose; the test cells judge.", _TASK),
        "validation-judges": ("it is the other way round. The validation cells choose, and this card has the numbers of the test cells.", _TASK),
        "certain-ones": ("the test cells are drawn from all cells. A defect probability of ⅓ or ⅔ is among them as often as among the others.", _TASK),
    },
    "leak_warning": {
        "random-is-fair": (f"the cell itself stands on one side, and others of its module may stand on the other: {_MODULES}", _FLATTERS),
        "equal-shares": (f"equal shares of defective cells do not keep modules apart: {_MODULES}", _FLATTERS),
        "no-numbers": (f"it needs no number, since cells of one module look alike: {_MODULES}", _FLATTERS),
    },
    "licence": {
        "weights-allow": ("the licence of those weights does allow it. That of the photographs, which trained it as well, does not: CC BY-NC-SA 4.0.", _TITLE),
        "weights-exclude": ("those weights are under Apache-2.0, which allows commercial use. It is the photographs' licence that excludes it.", _TITLE),
        "public-package": ("whoever may install the photographs may not use them for whatever they like. They are under CC BY-NC-SA 4.0: not for commercial use.", _TITLE),
    },
    "limits": {
        "another-camera": ("all cells come from one data set, and a reader with another camera has to know it.", _TITLE),
        "maps": ("a map shows where evidence was found, not why it counted, and a plausible map does not make an answer right.", _LOOKS),
        "doubtful-labels": ("on these cells the experts gave a probability of ⅓ or ⅔, and no accuracy is surer than the labels that it is counted with.", _TASK),
        "interval": ("the interval covers the chance in drawing cells like these, and nothing else: no other module, camera or factory.", _SURE),
        "preparation": ("size and range of the photographs belong to the inspector as much as the weights do, and are not in their file.", _SAVE),
    },
}  # fmt: skip


def model_card(challenge: dict) -> dict:
    """Number and majority baseline of the test cells, the intervals of each count of right ones, the statements' key."""
    from grader import lab

    cells = lab.load_solar_cells(size=challenge["size"])
    test = cells.split(challenge["split"])[1]
    return {
        "total": len(test),
        "baseline": cells.majority_baseline(test),
        "intervals": _of_each_count(len(test)),
        "sealed": seal({"right": _HOLD, "said": _OF_STATEMENTS}),
    }


EXPECT = {
    "capstone.inspector": inspector,
    "capstone.interval": interval,
    "capstone.save_and_load": save_and_load,
    "capstone.model_card": model_card,
}
