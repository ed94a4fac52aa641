"""What lesson 4 says in words, held against its measurements: three seeds, with their 95 % intervals.

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
    """The three seeds' values of a column at one rate of the sweep."""
    values = recorded.values(column, recipe="one rate", rate=rate)
    assert len(values) == 3
    return values


def end_of(loss):
    """Mean loss of the last ten steps."""
    return np.mean(np.array(loss[-10:], dtype=float))


def test_every_run_is_recorded_for_three_seeds(recorded):
    assert recorded.settings_of("rate", recipe="one rate") == RATES
    pairs = {(run["recipe"], run["rate"], run["head_rate"]) for run in recorded.runs}
    assert len(pairs) == 11
    assert len(recorded.runs) == 33
    for recipe, rate, head_rate in pairs:
        assert recorded.values("seed", recipe=recipe, rate=rate, head_rate=head_rate).tolist() == [0, 1, 2]


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


@pytest.mark.slow
def test_a_range_test_with_adamw_breaks_where_the_sweep_has_its_edge(lesson):
    lab, cells, train = lesson["lab"], lesson["cells"], lesson["train"]
    lab.seed_everything(0)
    model = lab.load_backbone(num_classes=2, pretrained=True).to(lab.device())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    batches = lab.Batches(cells, cells.few_labels(train, 200, 0), steps=40)
    loss = lab.train(
        model, optimizer, batches, lesson["training_step"], lesson["growing"](optimizer, 40)
    ).loss
    rates, smooth = np.geomspace(1e-5, 1.0, 40), np.convolve(loss, np.ones(5) / 5, mode="valid")
    assert 1e-3 < rates[smooth.argmin() + 2] < 1e-2
    assert max(np.array(loss)[rates < 8e-3]) < 1
    assert max(np.array(loss)[rates > 2e-2]) > 2


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
    assert reached.mean() == pytest.approx(0.83, abs=0.005)


def test_the_lowest_rate_stays_below_the_baseline(recorded):
    assert sweep(recorded, "accuracy", 1e-5).mean() < BASELINE - 0.045


def test_the_plateau_is_flatter_than_its_seeds_differ(recorded):
    plateau = [sweep(recorded, "accuracy", rate) for rate in (1e-4, 1e-3, 3e-3)]
    between = np.ptp([accuracies.mean() for accuracies in plateau])
    assert between < 0.02
    assert min(np.ptp(accuracies) for accuracies in plateau) > between
    assert min(accuracies.mean() for accuracies in plateau) > BASELINE + 0.045
    assert sweep(recorded, "accuracy", 1e-3).min() > BASELINE + 0.04


def test_from_a_hundredth_on_accuracy_and_features_are_lost(recorded):
    good, good_probe = (sweep(recorded, column, 1e-3).mean() for column in ("accuracy", "probe"))
    for rate, margin, probe_margin in ((1e-2, 0.03, 0.035), (3e-2, 0.07, 0.045), (1e-1, 0.05, 0.055)):
        assert good - sweep(recorded, "accuracy", rate).mean() > margin
        assert good_probe - sweep(recorded, "probe", rate).mean() > probe_margin


@pytest.mark.parametrize(
    ("rate", "column", "told"),
    [(0.1, "accuracy", (6, 15)), (0.1, "probe", (8, 14)), (3e-2, "probe", (2, 16))],
)
def test_what_a_rate_too_high_clearly_costs(recorded, interval, rate, column, told):
    lost = sweep(recorded, column, 1e-3) - sweep(recorded, column, rate)
    assert interval(lost) == pytest.approx(told, abs=0.5)


@pytest.mark.parametrize("rate", [1e-2, 3e-2])
def test_how_much_accuracy_the_rates_between_cost_is_open(recorded, interval, rate):
    low, high = interval(sweep(recorded, "accuracy", 1e-3) - sweep(recorded, "accuracy", rate))
    assert low < 0 < high


def test_at_a_tenth_one_answer_is_left(recorded):
    assert np.abs(sweep(recorded, "accuracy", 0.1) - BASELINE).max() < 0.015
    assert np.abs(sweep(recorded, "balanced_accuracy", 0.1) - 0.5).max() < 0.01
    assert np.abs(sweep(recorded, "probe", 0.1) - BASELINE).max() < 0.015


