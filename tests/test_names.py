"""Names of cells and exercises, and the known name that somebody meant."""

import pytest

from grader.cell_names import exercise_id, grade_id
from grader.exercises import all_exercises
from grader.nearest_name import did_you_mean, nearest_name


def test_every_exercise_is_found_again_by_the_name_of_its_check():
    for exercise in all_exercises():
        assert exercise_id(grade_id(exercise.id)) == exercise.id


def test_an_answer_cell_has_a_name_of_its_own():
    assert grade_id("scratch.training_step", "answer") == "scratch-training_step-answer"


@pytest.mark.parametrize(("asked", "found"), [("adah", "ada"), ("alan", "alan"), ("zzd", "ada")])
def test_the_nearest_name_is_found_however_far_it_is(asked, found):
    assert nearest_name(asked, ["alan", "ada"]) == found


def test_nothing_is_suggested_below_the_cutoff_or_where_nothing_is_known():
    assert nearest_name("xyz", ["ada"], cutoff=0.6) is None
    assert nearest_name("ada", []) is None
    assert did_you_mean("ada", []) == "."
    assert did_you_mean("adah", ["ada"]) == ": did you mean 'ada'?"
