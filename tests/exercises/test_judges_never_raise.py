"""A judge says what evidence is worth, whatever is in it: what it raises leaves a student unmarked.

The evidence of the course's own solutions is changed at random places, in ways that its model may allow:
numbers that are not finite, empty and longer lists, names that are missing, arrays of other shapes.
"""

import base64
import copy

import numpy as np
import pytest

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT
from grader.exercises import all_exercises, collect_evidence, judge_evidence, public_challenge

pytestmark = pytest.mark.slow  # asks every exercise, and changes its evidence again and again

CHANGES = 150  # of each exercise's evidence
SEED = 2026  # a test's own seed is drawn from this one and told when it fails


def odd_array(record, rng):
    """Another array in the place of one: of another shape or dtype, or with numbers that are not finite."""
    shape, dtype = list(record["shape"]), record["dtype"]
    kind = rng.integers(4)
    if kind == 0:
        shape = [*shape[:-1], shape[-1] + 1] if shape else [1]
    elif kind == 1:
        shape = [0]
    elif kind == 2:
        dtype = "float64" if dtype != "float64" else "int64"
    values = np.ones(shape, dtype)
    if kind == 3 and values.dtype.kind == "f":
        values[...] = np.nan
    data = base64.b64encode(values.tobytes()).decode()
    return {"__array__": {"dtype": dtype, "shape": list(values.shape), "data": data}}


def odd(value, rng):
    """Something else in the place of ``value``, most often of its kind."""
    if rng.random() < 0.1:
        return rng.choice(np.array([None, "x", -1, [], {}], dtype=object))
    if isinstance(value, dict) and "__array__" in value:
        return odd_array(value["__array__"], rng)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        special = [{"__number__": "nan"}, {"__number__": "inf"}, 0, -1, 10**9, 0.5, 1e300]
        return special[rng.integers(len(special))]
    if isinstance(value, str):
        return ["", "x", "a.b", "{0.__class__}", "other"][rng.integers(5)]
    if isinstance(value, list):
        return [[], value[1:], value[:-1], value + value, value[::-1]][rng.integers(5)]
    if isinstance(value, dict):
        names = list(value)
        if not names:
            return {"more": 1}
        name = names[rng.integers(len(names))]
        kept = {key: item for key, item in value.items() if key != name}
        return [{}, kept, {**kept, f"{name}.more": value[name]}][rng.integers(3)]
    return 0


def changed(evidence, rng):
    """A copy of the evidence with one to three values changed, each at a random place."""
    evidence = copy.deepcopy(evidence)
    for _ in range(int(rng.integers(1, 4))):
        parent, key, value = None, None, evidence
        while isinstance(value, dict | list) and value and "__array__" not in value and rng.random() < 0.9:
            parent = value
            key = (
                list(value)[rng.integers(len(value))]
                if isinstance(value, dict)
                else int(rng.integers(len(value)))
            )
            value = value[key]
        if parent is not None:
            parent[key] = odd(value, rng)
    return evidence


EXERCISES = [exercise for exercise in all_exercises() if exercise.has_checks]


@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.id for exercise in EXERCISES])
def test_whatever_the_evidence_says_there_is_a_verdict(exercise, answers_of_the_solutions):
    answer = answers_of_the_solutions.get(exercise.id, lambda *_, **__: None)
    challenge = public_challenge(exercise)
    expected = expected_for(ROOT, exercise.lesson, exercise.id, challenge)
    bundle = collect_evidence(exercise, answer, challenge).bundle
    for seed in range(SEED, SEED + CHANGES):
        forged = bundle | {
            "outcome": "collected",
            "message": "",
            "evidence": changed(bundle["evidence"] or {}, np.random.default_rng(seed)),
        }
        verdict = judge_evidence(forged, expected, exercise.id)  # raises CheckBroken if it cannot
        assert 0 <= verdict.points <= verdict.max_points, seed
        assert verdict.findings, seed
        assert all(finding.text for finding in verdict.findings), seed


@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.id for exercise in EXERCISES])
@pytest.mark.parametrize(
    "odd_one", [{}, {"runs": None}, {"letters": 5}, {"problem": ""}, {"steps": [{}]}], ids=str
)
def test_evidence_of_another_form_is_refused_before_it_is_judged(exercise, odd_one):
    bundle = {
        "format": 1,
        "exercise": exercise.id,
        "challenge": "0" * 64,
        "outcome": "collected",
        "evidence": odd_one,
    }
    verdict = judge_evidence(bundle, {}, exercise.id)
    assert verdict.points == 0
    assert "does not have the form" in verdict.findings[0].text