def test_accuracy_alone_takes_too_low_for_worse_than_too_high(recorded):
    low, high = (sweep(recorded, "accuracy", rate).mean() for rate in (1e-5, 0.1))
    assert high - low > 0.04
    for curve in sweep(recorded, "curve", 1e-5):  # still rising: measured after 20, 40 and 60 steps
        assert curve[0][1] < curve[1][1] < curve[2][1]
    low, high = (sweep(recorded, "probe", rate).mean() for rate in (1e-5, 0.1))
    assert low - high > 0.04


def test_no_step_of_any_run_was_nan(recorded):
    assert all(loss is not None for run in recorded.runs for loss in run["loss"])


def test_losses_leap_beyond_the_edge_and_one_settles_at_the_entropy(recorded):
    entropy = -sum(share * math.log(share) for share in (BASELINE, 1 - BASELINE))
    (pure,) = recorded.values("loss", recipe="one rate", rate=3e-2, seed=0)
    assert abs(end_of(pure) - entropy) < 0.01
    assert recorded.values("accuracy", recipe="one rate", rate=3e-2, seed=0)[0] == BASELINE
    assert recorded.values("balanced_accuracy", recipe="one rate", rate=3e-2, seed=0)[0] == 0.5
    assert sweep(recorded, "accuracy", 3e-2).mean() < BASELINE - 0.015
    for loss in sweep(recorded, "loss", 0.1):
        assert max(loss) > 9
        assert end_of(loss) > entropy + 0.3
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
    assert edge[-1] > BASELINE + 0.055
    assert edge[1] < BASELINE + 0.02
    assert edge[-1] == sweep(recorded, "accuracy", 1e-2)[0]  # seed 0 is the one that comes through
    assert np.ptp(sweep(recorded, "accuracy", 3e-3)) > 0.05
    best = max((run for run in recorded.runs if run["recipe"] == "one rate"), key=lambda run: run["accuracy"])
    assert (best["rate"], best["seed"]) == (3e-3, 0)


@pytest.mark.parametrize(("rate", "calmer"), [(1e-2, 0.2), (3e-2, 0.9)])
def test_warm_up_calms_the_start_and_what_it_changes_in_the_end_is_open(recorded, interval, rate, calmer):
    def of(recipe, column):
        return recorded.values(column, recipe=recipe, rate=rate)

    first = {recipe: np.mean([loss[:5] for loss in of(recipe, "loss")]) for recipe in ("one rate", "warm-up")}
    assert first["one rate"] - first["warm-up"] > calmer
    assert of("warm-up", "moved").mean() < 0.88 * of("one rate", "moved").mean()
    assert abs(of("warm-up", "accuracy").mean() - of("one rate", "accuracy").mean()) < 0.01
    low, high = interval(of("warm-up", "accuracy") - of("one rate", "accuracy"))
    assert low < -8.9
    assert high > 7.4
    assert rate != 1e-2 or (low, high) == pytest.approx((-9, 8), abs=0.6)


def test_the_edge_looks_like_the_backbones_and_not_the_heads(recorded, interval):
    fast_head = recorded.values("accuracy", recipe="two rates", rate=1e-3, head_rate=1e-2)
    slow_head, all_fast = (sweep(recorded, "accuracy", rate) for rate in (1e-3, 1e-2))
    assert fast_head.mean() == pytest.approx(0.79, abs=0.005)
    assert slow_head.mean() == pytest.approx(0.79, abs=0.005)
    assert interval(fast_head - slow_head) == pytest.approx((-2.2, 2.0), abs=0.06)
    lost = np.sort(slow_head - all_fast)
    assert lost[0] < 0.006  # one seed loses nothing …
    assert (fast_head - all_fast).mean() == pytest.approx(0.062, abs=0.001)
    assert np.sort(fast_head - all_fast)[1] > 0.075  # … and two lose eight points and more
    assert interval(fast_head - all_fast)[0] < 0  # the mean is open


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
