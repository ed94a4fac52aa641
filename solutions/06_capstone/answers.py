"""Expected values of lesson 06_capstone. Stays with the instructor."""

import math
from collections.abc import Callable

from scipy.stats import binomtest

from grader.exercises.kit.legacy_side_effects import condition
from grader.exercises.kit.models import head_name
from grader.exercises.lesson_06_capstone.inspector import held_out_cells
from grader.exercises.lesson_06_capstone.save_and_load import fresh_network, trained_network

Z = 1.959964  # 97.5 % quantile of the standard normal distribution


def inspector(challenge: dict) -> dict:
    """Labels of the held-out cells in the order of asking, and which of them were asked again."""
    cells, asked = held_out_cells(challenge)
    return {
        "labels": cells.defective[asked],
        "batch": challenge["batch"],
        "together": challenge["together"],
        "alone": challenge["alone"],
    }


def _wilson(correct: int, total: int, z: float = Z) -> tuple[float, float]:
    share = correct / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return middle - half, middle + half


def _wald(correct: float, total: float, z: float = Z) -> tuple[float, float]:
    share = correct / total
    half = z * math.sqrt(share * (1 - share) / total)
    return share - half, share + half


def _clipped(interval: tuple[float, float]) -> tuple[float, float]:
    return max(0.0, interval[0]), min(1.0, interval[1])


def _around_the_share(correct: int, total: int) -> tuple[float, float]:
    low, high = _wilson(correct, total)
    share, half = correct / total, (high - low) / 2
    return share - half, share + half


def _not_divided(correct: int, total: int) -> tuple[float, float]:
    low, high = _wilson(correct, total)
    factor = 1 + Z**2 / total
    return low * factor, high * factor


def _middle_and_half(correct: int, total: int) -> tuple[float, float]:
    low, high = _wilson(correct, total)
    return (low + high) / 2, (high - low) / 2


def _scipy(method: str) -> Callable[[int, int], tuple[float, float]]:
    return lambda correct, total: tuple(binomtest(correct, total).proportion_ci(0.95, method=method))


def _two_more(correct: int, total: int) -> tuple[float, float]:
    # Agresti and Coull 1998: the normal interval of two more right and two more wrong.
    return _wald(correct + 2, total + 4)


def _agresti_coull(correct: int, total: int) -> tuple[float, float]:
    return _wald(correct + Z**2 / 2, total + Z**2)


def _error_rate(correct: int, total: int) -> tuple[float, float]:
    return _wilson(total - correct, total)


_NORMAL = (
    "This is the normal interval (Wald's): it has no width where all are right or all are wrong, and may leave 0 to 1.",
    "Wilson's formula adds z² / (2 · total) to the middle and z² / (4 · total²) under the root, and divides by 1 + z² / total.",
)
_ONE_ERROR = (
    "The interval is one standard error wide on each side: it holds about 68 % and not 95 %, since z is missing.",
    "For 95 % the standard error counts z = 1.96 times.",
)
_ADDED = (
    "This is the interval of Agresti and Coull, the normal one with two right and two wrong ones added, not Wilson's.",
    "Use the formula of the lesson.",
)

