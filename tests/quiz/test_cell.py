import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

from grader.errors import CourseError
from grader.quiz import quiz
from grader.quiz.cell import MIME_TYPE
from grader.quiz.publish import publish
from grader.quiz.schema import Quiz
from grader.quiz.sealing import unseal

Publish = Callable[..., None]


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> Publish:
    """Publish the quiz into the folder that the notebook runs in."""
    monkeypatch.chdir(tmp_path)

    def write(recall: bool = True, withhold_feedback: bool = False) -> None:
        parsed = Quiz.model_validate(content)
        made = publish(parsed, parsed.questions[1:] if recall else [], withhold_feedback)
        (tmp_path / "quiz.json").write_text(json.dumps(made), encoding="utf-8")

    return write


def bundle(exercise_id: str) -> dict[str, Any]:
    """What a notebook stores of the cell's value."""
    data, _ = DisplayFormatter().format(quiz(exercise_id))
    return data


def test_a_notebook_gets_three_forms(published: Publish) -> None:
    published()
    data = bundle("first.quiz")
    assert set(data) == {MIME_TYPE, "text/html", "text/plain"}
    assert "what-for option A" in data["text/html"]
    assert "what-for option A" in data["text/plain"]


def test_the_extension_gets_trees_and_where_to_write(published: Publish) -> None:
    published()
    data = bundle("first.quiz")[MIME_TYPE]
    assert data["answer_cell"] == "first-quiz-answers"
    assert data["dict_name"] == "answers"
    first = data["questions"][0]
    assert first["prompt"] == ["Stem of ", ["strong", "what-for"], " & ", ["code", "x < 1"]]
    assert first["points"] == 1
    secret = unseal(data["sealed"])["what-for"]
    assert secret["answer"] == "B"
    assert secret["feedback"][0] == ["what-for feedback A"]


def test_recall_is_ungraded_and_has_its_own_cell(published: Publish) -> None:
    published()
    data = bundle("first.recall")[MIME_TYPE]
    assert (data["answer_cell"], data["dict_name"], data["graded"]) == (
        "first-recall-answers",
        "recalled",
        False,
    )
    assert [(question["id"], question["points"]) for question in data["questions"]] == [("head-swap", None)]


def test_no_form_shows_keys_or_feedback_in_clear_text(published: Publish) -> None:
    published()
    text = json.dumps(bundle("first.quiz"))
    for secret in ["feedback", "misconception", "quick check", "mistake"]:
        assert secret not in text


def test_withheld_carries_no_seal(published: Publish) -> None:
    published(withhold_feedback=True)
    assert "sealed" not in json.dumps(bundle("first.quiz"))


@pytest.mark.parametrize("wrong", ["first", "first.freeze", ".quiz", "", None, 3])
def test_what_is_no_quiz_id_is_refused(published: Publish, wrong: Any) -> None:
    published()
    with pytest.raises(CourseError, match="give it the id of a quiz in quotes"):
        quiz(wrong)


def test_a_part_that_the_lesson_lacks_is_refused(published: Publish) -> None:
    published(recall=False)
    with pytest.raises(CourseError, match=r'^Lesson 01_first has no recall: it has "first\.quiz"\.$'):
        quiz("first.recall")
