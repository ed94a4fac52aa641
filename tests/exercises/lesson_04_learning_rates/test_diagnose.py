"""Wrong and right diagnoses of the four curves."""

import pytest

from grader.exercises.lesson_04_learning_rates.diagnose import DIAGNOSES
from grader.exercises.machine.registry import find_exercise

ID = "rates.diagnose"


def named(verdict, words):
    return any(words in finding.text for finding in verdict.findings)


@pytest.fixture
def judged(graded):
    """The verdict on a dict of diagnoses."""
    remembered = {dict: _Diagnoses, list: _List}
    return lambda answer: graded(ID, remembered.get(type(answer), lambda same: same)(answer), 101)


class _Diagnoses(dict):
    """A dict that the fixture ``graded`` can remember."""

    __hash__ = object.__hash__


class _List(list):
    """A list that the fixture ``graded`` can remember."""

    __hash__ = object.__hash__


RIGHT_DIAGNOSES = {"A": "too high", "B": "nothing trains", "C": "about right", "D": "too low"}


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT_DIAGNOSES,
        dict(reversed(RIGHT_DIAGNOSES.items())),
        {curve.lower(): said.upper() for curve, said in RIGHT_DIAGNOSES.items()},
        {curve: f" {said.replace(' ', '_')}. " for curve, said in RIGHT_DIAGNOSES.items()},
    ],
)
def test_right_diagnoses_pass(answer, judged):
    verdict = judged(answer)
    assert verdict.passed, verdict


def swap(one, other):
    return RIGHT_DIAGNOSES | {one: RIGHT_DIAGNOSES[other], other: RIGHT_DIAGNOSES[one]}


WRONG_DIAGNOSES = {
    "not answered": (dict.fromkeys("ABCD"), 0, ["A: not answered yet", "D: not answered yet"]),
    "empty": ({}, 0, ["B: not answered yet"]),
    "low for nothing": (
        swap("B", "D"),
        2,
        ["B: “too low” would show a loss that sinks", "“nothing trains” would"],
    ),
    "high for nothing": (swap("A", "B"), 2, ["A: “nothing trains” would show a loss with no trend"]),
    "right for low": (swap("C", "D"), 2, ["D: “about right” would show a loss that falls fast"]),
    "right for high": (swap("A", "C"), 2, ["C: “too high” would show a loss that jumps up"]),
    "one for all": (dict.fromkeys("ABCD", "too low"), 1, ["“too low” stands more than once"]),
    "three": ({**RIGHT_DIAGNOSES, "D": None}, 3, ["D: not answered yet"]),
    "another word": ({**RIGHT_DIAGNOSES, "A": "diverged"}, 3, ["“diverged” is none of the four"]),
    "a number": ({**RIGHT_DIAGNOSES, "A": 0.03}, 3, ["“0.03” is none of the four"]),
    "another curve": ({**dict.fromkeys("ABC", "too low"), "E": "too high"}, 0, ["`E` is no curve", "D: not"]),
    "nobody's word": ({**RIGHT_DIAGNOSES, "A": object()}, 3, ["is none of the four"]),
    "an empty word": ({**RIGHT_DIAGNOSES, "A": "  "}, 3, ["A: not answered yet"]),
    "two words": ({**RIGHT_DIAGNOSES, "A": "too high or too low"}, 3, ["is none of the four"]),
    "the right one in a sentence": ({**RIGHT_DIAGNOSES, "A": "not too high"}, 3, ["“not too high” is none"]),
    "a set of everything": ({**RIGHT_DIAGNOSES, "A": set(DIAGNOSES)}, 3, ["is none of the four"]),
    "numbers for letters": (
        dict(zip(range(4), RIGHT_DIAGNOSES.values(), strict=True)),
        0,
        ["`0` is no curve"],
    ),
    "turned round": ({v: k for k, v in RIGHT_DIAGNOSES.items()}, 0, ["A: not answered yet", "is no curve"]),
    "words of another scale": ({**RIGHT_DIAGNOSES, "C": "right"}, 3, ["“right” is none of the four"]),
    "shifted": (
        dict(zip("ABCD", [*list(RIGHT_DIAGNOSES.values())[1:], "too high"], strict=True)),
        0,
        ["A: “nothing"],
    ),
    "all too high": (dict.fromkeys("ABCD", "too high"), 1, ["“too high” stands more than once"]),
    "all about right": (dict.fromkeys("ABCD", "about right"), 1, ["stands more than once"]),
    "all nothing trains": (dict.fromkeys("ABCD", "nothing trains"), 1, ["stands more than once"]),
    "a list inside": ({**RIGHT_DIAGNOSES, "B": ["too low"]}, 3, ["is none of the four"]),
}


@pytest.mark.parametrize("name", WRONG_DIAGNOSES)
def test_wrong_diagnoses_are_told_what_they_would_look_like(name, judged):
    answer, points, several = WRONG_DIAGNOSES[name]
    verdict = judged(answer)
    assert verdict.points == points, verdict
    for words in several:
        assert named(verdict, words), verdict


def test_no_finding_tells_the_right_diagnosis(judged):
    for curve, right in RIGHT_DIAGNOSES.items():
        for said in set(DIAGNOSES) - {right}:
            verdict = judged({curve: said})
            told = [f"{f.text} {f.hint}" for f in verdict.findings if f.text.startswith(f"{curve}:")]
            assert told
            assert not any(right in sentence for sentence in told)


@pytest.mark.parametrize("answer", [None, lambda: None, [*RIGHT_DIAGNOSES.values()], "ABCD"])
def test_diagnoses_of_the_wrong_kind_are_refused(answer, judged):
    verdict = judged(answer)
    assert verdict.points == 0
    assert named(verdict, "dict of your diagnoses")


def test_every_known_mistake_is_reached(judged):
    told = {f.id for answer, _, _ in WRONG_DIAGNOSES.values() for f in judged(answer).findings}
    assert [mistake.id for mistake in find_exercise(ID).mistakes if mistake.id not in told] == []


def test_an_object_that_cannot_be_shown_is_no_diagnosis(judged):
    class Odd:
        def __str__(self):
            raise ValueError

    assert judged({**RIGHT_DIAGNOSES, "A": Odd()}).points == 3
