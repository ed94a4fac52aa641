"""What lesson 4 says in words, held against its measurements: five seeds, with their 95 % intervals.

Where the text calls a comparison open its interval holds zero, and where it does not, it does not. What is
computed anew has margins, so that another processor's rounding does not matter and a changed recipe does.
"""

import ast
import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from grader.authoring.recording import lesson_functions
from grader.course import SOLUTIONS, lesson_ids
from grader.lab.recorded import load_recorded

LESSON = "04_learning_rates"
RATES = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
BASELINE = 0.6875


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def lesson(course_cache):
    """The lesson's own functions, on data prepared for these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        yield lesson_functions(LESSON)


def sweep(recorded, column, rate):
    """The five seeds' values of a column at one rate of the sweep."""
    return of(recorded, column, "one rate", rate)


def of(recorded, column, recipe, rate):
    """The five seeds' values of a column, in the order of the seeds."""
    values = recorded.values(column, recipe=recipe, rate=rate)
    assert len(values) == 5
    return values


def end_of(loss):
    """Mean loss of the last ten steps."""
    return np.mean(np.array(loss[-10:], dtype=float))


def test_every_run_is_recorded_for_five_seeds(recorded):
    assert recorded.settings_of("rate", recipe="one rate") == RATES
    pairs = {(run["recipe"], run["rate"], run["head_rate"]) for run in recorded.runs}
    assert len(pairs) == 21
    assert len(recorded.runs) == 105
    for recipe, rate, head_rate in pairs:
        seeds = recorded.values("seed", recipe=recipe, rate=rate, head_rate=head_rate)
        assert seeds.tolist() == [0, 1, 2, 3, 4]


def test_the_four_curves_are_the_runs_that_their_diagnoses_name(recorded):
    """The lesson finds them by their accuracies: no other run of seed 1 has the same."""
    source = (SOLUTIONS / LESSON / "lesson.py").read_text(encoding="utf-8")
    ends = ast.literal_eval(re.search(r"^ends = (\{.*?\})", source, flags=re.MULTILINE)[1])
    told = {
        letter: [
            (run["recipe"], run["rate"])
            for run in recorded.runs
            if run["seed"] == 1 and run.get("accuracy") == end
        ]
        for letter, end in ends.items()
    }
    assert told == {
        "A": [("one rate", 0.03)],
        "B": [("nothing trains", 0.0)],
        "C": [("one rate", 1e-3)],
        "D": [("one rate", 1e-5)],
    }


# ------------------------------------------------------------------ the network of two layers


def test_the_small_network_fails_in_silence_at_a_high_rate(lesson):
    for seed in range(5):
        _, _right_losses, right = lesson["fit_small"](1e-2, seed)
        _, losses, accuracy = lesson["fit_small"](1.0, seed)
        assert all(math.isfinite(loss) for loss in losses)
        assert right > 0.75
        assert abs(accuracy - 0.5) < 0.05
        assert max(losses) > 5
        assert abs(np.mean(losses[-50:]) - math.log(2)) < 0.06


def test_near_the_edge_the_seed_decides_for_the_small_network(lesson):
    right, edge, beyond = (
        sorted(lesson["fit_small"](rate, seed)[2] for seed in range(5)) for rate in (1e-2, 0.1, 0.3)
    )
    assert right[-1] - right[0] < 0.04
    assert edge[0] < 0.72 < 0.8 < edge[1]  # one of five is broken …
    assert beyond[-1] < 0.7  # … and here all are


def test_a_fifth_to_a_tenth_of_the_lowest_point_is_a_good_rate_for_the_small_network(lesson):
    def accuracy(rate, seed):
        return lesson["fit_small"](rate, seed, torch.optim.SGD, size=256)[2]

    for seed in range(5):
        rates, losses = lesson["range_test"](
            lesson["two_layers"](seed), lesson["small_batches"](400, 20 + seed, size=256), 1e-2, 30
        )
        smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
        level, low = smooth[np.array(rates[2:-2]) < 0.05].mean(), smooth.min()
        assert level > 0.65
        assert smooth[np.searchsorted(rates, 0.5)] < level - 0.15
        lowest = rates[int(smooth.argmin()) + 2]
        assert 0.4 < lowest < 5
        assert low < 0.45
        for part in (5, 10):
            assert accuracy(lowest / part, seed) > 0.9
        assert accuracy(0.01, seed) < 0.75
        assert accuracy(0.3, seed) - accuracy(3.0, seed) > 0.04


