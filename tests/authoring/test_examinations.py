"""Built for an examination, no key of a lesson stands in a file that a student has."""

import json
import re
import shutil
from pathlib import Path

import pytest

import grader
from grader.authoring.published import checks_text, quiz_text
from grader.course import SOLUTIONS, lesson_ids
from grader.exercises.machine import checking, checks_file
from grader.exercises.machine.evidence import decode
from grader.lesson_folder import LessonFolder
from grader.quiz.quiz_file import load_quiz, recalled_questions
from grader.quiz.sealing import unseal

SEALED = re.compile(r'"sealed"\s*:\s*"([^"]+)"')


@pytest.fixture
def examination(tmp_path: Path):
    """All lessons' sources, and ``publish(*lessons)``: every quiz and checks file, those lessons withheld."""
    for lesson in lesson_ids():
        folder = tmp_path / "solutions" / lesson
        folder.mkdir(parents=True)
        for name in ("quiz.yaml", "answers.py", "quiz.json"):
            shutil.copy(SOLUTIONS / lesson / name, folder)

    def publish(*withheld: str) -> dict[str, str]:
        texts = {}
        for lesson in lesson_ids():  # as builds go: first what is withheld
            folder = LessonFolder(lesson, tmp_path)
            quiz = load_quiz(folder.source("quiz.yaml"))
            recalled = recalled_questions(quiz, folder.solution.parent)
            texts[f"{lesson}/quiz.json"] = quiz_text(folder, quiz, recalled, lesson in withheld)
            (folder.solution / "quiz.json").write_text(texts[f"{lesson}/quiz.json"])
        return texts

    return publish


def _secrets(texts: dict[str, str]) -> str:
    """All that can be read in these files, sealed or not."""
    opened = [json.dumps(unseal(sealed)) for text in texts.values() for sealed in SEALED.findall(text)]
    return "\n".join([*texts.values(), *opened])


def _feedback(lesson: str) -> set[str]:
    """Sentences that stand beside the options of the lesson's questions, and nowhere but with their keys."""
    quiz = load_quiz(SOLUTIONS / lesson / "quiz.yaml")
    return {json.dumps(option.feedback)[1:-1] for question in quiz.questions for option in question.options}


@pytest.mark.parametrize("lesson", lesson_ids())
def test_neither_its_own_quiz_nor_a_later_recall_holds_its_keys(lesson, examination):
    usual, withheld = _secrets(examination()), _secrets(examination(lesson))
    told = {sentence for sentence in _feedback(lesson) if sentence in usual}
    assert len(told) > 5  # what is looked for is there otherwise
    assert [sentence for sentence in told if sentence in withheld] == []


def test_a_check_that_is_a_key_is_withheld_too_and_recorded_at_the_desk(examination, tmp_path, monkeypatch):
    examination("04_learning_rates")
    folder = LessonFolder("04_learning_rates", tmp_path)
    checks = json.loads(checks_text(folder))["exercises"]
    assert checks["rates.diagnose"]["expected"] is None
    assert checks["rates.range_test"]["expected"]
    path = tmp_path / "checks.json"
    path.write_text(checks_text(folder))
    monkeypatch.setattr(checks_file, "lesson_file", lambda lesson, name: path)
    right, wrong = dict.fromkeys("ABCD", "too low"), dict.fromkeys("ABCD", "too high")
    said = [checking.try_answer("rates.diagnose", answer) for answer in (right, wrong)]
    assert said[0] == said[1]
    assert "Recorded" in said[0].findings[0].text


def test_no_key_stands_in_the_installed_package():
    package = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in Path(grader.__file__).parent.rglob("*")
        if path.suffix in (".py", ".pyi", ".js", ".css", ".json", ".html")
    )
    for lesson in lesson_ids():
        assert [
            sentence for sentence in _feedback(lesson) if len(sentence) > 30 and sentence in package
        ] == []


def test_released_folders_are_what_was_looked_at():
    """Nothing else lies in ``notebooks/`` that could hold a key."""
    for lesson in lesson_ids():
        files = {
            path.name for path in LessonFolder(lesson).release.iterdir() if not path.name.startswith(".")
        }
        assert files <= {"lesson.ipynb", "checks.json", "quiz.json", "recorded.json"}
        recorded = LessonFolder(lesson).release / "recorded.json"
        if recorded.is_file():
            assert not decode(json.loads(recorded.read_text())).keys() & {"keys", "answers", "sealed"}
        notebook = (LessonFolder(lesson).release / "lesson.ipynb").read_text(encoding="utf-8")
        assert not SEALED.search(notebook)
