"""What lesson 5 says in words, held against its recorded runs: the whole interval, not the mean.

Accuracies are compared cell by cell over all four quarters, so that an interval speaks of new cells.
"""

import random

import numpy as np
import pytest

from grader.authoring.recording import lesson_functions
from grader.lab.recorded import load_recorded
from grader.lab.solar_cells import load_solar_cells

LESSON = "05_staged_unfreezing"
QUARTERS = [f"quarter {number}" for number in (1, 2, 3, 4)]
UNFROZEN = ("staged", "at once")
MODES = ("moving", "frozen")
# As in the lesson; test_the_rates_are_those_of_the_cells_that_choose compares.
RATES = {
    "many labels": {"head alone": 3e-3, "at once": 1e-3, "staged": 1e-3, "frozen statistics": 3e-4},
    "few labels": {"head alone": 1e-3, "at once": 3e-3, "staged": 1e-4},
}


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def cells(course_cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        return load_solar_cells(size=96)


@pytest.fixture(scope="module")
def lesson(course_cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNING_COURSE_CACHE", str(course_cache))
        return lesson_functions(LESSON)


@pytest.fixture
def arm(recorded):
    """A column of an arm; of the head alone at the rate that flatters it most."""

    def of(recipe, task, column="accuracy", labels=1968, statistics="moving"):
        rates = RATES["few labels" if labels == 200 else "many labels"]
        named = {"role": "arm", "recipe": recipe, "labels": labels}
        if recipe == "head alone":
            means = {
                rate: recorded.values("accuracy", rate=rate, **named).mean()
                for rate in recorded.settings_of("rate", **named)
            }
            named |= {"statistics": "frozen", "rate": max(means, key=means.get)}
        else:
            rate = rates["frozen statistics" if statistics == "frozen" else recipe]
            named |= {"statistics": statistics, "rate": rate}
        values = recorded.values(column, task=task, **named)
        assert len(values) == (5 if task == "poly to mono" else 3)
        return values

    return of


@pytest.fixture
def gain(arm, cells):
    """95 % interval over cells of ``better`` over ``worse``, in points, among cells of one label or all."""

    def right(recipe, labels, statistics):
        share = np.full(len(cells.defective), np.nan)
        for task, judges in zip(QUARTERS, cells.quarters(), strict=True):
            rows = [bytes.fromhex(row) for row in arm(recipe, task, "right", labels, statistics)]
            bits = np.unpackbits(np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1), axis=1)
            share[judges] = bits[:, : len(judges)].mean(axis=0)
        return share

    def of(better, worse="head alone", labels=1968, statistics="moving", label=None):
        points = 100 * (right(better, labels, statistics) - right(worse, labels, statistics))
        if label is not None:
            points = points[cells.defective == label]
        assert np.isfinite(points).all()
        half = 1.96 * points.std(ddof=1) / len(points) ** 0.5
        return points.mean() - half, points.mean() + half

    return of


@pytest.mark.parametrize(("recipe", "lowest", "highest"), [("at once", 1, 3.3), ("staged", 0.4, 2.6)])
def test_with_all_labels_unfreezing_pays(gain, arm, interval, recipe, lowest, highest):
    low, high = gain(recipe)
    assert lowest < low < high < highest
    areas = np.concatenate([arm(recipe, task, "area") - arm("head alone", task, "area") for task in QUARTERS])
    low, high = interval(areas)
    assert 1 < low < high < 3.5
    by_quarter = [arm(recipe, task).mean() - arm("head alone", task).mean() for task in QUARTERS]
    assert min(by_quarter) > 0


def test_on_one_quarter_the_gain_is_three_times_that_on_another(arm):
    gains = [arm("at once", task).mean() - arm("head alone", task).mean() for task in QUARTERS]
    assert gains[0] > 0.03
    assert max(gains) > 2.7 * min(gains)


def test_the_head_that_came_first_brings_nothing(gain):
    low, high = gain("staged", "at once")
    assert -1.5 < low < high < 0
    assert gain("staged", "at once", labels=200)[1] < 0.5


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_with_800_labels_it_pays_less_and_with_200_nothing_is_seen(gain, recipe):
    low, high = gain(recipe, labels=800)
    assert 0.3 < low < high < 2.5
    low, high = gain(recipe, labels=200)
    assert low < 0 < high < 1.6


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_either_mode_of_batchnorm_pays_at_its_own_rate(gain, arm, recipe):
    assert gain(recipe, statistics="frozen")[0] > 0.2
    areas = {mode: np.mean([arm(recipe, q, "area", 1968, mode) for q in QUARTERS]) for mode in MODES}
    assert 0.002 < areas["moving"] - areas["frozen"] < 0.01


def test_frozen_statistics_lose_area_at_the_rate_of_the_moving_ones(recorded):
    named = {"statistics": "frozen", "labels": 1668, "role": "choosing"}
    own, other = (
        np.mean([recorded.values("area", recipe=recipe, rate=rate, **named) for recipe in UNFROZEN])
        for rate in (RATES["many labels"]["frozen statistics"], RATES["many labels"]["staged"])
    )
    assert own - other > 0.01


def test_from_poly_to_mono_most_accuracies_are_below_the_baseline(arm):
    means = [
        arm(recipe, "poly to mono", "accuracy", 1250, mode).mean() for recipe in UNFROZEN for mode in MODES
    ]
    means.append(arm("head alone", "poly to mono", "accuracy", 1250).mean())
    assert sum(mean > 0.656 for mean in means) == 1


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_from_poly_to_mono_the_unfrozen_rank_better_and_accuracy_swings(arm, interval, recipe):
    def column(name, statistics):
        return arm(recipe, "poly to mono", name, 1250, statistics)

    control = arm("head alone", "poly to mono", "area", 1250)
    for statistics in ("moving", "frozen"):
        difference = column("area", statistics) - control
        assert interval(difference)[0] > 2
        assert (difference > 0).all()  # "each seed is above its control"
        assert 0.06 < difference.mean() < 0.11  # "by seven to ten points"
    spread = {mode: np.ptp(column("accuracy", mode)) for mode in ("moving", "frozen")}
    assert spread["moving"] > 0.4
    assert 0.15 < spread["frozen"] < 0.25


def test_stages_six_and_seven_add_less_than_a_point_before_they_train(recorded):
    areas = [recorded.values("area", recipe=f"probe of stage {number}")[0] for number in range(1, 8)]
    assert (np.diff(areas)[:4] > 0.01).all()
    assert areas[6] - areas[4] < 0.01


def test_the_rates_are_those_of_the_cells_that_choose(recorded, lesson):
    """Within a point of the best area, and at no edge of the grid."""
    assert lesson["RATES"] == RATES
    for kind, labels in (("many labels", 1668), ("few labels", 200)):
        for name, rate in RATES[kind].items():
            recipes = UNFROZEN if name == "frozen statistics" else [name]
            mode = "frozen" if name in ("frozen statistics", "head alone") else "moving"
            named = {"labels": labels, "statistics": mode, "role": "choosing"}
            rates = recorded.settings_of("rate", recipe=recipes[0], **named)
            areas = {
                one: np.mean([recorded.values("area", recipe=r, rate=one, **named) for r in recipes])
                for one in rates
            }
            assert areas[rate] > max(areas.values()) - 0.01, (kind, name, areas)
            assert rates[0] < rate < rates[-1], (kind, name, rates)


def test_whether_keeping_the_best_pays_is_open(recorded, interval):
    end, best = (recorded.values(moment, role="stopping") for moment in ("end", "best"))
    low, high = interval(best - end)
    assert low < 0 < high
    assert (best > end).sum() == 2


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson):
    arms = [run for run in recorded.runs if run["role"] == "arm" and run["recipe"] == "head alone"]
    run = random.Random().choice(arms)
    print("run again:", run)
    labels = None if run["labels"] in (1250, 1968) else run["labels"]
    rates = (run["rate"], 1.0)
    again = lesson["run"]("head alone", labels, run["task"], seed=run["seed"], rates=rates)
    assert abs(again.notes["area"] - run["area"]) < 0.01
