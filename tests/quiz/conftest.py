"""A small valid quiz that the tests of this room start from."""

from typing import Any

import pytest


def _question(question_id: str, objective: str, answer: str) -> dict[str, Any]:
    options = [
        {
            "text": f"{question_id} option {letter}",
            "feedback": f"{question_id} feedback {letter}",
            **({} if letter == answer else {"misconception": f"{question_id} misconception {letter}"}),
        }
        for letter in "ABC"
    ]
    return {
        "id": question_id,
        "objective": objective,
        "stem": f"Stem of **{question_id}** & `x < 1`",
        "options": options,
        "answer": answer,
        "steps": [f"{question_id} step"],
        "quick_check": f"{question_id} quick check",
        "common_mistakes": [f"{question_id} mistake"],
    }


@pytest.fixture
def content() -> dict[str, Any]:
    """What a valid quiz.yaml of two questions (keys B and A) holds."""
    return {
        "lesson": "01_first",
        "prefix": "first",
        "objectives": {"why": "Say why", "how": "Say how"},
        "questions": [_question("what-for", "why", "B"), _question("head-swap", "how", "A")],
    }
