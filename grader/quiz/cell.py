"""``quiz("scratch.quiz")``: the cell that draws the questions of a lesson."""

from typing import Any

from grader.cell_names import grade_id
from grader.errors import CourseError
from grader.quiz.fallback import as_html, as_text
from grader.quiz.markup import to_blocks, to_nodes
from grader.quiz.published import read_published
from grader.quiz.sealing import seal, unseal
from grader.quiz.standing_letters import listen

MIME_TYPE = "application/vnd.finetuning-course.quiz.v1+json"

TITLES = {"quiz": "Quiz", "recall": "Recall"}
DICT_NAMES = {"quiz": "answers", "recall": "recalled"}


class QuizCell:
    """The questions of one part of a quiz, as a notebook shows them.

    A notebook picks the richest form that it knows: our own type, drawn by the labextension in this
    package; escaped HTML; or plain text.
    """

    def __init__(self, prefix: str, part: str, published: dict[str, Any]) -> None:
        self._prefix = prefix
        self._part = part
        self._points: dict[str, float] = published["points"] if part == "quiz" else {}
        self._questions: list[dict[str, Any]] = published["parts"][part]["questions"]
        self._sealed: str | None = published["parts"][part].get("sealed")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {
            MIME_TYPE: self._for_the_extension(),
            "text/html": as_html(self._questions, TITLES[self._part], DICT_NAMES[self._part]),
            "text/plain": repr(self),
        }

    def __repr__(self) -> str:
        return as_text(self._questions, TITLES[self._part], DICT_NAMES[self._part])

    def _for_the_extension(self) -> dict[str, Any]:
        """The data that ``labextension/static/quiz.js`` draws; all texts are trees of ``markup``."""
        data = {
            "title": TITLES[self._part],
            "graded": self._part == "quiz",
            "dict_name": DICT_NAMES[self._part],
            "answer_cell": grade_id(f"{self._prefix}.{self._part}", "answers"),
            "questions": [self._question(question) for question in self._questions],
        }
        if self._sealed is not None:
            secrets = {name: _as_trees(secret) for name, secret in unseal(self._sealed).items()}
            data["sealed"] = seal(secrets)
        return data

    def _question(self, question: dict[str, Any]) -> dict[str, Any]:
        # The first paragraph is the legend that names the group; code and further text follow it.
        first, *rest = to_blocks(question["stem"])
        prompt, body = (first[1:], rest) if first[0] == "p" else ([], [first, *rest])
        return {
            "id": question["id"],
            "points": self._points.get(question["id"]),
            "prompt": prompt,
            "body": body,
            "options": [to_nodes(text) for text in question["options"]],
        }


def quiz(exercise_id: str) -> QuizCell:
    """Draw the questions of a quiz in a notebook.

    A click writes the chosen letter into the answer cell below, which is what is graded.

    Args:
        exercise_id: ``"<prefix>.quiz"``, the lesson's quiz, or ``"<prefix>.recall"``, its questions from
            earlier lessons; for example ``"scratch.quiz"``.

    Raises:
        CourseError: there is no such quiz, or its file is damaged.
    """
    prefix, _, part = exercise_id.partition(".") if isinstance(exercise_id, str) else ("", "", "")
    if not prefix or part not in TITLES:
        raise CourseError(
            f'quiz() was given {exercise_id!r}: give it the id of a quiz in quotes, such as "start.quiz" or '
            f'"scratch.recall".'
        )
    published = read_published(prefix)
    if part not in published["parts"]:
        raise CourseError(
            f'Lesson {published["lesson"]} has no {part}: it has "{prefix}.{next(iter(published["parts"]))}".'
        )
    listen()
    return QuizCell(prefix, part, published)


def _as_trees(secret: dict[str, Any]) -> dict[str, Any]:
    return {
        "answer": secret["answer"],
        "feedback": [to_nodes(text) for text in secret["feedback"]],
        "steps": [to_nodes(text) for text in secret["steps"]],
        "quick_check": to_nodes(secret["quick_check"]),
        "common_mistakes": [to_nodes(text) for text in secret["common_mistakes"]],
    }