# What the small network gains over a constant rate, in points: the 95 % interval must lie within these ends.
SCHEDULES = {
    ("warm_up", 1e-3): (-8, -3),
    ("cosine", 1e-3): (-20, -12),
    ("one_cycle", 1e-3): (-20, -12),
    ("warm_up", 1e-2): (-1, 1),
    ("cosine", 1e-2): (1.5, 4.5),
    ("one_cycle", 1e-2): (1, 4.5),
    ("warm_up", 0.3): (14, 36),
    ("cosine", 0.3): (-8, 8),
    ("one_cycle", 0.3): (25, 50),
}


@pytest.mark.slow
@pytest.mark.parametrize("peak", [1e-3, 1e-2, 0.3])
def test_which_schedule_is_best_depends_on_the_peak(lesson, interval, peak):
    reached = {
        name: np.array([lesson["fit_small"](peak, seed, schedule=lesson[name])[2] for seed in range(5)])
        for name in ("constant", "warm_up", "cosine", "one_cycle")
    }
    for name in ("warm_up", "cosine", "one_cycle"):
        low, high = interval(reached[name] - reached["constant"])
        lowest, highest = SCHEDULES[name, peak]
        assert lowest < low < high < highest, (name, low, high)
    assert peak != 0.3 or reached["one_cycle"].mean() == pytest.approx(0.92, abs=0.03)


@pytest.mark.parametrize("name", ["constant", "warm_up", "cosine", "one_cycle"])
def test_all_schedules_have_one_peak_and_the_named_ends(lesson, name):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule, rates = lesson[name](optimizer, 60), []
    for _ in range(60):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert max(rates) == pytest.approx(0.5)
    assert (rates[0] == pytest.approx(0.5)) == (name in ("constant", "cosine"))
    assert (rates[-1] < 0.005) == (name in ("cosine", "one_cycle"))
    assert "momentum" not in optimizer.param_groups[0] or optimizer.param_groups[0]["momentum"] == 0


def test_the_mean_of_five_range_tests_shows_what_one_does_not(lesson):
    rates = np.geomspace(1e-5, 1.0, 300)
    losses = [lesson["fit_small"](1e-5, seed, schedule=lesson["growing"])[1] for seed in range(5)]
    smooth = np.convolve(np.mean(losses, axis=0), np.ones(5) / 5, mode="valid")
    assert 0.015 < rates[smooth.argmin() + 2] < 0.08
    level, edge = smooth[rates[2:-2] < 5e-3].mean(), smooth[rates[2:-2] > 0.3].mean()
    assert level - smooth.min() > 0.2
    assert edge - smooth.min() > 0.15
    assert np.std(losses[0][:150]) > 1.5 * np.std(np.mean(losses, axis=0)[:150])


def test_range_tests_of_the_pretrained_network(recorded):
    """AdamW's mean falls, and rises where the sweep has its edge; SGD's is flat, and then leaps."""
    means = {}
    for name in ("SGD", "AdamW"):
        losses = recorded.values("loss", recipe=f"range test, {name}")
        assert losses.shape == (5, 32)
        means[name] = np.array(recorded.values("rates", recipe=f"range test, {name}")[0]), losses.mean(axis=0)
    rates, loss = means["AdamW"]
    assert rates[loss.argmin()] == pytest.approx(0.005, abs=0.0003)
    assert loss.min() == pytest.approx(0.31, abs=0.005)
    level = loss[rates < 1e-4].mean()
    assert level == pytest.approx(0.7, abs=0.02)
    assert loss[(rates > 5e-4) & (rates < 2e-3)].max() < level - 0.05
    assert loss[rates > 0.02].min() > level
    rates, loss = means["SGD"]
    assert np.ptp(loss[rates < 0.03]) < 0.1
    assert (rates[loss.argmin()], loss.min()) == pytest.approx((0.12, 0.54), abs=0.005)
    assert loss[rates > 0.2].min() > 1.4


