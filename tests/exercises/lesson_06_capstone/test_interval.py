"""Right and wrong intervals, on the public challenge and on secret ones: each wrong formula by its name."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy import stats

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import collect_evidence, find_exercise, judge_evidence

ID = "capstone.interval"
Z = 1.96


def wilson(correct, total, z=Z):
    share = correct / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return middle - half, middle + half


def from_scipy(correct, total):
    return stats.binomtest(correct, total).proportion_ci(method="wilson")


def by_counts(correct, total):
    wrong = total - correct
    middle = (correct + Z**2 / 2) / (total + Z**2)
    half = Z * np.sqrt(correct * wrong / total + Z**2 / 4) / (total + Z**2)
    return np.array([middle - half, middle + half])


def by_quadratic_equation(correct, total):
    share = correct / total
    roots = np.roots([1 + Z**2 / total, -(2 * share + Z**2 / total), share**2])
    return torch.tensor(sorted(roots.real))


def with_exact_z(correct, total):
    low, high = wilson(correct, total, stats.norm.ppf(0.975))
    return [np.float64(low), torch.tensor(high)]


def clipped(correct, total):
    low, high = wilson(correct, total)
    return max(0.0, low), min(1.0, high)


def with_fractions(correct, total):
    z = Fraction(196, 100)
    share, scale = Fraction(correct, total), 1 + z**2 / total
    middle = (share + z**2 / (2 * total)) / scale
    half = z / scale * Fraction(math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)))
    return middle - half, middle + half


def four_decimals(correct, total):
    return tuple(round(bound, 4) for bound in wilson(correct, total))


def in_float32(correct, total):
    low, high = wilson(correct, total)
    return np.float32(low), np.float32(high)


RIGHT = [
    wilson,
    from_scipy,
    by_counts,
    by_quadratic_equation,
    with_exact_z,
    clipped,
    with_fractions,
    four_decimals,
    in_float32,
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_intervals_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def around(
    middle="(p + z**2 / (2 * n)) / s", half="z / s * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))", **named
):
    """An interval written with these two lines; ``p`` is the share, ``s`` the divisor 1 + z² / n."""
    code = compile(f"(lambda m, h: (m - h, m + h))({middle}, {half})", "answer", "eval")
    divisor = compile(named.pop("s", "1 + z**2 / n"), "answer", "eval")

    def confidence_interval(correct, total):
        known = {
            "z": Z,
            "p": correct / total,
            "n": total,
            "k": correct,
            "sqrt": math.sqrt,
            "log": math.log,
        } | named
        return eval(code, known | {"s": eval(divisor, known)})

    return confidence_interval


NORMAL = around("p", "z * sqrt(p * (1 - p) / n)")
SPREAD = "sqrt(p * (1 - p) / n + z**2 / (4 * n**2))"


def of_both(change, program=wilson):
    """``change`` of the two bounds that ``program`` gives."""
    return lambda correct, total: change(*program(correct, total))


def beta(prior):
    def confidence_interval(correct, total):
        low, high = stats.beta.ppf([0.025, 0.975], correct + prior, total - correct + prior)
        if prior == 0.5:
            return (low if correct else 0), (high if correct < total else 1)
        return low, high

    return confidence_interval


def arcsine(correct, total):
    angle, reach = math.asin(math.sqrt(correct / total)), Z / 2 / math.sqrt(total)
    return math.sin(max(0, angle - reach)) ** 2, math.sin(min(math.pi / 2, angle + reach)) ** 2


FORMULAS = {
    "normal": NORMAL,
    "normal-clipped": of_both(lambda low, high: (max(0, low), min(1, high)), NORMAL),
    "normal-without-z": around("p", "sqrt(p * (1 - p) / n)"),
    "normal-total-minus-one": around("p", "z * sqrt(p * (1 - p) / (n - 1))"),
    "normal-with-t": lambda k, n: around("p", "z * sqrt(p * (1 - p) / n)", z=stats.t.ppf(0.975, n - 1))(k, n),
    "normal-ninety": around("p", "z * sqrt(p * (1 - p) / n)", z=1.645),
    "normal-corrected": around("p", "z * sqrt(p * (1 - p) / n) + 1 / (2 * n)"),
    "widest-normal": around("p", "z * sqrt(0.5 * 0.5 / n)"),
    "root-of-total": around("p", "1 / sqrt(n)"),
    "agresti-coull": lambda k, n: NORMAL(k + Z**2 / 2, n + Z**2),
    "two-more": lambda k, n: NORMAL(k + 2, n + 4),
    "exact": lambda k, n: stats.binomtest(k, n).proportion_ci(method="exact"),
    "continuity": lambda k, n: stats.binomtest(k, n).proportion_ci(method="wilsoncc"),
    "jeffreys": beta(0.5),
    "uniform-prior": beta(1),
    "arcsine": arcsine,
    "hoeffding": around("p", "sqrt(log(2 / 0.05) / (2 * n))"),
    "binomial-quantiles": lambda k, n: [stats.binom.ppf(q, n, k / n) / n for q in (0.025, 0.975)],
    "without-z": around(z=1),
    "fifty": around(z=0.6745),
    "eighty": around(z=1.2816),
    "ninety": around(z=1.645),
    "ninety-eight": around(z=2.3263),
    "ninety-nine": around(z=2.576),
    "three": around(z=3),
    "level-for-z": around(z=0.95),
    "z-squared-twice": around(z=1.96**2),
    "error-rate": lambda k, n: wilson(n - k, n),
    "total-minus-one": lambda k, n: around()(k, n - 1),
    "always-656": lambda k, n: wilson(k, 656),
    "one-more": lambda k, n: wilson(k + 1, n + 2),
    "around-the-share": around("p"),
    "normal-around-middle": around(half="z * sqrt(p * (1 - p) / n)"),
    "not-divided": around(s="1"),
    "middle-not-divided": around("p + z**2 / (2 * n)"),
    "half-not-divided": around(half=f"z * {SPREAD}"),
    "middle-divided-in-part": around("p + z**2 / (2 * n) / s"),
    "middle-without-term": around("p / s"),
    "middle-without-two": around("(p + z**2 / n) / s"),
    "middle-with-z": around("(p + z / (2 * n)) / s"),
    "middle-times-total": around("(p + z**2 / 2 * n) / s"),
    "root-without-term": around(half="z / s * sqrt(p * (1 - p) / n)"),
    "root-total-not-squared": around(half="z / s * sqrt(p * (1 - p) / n + z**2 / (4 * n))"),
    "root-without-four": around(half="z / s * sqrt(p * (1 - p) / n + z**2 / n**2)"),
    "root-two-for-four": around(half="z / s * sqrt(p * (1 - p) / n + z**2 / (2 * n**2))"),
    "root-with-z": around(half="z / s * sqrt(p * (1 - p) / n + z / (4 * n**2))"),
    "root-times-total": around(half="z / s * sqrt(p * (1 - p) / n + z**2 / 4 * n**2)"),
    "root-too-short": around(half="z / s * (sqrt(p * (1 - p) / n) + z**2 / (4 * n**2))"),
    "no-root": around(half="z / s * (p * (1 - p) / n + z**2 / (4 * n**2))"),
    "variance-not-divided": around(half="z / s * sqrt(p * (1 - p) + z**2 / (4 * n**2))"),
    "half-without-z": around(half=f"{SPREAD} / s"),
    "half-with-z-squared": around(half=f"z**2 / s * {SPREAD}"),
    "scale-total-missing": around(s="1 + z**2"),
    "scale-with-z": around(s="1 + z / n"),
    "scale-with-two": around(s="1 + z**2 / (2 * n)"),
    "scale-twice": around(half=f"z / s * {SPREAD} / s"),
    "share-squared": around(half="z / s * sqrt(p * p / n + z**2 / (4 * n**2))"),
    "plus-for-minus": around(half="z / s * sqrt(p * (1 + p) / n + z**2 / (4 * n**2))"),
    "double-width": around(half=f"2 * z / s * {SPREAD}"),
    "half-as-wide": around(half=f"z / s * {SPREAD} / 2"),
    "middle-and-half": of_both(lambda low, high: ((low + high) / 2, (high - low) / 2)),
    "low-and-width": of_both(lambda low, high: (low, high - low)),
    "only-half-widths": of_both(lambda low, high: ((low - high) / 2, (high - low) / 2)),
    "counts": lambda k, n: [n * bound for bound in wilson(k, n)],
    "only-below": of_both(lambda low, high: (low, (low + high) / 2)),
    "only-above": of_both(lambda low, high: ((low + high) / 2, high)),
    "up-to-one": of_both(lambda low, high: (low, 1.0)),
    "from-zero": of_both(lambda low, high: (0.0, high)),
    "upper-twice": of_both(lambda low, high: (high, high)),
    "lower-twice": of_both(lambda low, high: (low, low)),
    "middle-twice": of_both(lambda low, high: ((low + high) / 2,) * 2),
    "share-twice": lambda k, n: (k / n, k / n),
    "whole-division": lambda k, n: around(p=k // n)(k, n),
}


def no_edges(correct, total):
    if correct in (0, total):
        raise ValueError("no interval")
    return wilson(correct, total)


def certain_at_the_edges(correct, total):
    return (correct / total,) * 2 if correct in (0, total) else wilson(correct, total)


def divides_by_the_wrong_ones(correct, total):
    odds = correct / (total - correct)
    return wilson(round(odds / (1 + odds) * total), total)


def rounded(digits):
    return lambda correct, total: tuple(round(bound, digits) for bound in wilson(correct, total))


def floored(correct, total):
    low, high = wilson(correct, total)
    return math.floor(1000 * low) / 1000, math.ceil(1000 * high) / 1000


def only_for_few(correct, total):
    if total > 100:
        raise ValueError("too many")
    return wilson(correct, total)


def nan_for_some(correct, total):
    return (math.nan, math.nan) if total > 100 else wilson(correct, total)


def logit(correct, total):
    if correct in (0, total):
        return wilson(correct, total)
    middle = math.log(correct / (total - correct))
    half = Z * math.sqrt(1 / correct + 1 / (total - correct))
    return 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))


# name: (answer, points, mistake)
def few_refused(correct, total):
    return stats.binomtest(correct, total).proportion_ci(method="wilson") if total >= 30 else (0.0, 1.0)


def bootstrap(correct, total):
    drawn = np.random.default_rng(1).binomial(total, correct / total, size=4_000) / total
    return tuple(np.quantile(drawn, [0.025, 0.975]))


OTHERS = {
    "z = 1.9": (around(z=1.9), 1, "other-z"),
    "z = 1.64": (around(z=1.64), 1, "ninety"),
    "z = 2.58": (around(z=2.58), 1, "ninety-nine"),
    "normal with z = 2": (around("p", "z * sqrt(p * (1 - p) / n)", z=2), 1, "normal"),
    "normal, cut off below": (of_both(lambda low, high: (max(0, low), high), NORMAL), 1, "normal-clipped"),
    "normal, cut off above": (of_both(lambda low, high: (low, min(1, high)), NORMAL), 1, "normal-clipped"),
    "two more, cut off": (lambda k, n: np.clip(NORMAL(k + 2, n + 4), 0, 1), 1, "two-more"),
    "two": (around(z=2), 3, "two"),
    "percent": (lambda k, n: [100 * bound for bound in wilson(k, n)], 2, "percent"),
    "swapped": (lambda k, n: wilson(k, n)[::-1], 2, "swapped"),
    "rounded to three": (rounded(3), 2, "rounded"),
    "rounded to two": (rounded(2), 2, "rounded"),
    "rounded to one": (rounded(1), 2, "rounded"),
    "rounded outwards": (floored, 2, "rounded"),
    "rounded percent": (lambda k, n: [round(100 * bound, 1) for bound in wilson(k, n)], 0, "rounded"),
    "percent, rounded": (lambda k, n: [round(100 * bound, 1) for bound in wilson(k, n)], 0, "percent"),
    "rounded float32": (lambda k, n: np.round(np.float32(wilson(k, n)), 3), 2, "rounded"),
    "a normal interval, rounded": (
        of_both(lambda low, high: (round(low, 3), round(high, 3)), NORMAL),
        0,
        "normal",
    ),
    "a normal interval in percent": (lambda k, n: [100 * bound for bound in NORMAL(k, n)], 0, "normal"),
    "a 90 % interval, swapped": (lambda k, n: around(z=1.645)(k, n)[::-1], 0, "ninety"),
    "error rate by complement": (of_both(lambda low, high: (1 - high, 1 - low)), 1, "error-rate"),
    "one minus each": (of_both(lambda low, high: (1 - low, 1 - high)), 0, "error-rate"),
    "no extremes": (no_edges, 3, "edges"),
    "certain at the edges": (certain_at_the_edges, 3, "edges"),
    "none at the edges": (lambda k, n: None if k in (0, n) else wilson(k, n), 3, "edges"),
    "zero division": (divides_by_the_wrong_ones, 3, "edges"),
    "upper bound off": (of_both(lambda low, high: (low, high + 0.01)), 1, "upper-bound"),
    "lower bound off": (of_both(lambda low, high: (low - 0.01, high)), 1, "lower-bound"),
    "a little wider": (of_both(lambda low, high: (low - 0.01, high + 0.01)), 1, "half-width"),
    "half a success more": (of_both(lambda low, high: (low + 0.01, high + 0.01)), 1, "middle"),
    "stops": (only_for_few, 0, "stops"),
    "nan for some": (nan_for_some, 0, "not-finite"),
    "nan": (lambda k, n: (math.nan, math.nan), 0, "not-finite"),
    "infinite": (lambda k, n: (-math.inf, math.inf), 0, "not-finite"),
    "constant": (lambda k, n: (0.85, 0.90), 0, "another-interval"),
    "few refused": (few_refused, 0, "another-interval"),
    "bootstrap": (bootstrap, 1, "binomial-quantiles"),
    "logit": (logit, 0, "another-interval"),
    "none to one": (lambda k, n: (0.0, 1.0), 0, "another-interval"),
    "share of what": (lambda k, n: (k, n), 0, "another-interval"),
    "only the half width": (lambda k, n: np.ptp(wilson(k, n)) / 2, 0, "no-numbers"),
    "three values": (lambda k, n: (k / n, *wilson(k, n)), 0, "no-numbers"),
    "nothing": (lambda k, n: None, 0, "no-numbers"),
    "texts": (lambda k, n: tuple(f"{bound:.1%}" for bound in wilson(k, n)), 0, "no-numbers"),
    "a dict": (lambda k, n: dict(zip(("low", "high"), wilson(k, n), strict=True)), 0, "no-numbers"),
    "a truth": (lambda k, n: (True, False), 0, "no-numbers"),
    "a column": (lambda k, n: np.array(wilson(k, n))[:, None], 0, "no-numbers"),
    "decimals of Decimal": (lambda k, n: tuple(Decimal(bound) for bound in wilson(k, n)), 0, "no-numbers"),
    "complex": (lambda k, n: tuple(complex(bound) for bound in wilson(k, n)), 0, "no-numbers"),
    "empty": (lambda k, n: [], 0, "no-numbers"),
    "raises always": (lambda k, n: 1 / 0, 0, "raised"),
    "a name missing": (lambda k, n: undefined, 0, "raised"),  # noqa: F821
    "one argument": (lambda k: (0, 1), 0, "raised"),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_wrong_formulas_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, FORMULAS[name], 1, name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_mistakes_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *OTHERS[name])


def test_every_known_mistake_is_reached(unreached):
    answers = [*FORMULAS.values(), *(answer for answer, _, _ in OTHERS.values())]
    assert unreached(ID, answers) == []


def test_forged_evidence_of_another_length_earns_nothing():
    exercise = find_exercise(ID)
    challenge = exercise.challenge(np.random.default_rng(7))
    expected = expected_for(ROOT, exercise.lesson, ID, challenge)
    bundle = collect_evidence(exercise, wilson, challenge).bundle
    assert judge_evidence(bundle, expected, ID).passed
    bundle["evidence"]["described"].append("")
    assert judge_evidence(bundle, expected, ID).points == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_challenge_tells_the_clipped_interval_from_the_normal_one(seed, graded):
    assert [f.id for f in graded(ID, FORMULAS["normal-clipped"], seed).findings] == ["normal-clipped"]
    assert [f.id for f in graded(ID, FORMULAS["normal"], seed).findings] == ["normal"]


def test_the_call_that_went_wrong_is_shown(graded):
    [finding] = graded(ID, OTHERS["constant"][0], 7).findings
    assert "gives 0.8500 to 0.9000; Wilson's interval is 0." in finding.text
    [finding] = graded(ID, no_edges, 7).findings
    assert "stops with ValueError: no interval" in finding.text