# name: (program, points, text, hint)
_INTERVAL_MISTAKES: dict[str, tuple[Callable, float, str, str]] = {
    "wald": (_wald, 1, *_NORMAL),
    "wald_clipped": (
        lambda k, n: _clipped(_wald(k, n)),
        1,
        "This is the normal interval (Wald's), clipped to 0 to 1: where all are right it still claims to be certain.",
        _NORMAL[1],
    ),
    "wald_one": (lambda k, n: _wald(k, n, 1), 1, *_ONE_ERROR),
    "wilson_one": (lambda k, n: _wilson(k, n, 1), 1, *_ONE_ERROR),
    "ninety": (
        lambda k, n: _wilson(k, n, 1.644854),
        1,
        "z belongs to a 90 % interval (1.645, one-sided 95 %): it is too narrow.",
        "95 % in the middle leave 2.5 % on each side: z = 1.96.",
    ),
    "ninety_nine": (
        lambda k, n: _wilson(k, n, 2.575829),
        1,
        "z belongs to a 99 % interval: it is too wide.",
        "For 95 % z is 1.96.",
    ),
    "two": (
        lambda k, n: _wilson(k, n, 2),
        3,
        "With z = 2 this is the 95.4 % interval: nearly right, and a little too wide.",
        "For 95 % z is 1.96.",
    ),
    "percent": (
        lambda k, n: tuple(100 * bound for bound in _wilson(k, n)),
        2,
        "The bounds are in percent; wanted are fractions from 0 to 1.",
        "Leave out the factor of 100.",
    ),
    "error_rate": (
        _error_rate,
        1,
        "This is the interval of the error rate: it counts the wrong ones.",
        "The share is `correct / total`.",
    ),
    "one_less": (
        lambda k, n: _wilson(k, n - 1),
        1,
        "The formula was computed with `total - 1`: all photographs count.",
        "The minus one belongs to the standard deviation of a sample, not to a share.",
    ),
    "swapped": (
        lambda k, n: _wilson(k, n)[::-1],
        2,
        "The order of the bounds is swapped: the upper one comes first.",
        "End with `return low, high`.",
    ),
    "middle_and_half": (
        _middle_and_half,
        2,
        "These are the middle and the half width, not the two bounds.",
        "`return middle - half, middle + half`.",
    ),
    "around_the_share": (
        _around_the_share,
        1,
        "The half width is Wilson's, but it was laid around `correct / total`: Wilson's middle lies nearer to one half.",
        "The middle is (share + z² / (2 · total)) / (1 + z² / total).",
    ),
    "not_divided": (
        _not_divided,
        1,
        "The division by 1 + z² / total is missing.",
        "It divides the middle and the half width alike.",
    ),
    "continuity": (
        _scipy("wilsoncc"),
        1,
        "This is Wilson's interval with a continuity correction, which is wider than asked for.",
        'In SciPy the method is called "wilson", without "cc".',
    ),
    "exact": (
        _scipy("exact"),
        1,
        "This is the exact interval of Clopper and Pearson, which is wider than Wilson's.",
        "Use the formula of the lesson.",
    ),
    "agresti_coull": (_agresti_coull, 1, *_ADDED),
    "two_more": (_two_more, 1, *_ADDED),
}


def interval(challenge: dict) -> dict:
    """Wilson's interval for each case, and what the known mistakes give."""
    cases = challenge["cases"]
    return {
        "cases": cases,
        "intervals": [list(_wilson(*case)) for case in cases],
        "mistakes": {
            name: [_or_none(wrong, case) for case in cases]
            for name, (wrong, _, _, _) in _INTERVAL_MISTAKES.items()
        },
        "sentences": {
            name: {"points": points, "text": text, "hint": hint}
            for name, (_, points, text, hint) in _INTERVAL_MISTAKES.items()
        },
    }


def _or_none(program: Callable, case: list[int]) -> list[float] | None:
    """None where the wrong program fails: a root of a negative number, say."""
    try:
        return [float(bound) for bound in program(*case)]
    except (ArithmeticError, ValueError):
        return None


def save_and_load(challenge: dict) -> dict:
    """Condition of each network when it is saved and of the fresh one, and the names of its parts."""
    described = []
    for network in challenge["networks"]:
        model = trained_network(network, challenge["data_seed"])
        head = f"{head_name(network['spec'])}."
        described.append(
            {
                "before": condition(model),
                "fresh": condition(fresh_network(network, challenge["fresh_seed"])),
                "buffers": [name for name, _ in model.named_buffers()],
                "head": [name for name in model.state_dict() if name.startswith(head)],
                "stored_dtypes": {
                    name: str(tensor.dtype).removeprefix("torch.")
                    for name, tensor in model.state_dict().items()
                },
            }
        )
    return {"networks": described}


def model_card(challenge: dict) -> dict:
    """Number and majority baseline of the held-out cells."""
    cells, held_out = held_out_cells(challenge)
    return {"total": len(held_out), "baseline": cells.majority_baseline(held_out)}


EXPECT = {
    "capstone.inspector": inspector,
    "capstone.interval": interval,
    "capstone.save_and_load": save_and_load,
    "capstone.model_card": model_card,
}