@pytest.mark.slow
def test_a_pull_towards_the_start_stands_between_training_freely_and_freezing(lesson, interval):
    source = lesson["fit_small"](0.3, 0, torch.optim.SGD, size=256)[0]
    arms = {"free": {}, "frozen": {"frozen": True}, "zero": {"decay": 1.0}}
    arms |= {"pulled": {"strength": 0.1}, "hard": {"strength": 1}}
    found = {
        arm: np.array([lesson["change_task"](source, seed, **how) for seed in range(10)])
        for arm, how in arms.items()
    }
    reached = {arm: values[:, 0] for arm, values in found.items()}
    moved = {arm: values[:, 1].mean() for arm, values in found.items()}
    assert moved["frozen"] == 0 < moved["hard"] < moved["pulled"] < moved["free"]
    assert interval(reached["free"] - reached["zero"])[0] > 3
    assert interval(reached["pulled"] - reached["frozen"])[0] > 2
    assert interval(reached["hard"] - reached["frozen"])[0] > 0.5
    low, high = interval(reached["pulled"] - reached["free"])  # the lower end is near zero, as the text tells
    assert -0.5 < low < 1.5 < high
    assert interval(reached["hard"] - reached["free"])[1] < 1.5


def test_the_default_decay_takes_next_to_nothing_in_60_steps():
    weight = torch.nn.Parameter(torch.ones(()))
    optimizer = torch.optim.AdamW([weight], lr=1e-3, weight_decay=0.01)
    for _ in range(60):
        weight.grad = torch.zeros(())
        optimizer.step()
    assert 1 - weight.item() == pytest.approx(0.0006, abs=1e-5)


def test_a_summed_loss_is_a_rate_times_the_batch_size(lesson):
    fit, step = lesson["fit_small"], lesson["summed_step"]
    for seed in range(5):
        mean, _, at_mean = fit(0.1, seed, torch.optim.SGD)
        summed, _, _ = fit(0.1 / 32, seed, torch.optim.SGD, step)
        for p, q in zip(mean.parameters(), summed.parameters(), strict=True):
            torch.testing.assert_close(p, q, atol=1e-4, rtol=1e-3)
        _, copied_losses, copied = fit(0.1, seed, torch.optim.SGD, step)
        assert all(math.isfinite(loss) for loss in copied_losses)
        assert at_mean - copied > 0.04
        assert abs(fit(0.01, seed)[2] - fit(0.01, seed, step=step)[2]) < 0.02  # AdamW hides it


# ------------------------------------------------------------------ the sweep


def test_lesson_1_reached_what_this_lesson_says_of_it():
    reached = load_recorded("01_scratch_vs_finetuning").values(
        "accuracy", start="fine-tuned", labels=200, budget="short"
    )
    assert reached.mean() == pytest.approx(0.82, abs=0.005)


def test_the_lowest_rate_stays_below_the_baseline(recorded):
    assert sweep(recorded, "accuracy", 1e-5).mean() < BASELINE - 0.045


def test_the_plateau_is_flatter_than_its_seeds_differ(recorded):
    plateau = [sweep(recorded, "accuracy", rate) for rate in (1e-4, 1e-3, 3e-3)]
    between = np.ptp([accuracies.mean() for accuracies in plateau])
    assert between < 0.01
    assert min(np.ptp(accuracies) for accuracies in plateau) > between
    assert min(accuracies.mean() for accuracies in plateau) > BASELINE + 0.045
    assert sweep(recorded, "accuracy", 1e-3).min() > BASELINE + 0.04


def test_from_a_hundredth_on_accuracy_and_features_are_lost(recorded):
    good, good_probe = (sweep(recorded, column, 1e-3).mean() for column in ("accuracy", "probe"))
    for rate, margin, probe_margin in ((1e-2, 0.03, 0.05), (3e-2, 0.1, 0.1), (1e-1, 0.07, 0.09)):
        assert good - sweep(recorded, "accuracy", rate).mean() > margin
        assert good_probe - sweep(recorded, "probe", rate).mean() > probe_margin


@pytest.mark.parametrize(
    ("rate", "column", "told"),
    [(0.1, "accuracy", (7, 12)), (0.1, "probe", (10, 12))],
)
def test_what_a_rate_too_high_clearly_costs(recorded, interval, rate, column, told):
    lost = sweep(recorded, column, 1e-3) - sweep(recorded, column, rate)
    assert interval(lost) == pytest.approx(told, abs=0.5)


@pytest.mark.parametrize("column", ["accuracy", "probe"])
@pytest.mark.parametrize("rate", [1e-2, 3e-2])
def test_how_much_the_rates_between_cost_is_open(recorded, interval, rate, column):
    low, high = interval(sweep(recorded, column, 1e-3) - sweep(recorded, column, rate))
    assert low < 0 < high


