"""The quiz as an exercise, with the published quiz of lesson 0."""

import json

import pytest

from grader.course import SOLUTIONS
from grader.exercises import quiz_exercise
from grader.exercises.checking import check, try_answer
from grader.quiz.publish import keys
from grader.quiz.schema import load_quiz

QUIZ = load_quiz(SOLUTIONS / "00_start_here" / "quiz.yaml")
KEYS = keys(QUIZ)


def text(verdict):
    return json.dumps([finding.model_dump() for finding in verdict.findings])


def test_the_keys_earn_everything():
    assert try_answer("start.quiz", KEYS).passed
    assert try_answer("start.quiz", {name: f" {key.lower()} " for name, key in KEYS.items()}).passed


def test_unanswered_questions_are_named_and_earn_nothing():
    verdict = try_answer("start.quiz", dict.fromkeys(KEYS))
    assert verdict.points == 0
    assert all(f"`{name}`: not answered yet" in text(verdict) for name in KEYS)


def test_a_wrong_answer_costs_its_points_and_does_not_tell_the_key():
    first, key = next(iter(KEYS.items()))
    wrong = next(letter for letter in "ABC" if letter != key)
    verdict = try_answer("start.quiz", KEYS | {first: wrong})
    assert verdict.points == verdict.max_points - 1
    assert f"{wrong} is not right" in text(verdict)
    assert f" {key} " not in text(verdict)


def test_unknown_questions_and_other_types_are_told():
    assert "is no question" in text(try_answer("start.quiz", KEYS | {"what": "A"}))
    verdict = try_answer("start.quiz", ["A", "B"])
    assert verdict.points == 0
    assert "the dict of your answers" in text(verdict)


@pytest.mark.parametrize("odd", [5, ["B"], {"a": 1}, "x" * 500])
def test_odd_letters_are_wrong_and_no_more(odd):
    first = next(iter(KEYS))
    verdict = try_answer("start.quiz", KEYS | {first: odd})
    assert verdict.points == verdict.max_points - 1


def test_a_withheld_quiz_records_and_gives_no_points(monkeypatch):
    published = quiz_exercise.read_published("start")
    withheld = published | {"withheld": True, "parts": {"quiz": {"questions": []}}}
    monkeypatch.setattr(quiz_exercise, "read_published", lambda prefix: withheld)
    result = check("start.quiz", KEYS | {next(iter(KEYS)): None})
    assert float(result) == 0
    assert "Recorded: 4 of 5 answered" in text(result.verdict)
