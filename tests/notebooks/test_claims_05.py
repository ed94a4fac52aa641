"""What lesson 5 says in words, held against its measurements: three seeds, with a margin.

The margins are about half of what was measured, so that another processor's rounding does not matter and
a changed recipe does.
"""

import random

import pytest

from grader.authoring.recording import lesson_functions
from grader.lab.recorded import load_recorded

LESSON = "05_staged_unfreezing"
RECIPES = ("head only", "head only, longer", "all at once", "staged")


@pytest.fixture(scope="module")
def recorded():
    return load_recorded(LESSON)


def balanced(recorded, task, recipe, statistics="frozen", column="balanced_accuracy"):
    values = recorded.values(column, task=task, recipe=recipe, statistics=statistics)
    assert sorted(recorded.values("seed", task=task, recipe=recipe, statistics=statistics)) == [0, 1, 2]
    return values


def test_from_poly_to_mono_all_at_once_gives_one_class_with_every_seed(recorded):
    assert abs(balanced(recorded, "poly to mono", "all at once") - 0.5).max() < 0.02


def test_from_poly_to_mono_the_head_first_keeps_more_than_fifteen_points(recorded):
    gap = balanced(recorded, "poly to mono", "staged") - balanced(recorded, "poly to mono", "all at once")
    assert gap.mean() > 0.15
    assert gap.min() > 0.07


def test_from_poly_to_mono_the_control_stays_above_staged_with_each_seed(recorded):
    gap = balanced(recorded, "poly to mono", "head only, longer") - balanced(
        recorded, "poly to mono", "staged"
    )
    assert gap.mean() > 0.018
    assert gap.min() > 0


def test_with_moving_statistics_the_order_is_the_reverse(recorded):
    at_once, staged = (
        balanced(recorded, "poly to mono", recipe, "moving") for recipe in ("all at once", "staged")
    )
    assert (at_once - staged).mean() > 0.06
    assert at_once.min() > staged.max()


@pytest.mark.parametrize("recipe", RECIPES)
def test_from_mono_to_poly_nothing_works(recorded, recipe):
    assert abs(balanced(recorded, "mono to poly", recipe) - 0.5).max() < 0.03
    accuracy = balanced(recorded, "mono to poly", recipe, column="accuracy")
    assert abs(accuracy - 0.2916).max() < 0.02  # the share of defective poly cells


def test_at_home_staged_and_the_longer_head_are_level_and_all_at_once_is_behind(recorded):
    staged, longer, at_once = (
        balanced(recorded, "same modules", recipe)
        for recipe in ("staged", "head only, longer", "all at once")
    )
    assert abs((staged - longer).mean()) < 0.02
    assert (staged - at_once).mean() > 0.03
    assert staged.min() > at_once.max()


def test_staged_moves_the_features_least_while_the_statistics_are_frozen(recorded):
    moved = {
        (recipe, statistics): balanced(recorded, "poly to mono", recipe, statistics, "features_moved").mean()
        for recipe in ("all at once", "staged")
        for statistics in ("frozen", "moving")
    }
    assert moved["staged", "frozen"] < 0.5 * moved["all at once", "frozen"]
    for recipe in ("all at once", "staged"):
        assert moved[recipe, "moving"] > 5 * moved[recipe, "frozen"]


@pytest.mark.slow
def test_a_recorded_run_comes_out_again():
    lesson = lesson_functions(LESSON)
    recorded = load_recorded(LESSON)
    run = random.Random().choice([run for run in recorded.runs if run["recipe"].startswith("head only")])
    print("run again:", run)
    again = lesson["run"](run["recipe"], run["task"], seed=run["seed"])
    assert abs(again.final.balanced_accuracy - run["balanced_accuracy"]) < 0.03