def test_at_003_the_seeds_lie_far_apart(recorded):
    reached = sweep(recorded, "accuracy", 3e-2)
    assert reached.min() == pytest.approx(0.40, abs=0.005)
    assert reached.max() == pytest.approx(0.77, abs=0.005)


def test_at_a_tenth_one_answer_is_left(recorded):
    assert np.abs(sweep(recorded, "accuracy", 0.1) - BASELINE).max() < 0.015
    assert np.abs(sweep(recorded, "balanced_accuracy", 0.1) - 0.5).max() < 0.01
    assert np.abs(sweep(recorded, "probe", 0.1) - BASELINE).max() < 0.015


def test_accuracy_alone_takes_too_low_for_worse_than_too_high(recorded):
    low, high = (sweep(recorded, "accuracy", rate).mean() for rate in (1e-5, 0.1))
    assert high - low > 0.04
    for curve in sweep(recorded, "curve", 1e-5):  # measured after 20, 40 and 60 steps
        assert curve[0][1] < curve[2][1]
    low, high = (sweep(recorded, "probe", rate).mean() for rate in (1e-5, 0.1))
    assert low - high > 0.04


def test_no_step_of_any_run_was_nan(recorded):
    assert all(loss is not None for run in recorded.runs if "accuracy" in run for loss in run["loss"])


def test_losses_leap_beyond_the_edge_and_one_settles_at_the_entropy(recorded):
    entropy = -sum(share * math.log(share) for share in (BASELINE, 1 - BASELINE))
    (pure,) = recorded.values("loss", recipe="one rate", rate=3e-2, seed=0)
    assert abs(end_of(pure) - entropy) < 0.01
    assert recorded.values("accuracy", recipe="one rate", rate=3e-2, seed=0)[0] == BASELINE
    assert recorded.values("balanced_accuracy", recipe="one rate", rate=3e-2, seed=0)[0] == 0.5
    assert sweep(recorded, "accuracy", 3e-2).mean() < BASELINE - 0.015
    for loss in sweep(recorded, "loss", 0.1):
        assert max(loss) > 9
        assert end_of(loss) > entropy - 0.05
    assert np.mean([end_of(loss) for loss in sweep(recorded, "loss", 1e-3)]) < 0.3


def test_the_weights_move_further_at_each_rate(recorded):
    moved = [sweep(recorded, "moved", rate) for rate in RATES]
    for lower, higher in pairwise(moved):
        assert lower.max() < higher.min()
    assert 0.02 < moved[RATES.index(1e-3)].mean() < 0.06
    assert moved[-1].min() > 2
    assert recorded.values("moved", recipe="nothing trains").max() == 0


def test_near_the_edge_the_seed_decides(recorded):
    edge = np.sort(sweep(recorded, "accuracy", 1e-2))
    assert edge[-1] == pytest.approx(BASELINE + 0.11, abs=0.005)
    assert edge[-2] == pytest.approx(BASELINE + 0.09, abs=0.005)
    assert np.abs(edge[:3] - BASELINE).max() < 0.02
    assert edge[-1] == sweep(recorded, "accuracy", 1e-2)[0]  # seed 0 is the one that comes through
    assert np.ptp(sweep(recorded, "accuracy", 3e-3)) == pytest.approx(0.098, abs=0.003)
    best = max((run for run in recorded.runs if run["recipe"] == "one rate"), key=lambda run: run["accuracy"])
    assert (best["rate"], best["seed"]) == (3e-3, 0)


# Points of accuracy over a constant rate: 95 % intervals.
ON_THE_CELLS = [
    ("cosine", 1e-3, (-0.6, 3.5)),
    ("cosine", 3e-3, (-3.2, 6.7)),
    ("cosine", 1e-2, (-10.4, 7.4)),
    ("one-cycle", 1e-3, (-1.1, 3.2)),
    ("one-cycle", 3e-3, (-2.0, 5.7)),
    ("one-cycle", 1e-2, (-9.6, 7.4)),
    ("warm-up", 1e-2, (-5.9, 6.3)),
    ("warm-up", 3e-2, (-16.6, 24.0)),
]


@pytest.mark.parametrize(("recipe", "rate", "told"), ON_THE_CELLS)
def test_which_schedule_is_best_for_the_pretrained_network_is_open(recorded, interval, recipe, rate, told):
    low, high = interval(of(recorded, "accuracy", recipe, rate) - sweep(recorded, "accuracy", rate))
    assert (low, high) == pytest.approx(told, abs=0.06)
    assert low < 0 < high


