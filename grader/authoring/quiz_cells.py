"""The cells that one ``# %% quiz=…`` or ``# %% recall=…`` line of a lesson stands for."""

import json
from collections.abc import Mapping, Sequence

from nbformat import NotebookNode

from grader.authoring.nbgrader_cells import answer_cell, grade_cell, read_only_cell
from grader.cell_names import grade_id
from grader.quiz.publish import keys
from grader.quiz.schema import Question, Quiz


def quiz_cells(quiz: Quiz) -> list[NotebookNode]:
    """Questions, answer lines holding the keys, and the check that is graded."""
    exercise = f"{quiz.prefix}.quiz"
    points = sum(question.points for question in quiz.questions)
    return [
        read_only_cell(grade_id(exercise, "questions"), f'quiz("{exercise}")'),
        answer_cell(grade_id(exercise, "answers"), answer_lines("answers", keys(quiz))),
        grade_cell(grade_id(exercise), f'check("{exercise}", answers)', points),
    ]


def recall_cells(quiz: Quiz, recalled: Sequence[Question]) -> list[NotebookNode]:
    """Questions of earlier lessons and answer lines holding the keys; nothing is graded."""
    exercise = f"{quiz.prefix}.recall"
    answers = {question.id: question.answer for question in recalled}
    return [
        read_only_cell(grade_id(exercise, "questions"), f'quiz("{exercise}")'),
        answer_cell(grade_id(exercise, "answers"), answer_lines("recalled", answers)),
    ]


def answer_lines(variable: str, answers: Mapping[str, str]) -> str:
    """The source of an answer cell: a dict with one line a question, which the widget rewrites."""
    lines = [f"    {json.dumps(question)}: {json.dumps(letter)}," for question, letter in answers.items()]
    return "\n".join([f"{variable} = {{", *lines, "}"])
