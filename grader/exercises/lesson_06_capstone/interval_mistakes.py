"""Known mistakes of the interval: formulas that give another one, and what is done to the bounds beside the formula."""

from collections.abc import Callable
from typing import Any

from grader.exercises.machine.mistakes import Mistake

_FORMULA = 3.0  # points that a wrong formula costs of the four

_NORMAL = (
    "Wilson's formula adds z² / (2 · total) to the share and z² / (4 · total²) under the root, and divides by "
    "1 + z² / total."
)
_TERMS = (
    "Compute the middle and the half width one after the other, and compare each term with the formula above."
)
_Z = "For 95 % z is 1.96: 2.5 % are left on each side."

# id: what is seen, hint. The intervals themselves are computed from the same ids by `answers.py`.
_ONE_ERROR = "z is missing: one standard error on each side holds about 68 %, not 95 %."
_TEXTS: dict[str, tuple[str, str]] = {
    "normal": ("This is the normal interval (Wald's): it has no width where all are right or all are wrong, and may leave 0 to 1.", _NORMAL),
    "normal-clipped": ("This is the normal interval (Wald's), cut off at 0 or at 1: where all are right it still claims to be certain.", _NORMAL),
    "normal-without-z": (f"This is the normal interval, and {_ONE_ERROR}", _NORMAL),
    "normal-total-minus-one": ("This is the normal interval (Wald's), with `total - 1` in the standard error.", _NORMAL),
    "normal-with-t": ("This is the normal interval with a quantile of Student's t distribution.", _NORMAL),
    "normal-ninety": ("This is the normal interval (Wald's), and with z = 1.645 it is that of 90 %.", _NORMAL),
    "normal-corrected": ("This is the normal interval (Wald's) with a continuity correction.", _NORMAL),
    "widest-normal": ("The half width is 1.96 · √(0.25 / total), as if the share were one half.", _NORMAL),
    "root-of-total": ("The half width is 1 / √total, whatever the share is.", _NORMAL),
    "agresti-coull": ("This is the interval of Agresti and Coull: the normal one around Wilson's middle.", "Use the formula of the lesson."),
    "two-more": ("This is the normal interval with two right and two wrong ones added (Agresti and Coull), not Wilson's.", "Use the formula of the lesson."),
    "exact": ("This is the exact interval of Clopper and Pearson, which is wider than Wilson's.", "Use the formula of the lesson."),
    "continuity": ("This is Wilson's interval with a continuity correction, which is wider than asked for.", 'In SciPy the method is called "wilson", without "cc".'),
    "jeffreys": ("This is the interval of Jeffreys, from a Beta distribution.", "Use the formula of the lesson."),
    "uniform-prior": ("This is the Bayesian interval of a uniform prior, from a Beta distribution.", "Use the formula of the lesson."),
    "arcsine": ("This is the interval by the arcsine of the share's root.", "Use the formula of the lesson."),
    "hoeffding": ("The half width is that of Hoeffding's inequality, which is wider than Wilson's.", "Use the formula of the lesson."),
    "binomial-quantiles": ("These are quantiles of the binomial distribution with the measured share, divided by `total`, computed or drawn (a bootstrap).", "Use the formula of the lesson."),
    "without-z": (f"{_ONE_ERROR}", _Z),
    "fifty": ("z belongs to a 50 % interval (0.674): it is too narrow.", _Z),
    "eighty": ("z belongs to an 80 % interval (1.282): it is too narrow.", _Z),
    "ninety": ("z belongs to a 90 % interval (1.645, one-sided 95 %): it is too narrow.", _Z),
    "ninety-eight": ("z belongs to a 98 % interval (2.326): it is too wide.", _Z),
    "ninety-nine": ("z belongs to a 99 % interval (2.576): it is too wide.", _Z),
    "three": ("With z = 3 this is the 99.7 % interval: it is too wide.", _Z),
    "other-z": ("This is Wilson's formula with another z than 1.96.", _Z),
    "level-for-z": ("This is what z = 0.95 gives: the level itself stands for z.", _Z),
    "z-squared-twice": ("This is what z = 1.96² gives.", "Is z squared twice?"),
    "error-rate": ("This is the interval of the error rate: it counts the wrong ones.", "The share is `correct / total`."),
    "total-minus-one": ("The formula was computed with `total - 1`: all photographs count.", "The minus one belongs to the standard deviation of a sample, not to a share."),
    "always-656": ("This is the interval of the share among 656 photographs, whatever `total` is.", "Use the argument `total`, not a number or a variable of the notebook."),
    "one-more": ("This is Wilson's interval for (correct + 1) out of (total + 2).", "Use the counts as they are given."),
    "middle-and-half": ("These are the middle and the half width, not the two bounds.", "`return middle - half, middle + half`."),
    "low-and-width": ("These are the lower bound and the width, not the two bounds.", "`return middle - half, middle + half`."),
    "only-half-widths": ("These are minus and plus the half width: the middle is missing.", "`return middle - half, middle + half`."),
    "counts": ("These are bounds for the count of right ones; wanted are fractions from 0 to 1.", "Leave out the factor `total`."),
    "around-the-share": ("The half width is Wilson's, but it was laid around `correct / total`: Wilson's middle lies nearer to one half.", "The middle is (share + z² / (2 · total)) / (1 + z² / total)."),
    "normal-around-middle": ("The middle is Wilson's, and the half width that of the normal interval.", _NORMAL),
    "not-divided": ("The division by 1 + z² / total is missing.", "It divides the middle and the half width alike."),
    "middle-not-divided": ("The half width is right; in the middle the division by 1 + z² / total is missing.", "It divides the middle and the half width alike."),
    "half-not-divided": ("The middle is right; in the half width the division by 1 + z² / total is missing.", "It divides the middle and the half width alike."),
    "middle-divided-in-part": ("In the middle only z² / (2 · total) is divided by 1 + z² / total, not the share.", "A sum that is divided needs brackets."),
    "middle-without-term": ("In the middle the term z² / (2 · total) is missing.", _TERMS),
    "middle-without-two": ("In the middle stands z² / total instead of z² / (2 · total).", _TERMS),
    "middle-with-z": ("In the middle stands z / (2 · total) instead of z² / (2 · total).", "z is squared there."),
    "middle-times-total": ("In the middle stands z² / 2 · total instead of z² / (2 · total).", "`z**2 / 2 * total` multiplies by total: brackets."),
    "root-without-term": ("Under the root the term z² / (4 · total²) is missing.", _TERMS),
    "root-total-not-squared": ("Under the root stands z² / (4 · total) instead of z² / (4 · total²).", "total is squared there."),
    "root-without-four": ("Under the root stands z² / total² instead of z² / (4 · total²).", _TERMS),
    "root-two-for-four": ("Under the root stands z² / (2 · total²) instead of z² / (4 · total²).", _TERMS),
    "root-with-z": ("Under the root stands z / (4 · total²) instead of z² / (4 · total²).", "z is squared there."),
    "root-times-total": ("Under the root stands z² / 4 · total² instead of z² / (4 · total²).", "`z**2 / 4 * total**2` multiplies by total²: brackets."),
    "root-too-short": ("The term z² / (4 · total²) stands behind the root instead of under it.", "Which bracket closes the root?"),
    "no-root": ("The root is missing in the half width.", "The half width is z times a root."),
    "variance-not-divided": ("Under the root share · (1 - share) is not divided by `total`.", _TERMS),
    "half-without-z": ("The middle is right; in the half width z in front of the root is missing.", _TERMS),
    "half-with-z-squared": ("The middle is right; in the half width stands z² in front of the root instead of z.", _TERMS),
    "scale-total-missing": ("The divisor is 1 + z² instead of 1 + z² / total.", _TERMS),
    "scale-with-z": ("The divisor is 1 + z / total instead of 1 + z² / total.", "z is squared there."),
    "scale-with-two": ("The divisor is 1 + z² / (2 · total) instead of 1 + z² / total.", _TERMS),
    "scale-twice": ("The half width is divided by 1 + z² / total twice.", _TERMS),
    "share-squared": ("Under the root stands share² instead of share · (1 - share).", _TERMS),
    "plus-for-minus": ("Under the root stands share · (1 + share) instead of share · (1 - share).", _TERMS),
    "double-width": ("The middle is right, and the interval twice as wide as Wilson's.", "The half width lies on each side of the middle once."),
    "half-as-wide": ("The middle is right, and the interval half as wide as Wilson's.", "The half width lies on each side of the middle in full."),
    "only-below": ("The interval goes from Wilson's lower bound to its middle.", "`return middle - half, middle + half`."),
    "only-above": ("The interval goes from Wilson's middle to its upper bound.", "`return middle - half, middle + half`."),
    "up-to-one": ("The lower bound is Wilson's, and the upper one is always 1.", "Both bounds are wanted."),
    "from-zero": ("The upper bound is Wilson's, and the lower one is always 0.", "Both bounds are wanted."),
    "upper-twice": ("Both numbers are Wilson's upper bound.", "`return middle - half, middle + half`: a minus and a plus."),
    "lower-twice": ("Both numbers are Wilson's lower bound.", "`return middle - half, middle + half`: a minus and a plus."),
    "middle-twice": ("Both numbers are Wilson's middle: the half width is missing.", "`return middle - half, middle + half`."),
    "share-twice": ("Both numbers are the share itself.", "`return middle - half, middle + half`."),
    "whole-division": ("The share is taken as 0 unless all are right, as `correct // total` gives it.", "`/` divides, `//` drops the fraction."),
}  # fmt: skip
_CHEAP = Mistake(
    "two",
    lambda facts: facts.formula == "two",
    "With z = 2 this is the 95.4 % interval: nearly right, and a little too wide. {0.example}",
    _Z,
    costs=1,
)