def test_cosine_and_one_cycle_are_close_and_their_seeds_at_0003_too(recorded):
    for rate in (1e-3, 3e-3, 1e-2):
        means = [of(recorded, "accuracy", recipe, rate).mean() for recipe in ("cosine", "one-cycle")]
        assert abs(means[0] - means[1]) < 0.005
    spread = [np.ptp(of(recorded, "accuracy", r, 3e-3)) for r in ("one rate", "cosine", "one-cycle")]
    assert spread == pytest.approx([0.10, 0.015, 0.03], abs=0.005)


@pytest.mark.parametrize(("rate", "calmer", "nearer"), [(1e-2, 0.4, (-8, -5)), (3e-2, 1.4, (-31, -15))])
def test_warm_up_calms_the_start_and_the_weights_move_less_far(recorded, interval, rate, calmer, nearer):
    first = {
        recipe: np.mean([loss[:5] for loss in of(recorded, "loss", recipe, rate)])
        for recipe in ("one rate", "warm-up")
    }
    assert first["one rate"] - first["warm-up"] > calmer
    moved = of(recorded, "moved", "warm-up", rate) - sweep(recorded, "moved", rate)
    assert interval(moved) == pytest.approx(nearer, abs=0.5)


def test_a_strong_decay_towards_zero_costs_and_what_the_pull_does_is_open(recorded, interval):
    plain = {column: sweep(recorded, column, 3e-3) for column in ("accuracy", "probe", "moved")}
    shrunk = of(recorded, "accuracy", "weight decay 1", 3e-3)
    assert interval(shrunk - plain["accuracy"]) == pytest.approx((-13.6, -4.7), abs=0.06)
    pulled = {column: of(recorded, column, "towards the start", 3e-3) for column in plain}
    assert interval(pulled["accuracy"] - plain["accuracy"]) == pytest.approx((-11.3, 4.2), abs=0.06)
    low, high = interval(pulled["probe"] - plain["probe"])
    assert low < 0 < high
    assert pulled["moved"].mean() == pytest.approx(0.027, abs=0.001)
    assert plain["moved"].mean() == pytest.approx(0.1, abs=0.002)


def test_the_edge_looks_like_the_backbones_and_not_the_heads(recorded, interval):
    fast_head = recorded.values("accuracy", recipe="two rates", rate=1e-3, head_rate=1e-2)
    slow_head, all_fast = (sweep(recorded, "accuracy", rate) for rate in (1e-3, 1e-2))
    assert 0.78 < fast_head.mean() < 0.79
    assert 0.78 < slow_head.mean() < 0.79
    assert interval(fast_head - slow_head) == pytest.approx((-1.7, 1.4), abs=0.06)
    lost = np.sort(fast_head - all_fast)
    assert lost[1] < 0  # two seeds lose nothing …
    assert 0.075 < lost[2] < lost[4] < 0.115  # … and three lose eight to eleven points
    assert 0.05 < lost.mean() < 0.06
    assert interval(lost) == pytest.approx((-1.5, 12.4), abs=0.1)  # the mean is open


def test_the_lessons_that_train_with_one_cycle_are_the_ones_that_are_named():
    named = {
        lesson[:2]
        for lesson in lesson_ids()
        if "OneCycleLR(" in (SOLUTIONS / lesson / "lesson.py").read_text(encoding="utf-8")
    }
    assert named - {"04"} == {"01", "02", "03", "05", "06"}


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson, unforeseen):
    """A random run anew, from below the edge: beyond it the last digit of a sum decides, as a seed does."""
    below = [run for run in recorded.runs if run["recipe"] == "one rate" and 1e-4 <= run["rate"] <= 1e-3]
    run = unforeseen.choice(below)
    print("run again:", {name: run[name] for name in ("recipe", "rate", "head_rate", "seed")})
    again = lesson["run"](run["rate"], run["head_rate"], seed=run["seed"])
    same = {name: run[name] for name in ("recipe", "rate", "head_rate")}
    for column, found in (("accuracy", again.final.accuracy), ("probe", again.notes["probe"])):
        assert abs(found - run[column]) < max(0.03, 1.5 * np.ptp(recorded.values(column, **same)))
    assert again.notes["moved"] == pytest.approx(run["moved"], rel=0.15)
