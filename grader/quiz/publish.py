"""What of a quiz leaves ``solutions/``: the content of ``quiz.json``."""

from typing import Any

from grader.quiz.schema import Question, Quiz
from grader.quiz.sealing import seal

FORMAT = 1


def publish(
    quiz: Quiz, recalled: list[Question], withhold_feedback: bool = False, withhold_recall: bool = False
) -> dict[str, Any]:
    """The content of ``quiz.json``: questions in clear text; keys, feedback and solutions sealed.

    Args:
        quiz: the lesson's own questions.
        recalled: questions of earlier lessons (``grader.quiz.quiz_file.recalled_questions``).
        withhold_feedback: for an examination. Nothing is sealed then, for nothing is included: no key
            and no feedback, neither of this lesson nor of the earlier ones that it recalls.
        withhold_recall: for a lesson that recalls questions of an examination.
    """
    parts = {"quiz": quiz.questions} | ({"recall": recalled} if recalled else {})
    return {
        "format": FORMAT,
        "lesson": quiz.lesson,
        "prefix": quiz.prefix,
        "points": {question.id: question.points for question in quiz.questions},
        "withheld": withhold_feedback,
        "parts": {
            name: _part(questions, withhold_feedback or (withhold_recall and name == "recall"))
            for name, questions in parts.items()
        },
    }


def keys(quiz: Quiz) -> dict[str, str]:
    """The right letter of every question, by question id."""
    return {question.id: question.answer for question in quiz.questions}


def _part(questions: list[Question], withhold_feedback: bool) -> dict[str, Any]:
    public = {
        "questions": [
            {"id": q.id, "stem": q.stem, "options": [option.text for option in q.options]} for q in questions
        ]
    }
    if withhold_feedback:
        return public
    secrets = {
        q.id: {
            "answer": q.answer,
            "feedback": [option.feedback for option in q.options],
            "steps": q.steps,
            "quick_check": q.quick_check,
            "common_mistakes": q.common_mistakes,
        }
        for q in questions
    }
    return public | {"sealed": seal(secrets)}
