import json
from typing import Any

from grader.quiz.publish import keys, publish
from grader.quiz.schema import Quiz
from grader.quiz.sealing import unseal


def published(content: dict[str, Any], withhold_feedback: bool = False) -> dict[str, Any]:
    quiz = Quiz.model_validate(content)
    recalled = [quiz.questions[1]]
    return publish(quiz, recalled, withhold_feedback)


def test_questions_are_public_and_secrets_sealed(content: dict[str, Any]) -> None:
    result = published(content)
    assert result["points"] == {"what-for": 1, "head-swap": 1}
    assert list(result["parts"]) == ["quiz", "recall"]
    public = result["parts"]["quiz"]["questions"][0]
    assert public == {
        "id": "what-for",
        "stem": "Stem of **what-for** & `x < 1`",
        "options": ["what-for option A", "what-for option B", "what-for option C"],
    }
    secrets = unseal(result["parts"]["quiz"]["sealed"])
    assert secrets["what-for"]["answer"] == "B"
    assert secrets["what-for"]["feedback"][2] == "what-for feedback C"
    assert secrets["what-for"]["common_mistakes"] == ["what-for mistake"]
    assert list(unseal(result["parts"]["recall"]["sealed"])) == ["head-swap"]


def test_nothing_of_keys_and_feedback_is_in_clear_text(content: dict[str, Any]) -> None:
    text = json.dumps(published(content))
    for secret in ["feedback A", "feedback B", "misconception", "step", "quick check", "mistake", "answer"]:
        assert secret not in text


def test_withheld_means_that_nothing_is_included(content: dict[str, Any]) -> None:
    result = published(content, withhold_feedback=True)
    assert result["withheld"] is True
    assert [list(part) for part in result["parts"].values()] == [["questions"], ["questions"]]
    assert "sealed" not in json.dumps(result)


def test_without_recall_there_is_no_such_part(content: dict[str, Any]) -> None:
    assert list(publish(Quiz.model_validate(content), [])["parts"]) == ["quiz"]


def test_keys(content: dict[str, Any]) -> None:
    assert keys(Quiz.model_validate(content)) == {"what-for": "B", "head-swap": "A"}
