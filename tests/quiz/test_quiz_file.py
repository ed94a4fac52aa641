"""A quiz file is read, and each slip in it gets one sentence."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.errors import CourseError
from grader.quiz.quiz_file import load_quiz, recalled_questions

Change = Callable[[dict[str, Any]], Any]


def write(folder: Path, content: dict[str, Any] | str) -> Path:
    lesson = content["lesson"] if isinstance(content, dict) and "lesson" in content else "01_first"
    path = folder / str(lesson) / "quiz.yaml"
    path.parent.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CourseError) as caught:
        load_quiz(path)
    return str(caught.value)


def test_a_valid_file_is_read(tmp_path: Path, content: dict[str, Any]) -> None:
    quiz = load_quiz(write(tmp_path, content))
    assert [question.id for question in quiz.questions] == ["what-for", "head-swap"]
    assert quiz.questions[0].points == 1
    assert quiz.questions[0].letters == "ABC"


def question(content: dict[str, Any]) -> dict[str, Any]:
    return content["questions"][0]


def option(content: dict[str, Any], index: int) -> dict[str, Any]:
    return question(content)["options"][index]


Q = "question 'what-for'"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.pop("prefix"), "`prefix` is missing, add it"),
        (lambda c: question(c).pop("answer"), f"{Q}: `answer` is missing, add it"),
        (lambda c: question(c).pop("id"), "question number 1: `id` is missing, add it"),
        (lambda c: option(c, 2).pop("feedback"), f"{Q}, option C: `feedback` is missing, add it"),
        (
            lambda c: question(c).update(answr="B"),
            f"{Q}: `answr` is an unknown key, perhaps 'answer' is meant",
        ),
        (
            lambda c: question(c).update(answer=True),
            f"{Q}: `answer` must be text, put True in quotes",
        ),
        (lambda c: question(c).update(stem=" "), f"{Q}: `stem` is empty, write it"),
        (lambda c: question(c).update(steps=[]), f"{Q}: `steps` is empty, write at least one entry"),
        (lambda c: question(c)["options"].pop(), f"{Q}: `options` has 2 entries, write 3 to 5"),
        (
            lambda c: question(c).update(points=0),
            f"{Q}: `points`: input should be greater than 0, correct it",
        ),
        (
            lambda c: question(c).update(id="What for"),
            "question 'What for': `id` is 'What for', use lower-case letters and digits joined by hyphens",
        ),
        (
            lambda c: c.update(prefix="First quiz"),
            "`prefix` is 'First quiz', use lower-case letters, digits and underscores",
        ),
        (
            lambda c: c.update(recall=[{"lesson": "00_gone", "question": "x"}]),
            "recall names the lesson '00_gone', which has no quiz.yaml, correct the name",
        ),
        (
            lambda c: question(c).update(answer="D"),
            f"{Q}: the answer 'D' is no option, write one of A, B, C",
        ),
        (
            lambda c: c["questions"][1].update(id="what-for"),
            "2 questions have the id 'what-for', give each its own",
        ),
    ],
)
def test_each_slip_gets_one_sentence(
    tmp_path: Path, content: dict[str, Any], change: Change, sentence: str
) -> None:
    change(content)
    assert refusal(write(tmp_path, content)) == f"01_first/quiz.yaml: {sentence}."


def test_the_lesson_is_the_folder(tmp_path: Path, content: dict[str, Any]) -> None:
    path = write(tmp_path, content)
    moved = path.parent.rename(tmp_path / "02_copied") / "quiz.yaml"
    assert "lesson is '01_first' but the file lies in the folder '02_copied'" in refusal(moved)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "lesson: [a\nprefix: b",
            "01_first/quiz.yaml, line 2: expected ',' or ']', but got ':', correct the YAML there.",
        ),
        (
            "lesson: a\nlesson: b",
            "01_first/quiz.yaml, line 2: the key 'lesson' stands twice, correct the YAML there.",
        ),
        ("- a", "01_first/quiz.yaml must hold the keys lesson, prefix, objectives and questions."),
        ("", "01_first/quiz.yaml must hold the keys lesson, prefix, objectives and questions."),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(write(tmp_path, text)) == sentence


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "01_first" / "quiz.yaml")
    path = write(tmp_path, "")
    path.write_bytes(b"lesson: \xff\xfe")
    assert "is not UTF-8 text" in refusal(path)


def test_recalled_questions_come_from_earlier_lessons(tmp_path: Path, content: dict[str, Any]) -> None:
    earlier = write(tmp_path, content)
    later = copy.deepcopy(content) | {"lesson": "02_second", "prefix": "second"}
    later["recall"] = [{"lesson": "01_first", "question": "head-swap"}]
    quiz = load_quiz(write(tmp_path, later))
    assert recalled_questions(quiz, tmp_path) == [load_quiz(earlier).questions[1]]

    later["recall"][0]["question"] = "head-swop"
    assert refusal(write(tmp_path, later)) == (
        "02_second/quiz.yaml: recall names the question 'head-swop', which 01_first/quiz.yaml does not have, "
        "perhaps 'head-swap' is meant."
    )
