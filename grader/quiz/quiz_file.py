"""Reads ``quiz.yaml``, and says of whatever is wrong in it one clear sentence: where it is and what to do."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from grader.errors import CourseError
from grader.quiz.schema import LETTERS, Option, Question, Quiz, Recall, nearest_known


def load_quiz(path: Path) -> Quiz:
    """Read and validate ``solutions/<lesson>/quiz.yaml``.

    Raises:
        CourseError: the file cannot be read or breaks a rule of the schema, names a lesson other than
            its folder, or recalls a question that the earlier lesson's file does not have.
    """
    quiz = _parse(path)
    if quiz.lesson != path.parent.name:
        raise CourseError(
            f"{_name(path)}: lesson is {quiz.lesson!r} but the file lies in the folder {path.parent.name!r}, "
            f"make them the same."
        )
    recalled_questions(quiz, path.parent.parent)
    return quiz


def recalled_questions(quiz: Quiz, solutions: Path) -> list[Question]:
    """The earlier questions that ``quiz`` asks again, read from ``solutions/<lesson>/quiz.yaml``.

    Raises:
        CourseError: such a file or question does not exist or is itself broken.
    """
    found = []
    for reference in quiz.recall:
        path = solutions / reference.lesson / "quiz.yaml"
        if not path.is_file():
            raise CourseError(
                f"{quiz.lesson}/quiz.yaml: recall names the lesson {reference.lesson!r}, which has no "
                f"quiz.yaml, correct the name."
            )
        questions = {question.id: question for question in _parse(path).questions}
        if reference.question not in questions:
            raise CourseError(
                f"{quiz.lesson}/quiz.yaml: recall names the question {reference.question!r}, which "
                f"{_name(path)} does not have{nearest_known(reference.question, questions)}."
            )
        found.append(questions[reference.question])
    return found


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys in silence; an author's slip must not pass like that."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key_node.value!r} stands twice", problem_mark=key_node.start_mark
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _parse(path: Path) -> Quiz:
    try:
        # _UniqueKeyLoader is a SafeLoader: no Python objects are built from the file.
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        raise CourseError(f"{_name(path)} cannot be read ({error.strerror}), check its place.") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{_name(path)} is not UTF-8 text, save it with that encoding.") from error
    except yaml.YAMLError as error:
        raise CourseError(_yaml_sentence(path, error)) from error
    if not isinstance(raw, dict):
        raise CourseError(f"{_name(path)} must hold the keys lesson, prefix, objectives and questions.")
    try:
        return Quiz.model_validate(raw)
    except ValidationError as error:
        raise CourseError(f"{_name(path)}: {_sentence(error.errors()[0], raw)}.") from error


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _yaml_sentence(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or "not valid YAML"
    return f"{_name(path)}{where}: {problem}, correct the YAML there."


def _sentence(error: ErrorDetails, raw: dict[str, Any]) -> str:
    """Turn one pydantic error into words: where it is, what is wrong, what to do."""
    where, rest = _place(error["loc"], raw)
    field = f"`{rest}`" if rest else "the entry"
    allowed = _allowed_keys(error["loc"])
    match error["type"]:
        case "quiz":
            text = error["msg"]
        case "missing":
            text = f"{field} is missing, add it"
        case "extra_forbidden":
            text = f"{field} is an unknown key{nearest_known(rest.split('.')[-1], allowed)}"
        case "string_type":
            text = f"{field} must be text, put {error['input']!r} in quotes"
        case "string_too_short":
            text = f"{field} is empty, write it"
        case "string_pattern_mismatch" | "string_too_long":
            text = f"{field} is {error['input']!r}, use lower-case letters and digits joined by hyphens"
            if rest == "prefix":
                text = f"{field} is {error['input']!r}, use lower-case letters, digits and underscores"
        case "too_short" if rest == "options":
            text = f"{field} has {error['ctx']['actual_length']} entries, write 3 to {len(LETTERS)}"
        case "too_short":
            text = f"{field} is empty, write at least one entry"
        case "too_long":
            text = f"{field} has more than {len(LETTERS)} entries, write 3 to {len(LETTERS)}"
        case _:
            message = error["msg"]
            text = f"{field}: {message[0].lower()}{message[1:]}, correct it"
    return f"{where}{text}"


def _place(loc: tuple[int | str, ...], raw: dict[str, Any]) -> tuple[str, str]:
    """Where an error stands: the question (by id) and option (by letter), and the field in it."""
    parts = [part for part in loc if part != "[key]"]
    where = ""
    if len(parts) > 1 and parts[0] == "questions" and isinstance(parts[1], int):
        entry = raw["questions"][parts[1]]
        question_id = entry.get("id") if isinstance(entry, dict) else None
        where = f"question {question_id!r}: " if question_id else f"question number {parts[1] + 1}: "
        parts = parts[2:]
        if len(parts) > 1 and parts[0] == "options" and isinstance(parts[1], int):
            where = f"{where.removesuffix(': ')}, option {LETTERS[parts[1] % len(LETTERS)]}: "
            parts = parts[2:]
    return where, ".".join(str(part + 1) if isinstance(part, int) else part for part in parts)


def _allowed_keys(loc: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Quiz
    if loc[:1] == ("recall",) and len(loc) > 2:
        model = Recall
    elif "options" in loc[:-1]:
        model = Option
    elif "questions" in loc[:-1]:
        model = Question
    return list(model.model_fields)
