"""What lesson 5 says in words, held against five recorded seeds: the whole interval, not the mean."""

import random

import numpy as np
import pytest

from grader.authoring.recording import lesson_functions
from grader.lab.recorded import load_recorded

LESSON = "05_staged_unfreezing"
SEEDS = [0, 1, 2, 3, 4]
UNFROZEN = ("staged", "at once")


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


@pytest.fixture(scope="module")
def lesson():
    return lesson_functions(LESSON)


@pytest.fixture
def gain(recorded, interval):
    """Interval of ``better`` over ``worse``, in points, paired by seed."""

    def of(better, worse, column="accuracy", labels=1668, task="same modules", statistics="moving"):
        arms = []
        for recipe in (better, worse):
            mode = "frozen" if recipe == "head alone" else statistics
            named = {"recipe": recipe, "statistics": mode, "labels": labels, "task": task, "role": "arm"}
            assert recorded.values("seed", **named).tolist() == SEEDS
            arms.append(recorded.values(column, **named))
        return interval(arms[0] - arms[1])

    return of


@pytest.mark.parametrize("recipe", UNFROZEN)
@pytest.mark.parametrize(("column", "points"), [("accuracy", 1), ("balanced", 2), ("area", 0.5)])
def test_with_many_labels_unfreezing_pays(gain, recorded, recipe, column, points):
    assert gain(recipe, "head alone", column)[0] > points
    same = {"labels": 1668, "task": "same modules", "role": "arm"}
    unfrozen = recorded.values(column, recipe=recipe, statistics="moving", **same)
    assert (unfrozen > recorded.values(column, recipe="head alone", **same)).all()  # "with every seed"


def test_the_live_effect_is_more_than_twice_the_spread(recorded):
    same = {"labels": 1668, "task": "same modules", "role": "arm"}
    arms = [
        recorded.values("accuracy", recipe=recipe, statistics=statistics, **same)
        for recipe, statistics in (("staged", "moving"), ("head alone", "frozen"))
    ]
    assert arms[0].mean() - arms[1].mean() > 2 * max(arm.std(ddof=1) for arm in arms)


def test_with_many_labels_the_head_first_brings_nothing(gain):
    low, high = gain("staged", "at once")
    assert low > -2
    assert high < 0.5


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_with_800_labels_the_gain_is_clear_and_with_fewer_it_is_open(gain, recipe):
    assert gain(recipe, "head alone", labels=800)[0] > 0
    for labels in (50, 200):
        for column in ("accuracy", "balanced", "area"):
            low, high = gain(recipe, "head alone", column, labels)
            assert low < 0 < high
            low, high = gain("staged", "at once", column, labels)
            assert low < 0 < high


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_either_mode_of_batchnorm_pays_at_its_own_rate(gain, recorded, interval, recipe):
    assert gain(recipe, "head alone", statistics="frozen")[0] > 0.5
    named = {"recipe": recipe, "labels": 1668, "task": "same modules", "role": "arm"}
    for column, lowest, highest in (("accuracy", -1.5, 1.5), ("area", -1.5, 1.5), ("balanced", 0.5, 2.5)):
        modes = [recorded.values(column, statistics=mode, **named) for mode in ("moving", "frozen")]
        low, high = interval(modes[0] - modes[1])
        assert lowest < low < high < highest


def test_frozen_statistics_lose_area_at_the_rate_of_the_moving_ones(recorded, lesson):
    rates = lesson["RATES"]["many labels"]
    named = {"statistics": "frozen", "labels": 1668, "role": "choosing"}
    own, other = (
        np.mean([recorded.values("validation area", recipe=r, rate=rate, **named) for r in UNFROZEN])
        for rate in (rates["frozen statistics"], rates["staged"])
    )
    assert own - other > 0.01


@pytest.mark.parametrize("recipe", UNFROZEN)
def test_from_poly_to_mono_the_unfrozen_rank_better_and_accuracy_swings(gain, recorded, recipe):
    assert gain(recipe, "head alone", "area", 1250, "poly to mono")[0] > 2
    accuracy = recorded.values("accuracy", recipe=recipe, task="poly to mono", statistics="moving")
    assert accuracy.max() - accuracy.min() > 0.3
    area = recorded.values("area", recipe=recipe, task="poly to mono", statistics="moving")
    assert area.min() > 0.75


def test_the_last_stages_add_next_to_nothing_before_they_train(recorded):
    areas = [recorded.values("area", recipe=f"probe of stage {number}")[0] for number in range(1, 8)]
    steps = np.diff(areas)
    assert (steps[:3] > 0.015).all()  # up to stage 4
    assert areas[6] - areas[4] < 0.02


def test_the_rates_are_those_of_the_cells_that_choose(recorded, lesson):
    """Within a point of the best area, which so few cells cannot tell apart, and at no edge of the grid."""
    for kind, labels in (("many labels", 1668), ("few labels", 200)):
        for name, rate in lesson["RATES"][kind].items():
            recipes = ["at once", "staged"] if name == "frozen statistics" else [name]
            mode = "frozen" if name in ("frozen statistics", "head alone") else "moving"
            named = {"labels": labels, "statistics": mode, "role": "choosing"}
            rates = recorded.settings_of("rate", recipe=recipes[0], **named)
            areas = {
                one: np.mean(
                    [recorded.values("validation area", recipe=r, rate=one, **named) for r in recipes]
                )
                for one in rates
            }
            assert areas[rate] > max(areas.values()) - 0.01, (kind, name, areas)
            assert rates[0] < rate < rates[-1], (kind, name, rates)


def test_keeping_the_best_scatters_more_and_its_mean_is_open(recorded, interval):
    end, best = (recorded.values(moment, role="stopping") for moment in ("end", "best"))
    low, high = interval(best - end)
    assert low < 0 < high
    assert -0.02 < (best - end).mean() < -0.005
    assert best.std(ddof=1) > 2 * end.std(ddof=1)


@pytest.mark.slow
def test_a_recorded_run_comes_out_again(recorded, lesson):
    arms = [run for run in recorded.runs if run["role"] == "arm" and run["recipe"] == "head alone"]
    run = random.Random().choice(arms)
    print("run again:", run)
    labels = None if run["labels"] in (1250, 1668) else run["labels"]
    again = lesson["run"]("head alone", labels, run["task"], seed=run["seed"])
    assert abs(again.notes["test area"] - run["area"]) < 0.01