def _row(name: str, text: str, hint: str) -> Mistake:
    return Mistake(name, lambda facts: facts.formula == name, f"{text} {{0.example}}", hint, costs=_FORMULA)


def _unknown(name: str, shows: Callable[[Any], object], text: str, costs: float) -> Mistake:
    return Mistake(
        name,
        lambda facts: facts.formula == "unknown" and shows(facts),
        text + " {0.example}",
        _TERMS,
        costs=costs,
    )


_MISSING = [
    Mistake(
        "stops",
        lambda facts: facts.formula == "unknown" and facts.stops(),
        "For some counts the function stops. {0.example}",
        "Wilson's formula divides by `total` and by `1 + z² / total` only, and takes a root of what is never negative.",
    ),
    Mistake(
        "no-numbers",
        lambda facts: facts.no_numbers(),
        "The function gives {1}, not the two numbers `(low, high)`. {0.example}",
        "End with `return low, high`.",
    ),
    Mistake(
        "not-finite",
        lambda facts: facts.formula == "unknown" and facts.not_finite(),
        "Bounds are NaN or infinite: not numbers. {0.example}",
        "Is the root taken of a negative number, or something divided by zero?",
    ),
    Mistake(
        "edges",
        lambda facts: facts.only_edges(),
        "All is right but where none or all are right: None right and all right are counts like any other. {0.example}",
        "Wilson's formula needs no case of its own for them: it divides by `total` and by `1 + z² / total` only.",
        costs=1,
    ),
]
_OTHERS = [
    _unknown("upper-bound", lambda facts: facts.right_column(0), "The lower bounds are right, the upper ones are not.", _FORMULA),
    _unknown("lower-bound", lambda facts: facts.right_column(1), "The upper bounds are right, the lower ones are not.", _FORMULA),
    _unknown("half-width", lambda facts: facts.right_middle(), "The middle of each interval is right, its half width is not.", _FORMULA),
    _unknown("middle", lambda facts: facts.right_width(), "The width of each interval is right, its middle is not.", _FORMULA),
    _unknown("another-interval", lambda facts: True, "This is not Wilson's interval.", float("inf")),
]  # fmt: skip
TABLES = [
    [*_MISSING, _CHEAP, *(_row(name, *said) for name, said in _TEXTS.items()), *_OTHERS],
    [
        Mistake(
            "percent",
            lambda facts: "percent" in facts.form,
            "The bounds are in percent; wanted are fractions from 0 to 1. {0.example}",
            "Leave out the factor of 100.",
            costs=2,
        )
    ],
    [
        Mistake(
            "swapped",
            lambda facts: "swapped" in facts.form,
            "The order of the bounds is swapped: the upper one comes first. {0.example}",
            "End with `return low, high`.",
            costs=2,
        )
    ],
    [
        Mistake(
            "rounded",
            lambda facts: facts.decimals is not None,
            "The bounds are rounded: as fractions they have {0.decimals} decimals or fewer. {0.example}",
            "Give them as they come out, or with four decimals at least; round where you print.",
            costs=2,
        )
    ],
]
