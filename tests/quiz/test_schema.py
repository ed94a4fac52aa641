"""The rules that the questions of a quiz keep."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from grader.quiz.schema import Quiz

Change = Callable[[dict[str, Any]], Any]


def question(content: dict[str, Any]) -> dict[str, Any]:
    return content["questions"][0]


def option(content: dict[str, Any], index: int) -> dict[str, Any]:
    return question(content)["options"][index]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda c: option(c, 0).pop("misconception"),
            "option A is wrong but names no misconception, add one",
        ),
        (
            lambda c: option(c, 1).update(misconception="None"),
            "option B is the right one, remove its misconception",
        ),
        (
            lambda c: question(c).update(answer="D"),
            "the answer 'D' is no option, write one of A, B, C",
        ),
        (
            lambda c: question(c).update(answer="AB"),
            "the answer 'AB' is no option, write one of A, B, C",
        ),
        (
            lambda c: option(c, 0).update(text=option(c, 1)["text"]),
            "two options read 'what-for option B', change or remove one",
        ),
        (
            lambda c: c["questions"][1].update(id="what-for"),
            "2 questions have the id 'what-for', give each its own",
        ),
        (
            lambda c: question(c).update(objective="whi"),
            "question 'what-for': the objective 'whi' is not listed, perhaps 'why' is meant",
        ),
        (
            lambda c: c["objectives"].update(when="Say when"),
            "no question covers the objective 'when', ask one or remove the objective",
        ),
        (
            lambda c: c["questions"].__setitem__(
                1, {**copy.deepcopy(question(c)), "id": "x", "objective": "how"}
            ),
            "the answer of every question is B, reorder the options of some",
        ),
        (
            lambda c: c.update(recall=[{"lesson": "02_later", "question": "x"}]),
            "recall names '02_later', which is not an earlier lesson",
        ),
    ],
)
def test_a_broken_rule_is_one_sentence(content: dict[str, Any], change: Change, sentence: str) -> None:
    assert Quiz.model_validate(content)
    change(content)
    with pytest.raises(ValidationError) as caught:
        Quiz.model_validate(content)
    assert [error["msg"] for error in caught.value.errors()] == [sentence]
