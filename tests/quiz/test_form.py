"""No question of the course gives its key away by the form of its options."""

import ast
import re
from collections.abc import Callable, Iterable
from functools import cache

import pytest

from grader.course import SOLUTIONS
from grader.quiz.quiz_file import load_quiz
from grader.quiz.schema import Question, Quiz

LESSONS = sorted(path.parent.name for path in SOLUTIONS.glob("*/quiz.yaml"))
# Whoever picks the longest of four options is right in 25 % by chance, and so is who picks the shortest.
MOST_LONGEST, MOST_SHORTEST, WIDEST = 0.3, 0.4, 1.6
ABSOLUTE = re.compile(r"\b(always|never|only|all|every|none)\b", re.IGNORECASE)
CODE = re.compile(r"`[^`]*`")


@cache
def read(lesson: str) -> Quiz:
    return load_quiz(SOLUTIONS / lesson / "quiz.yaml")


def lengths(question: Question) -> dict[str, int]:
    """The letters of the options with their lengths in characters, as read: without the marks of Markdown."""
    texts = (re.sub(r"[`*]", "", option.text) for option in question.options)
    return {letter: len(text) for letter, text in zip(question.letters, texts, strict=True)}


def right_ones_that_are(extreme: Callable[[Iterable[int]], int], questions: list[Question]) -> list[str]:
    """The ids of the questions whose right option is the longest (``max``) or shortest, ties included."""
    sizes = {question.id: lengths(question) for question in questions}
    return [one.id for one in questions if sizes[one.id][one.answer] == extreme(sizes[one.id].values())]


@pytest.fixture(params=LESSONS)
def lesson(request: pytest.FixtureRequest) -> Quiz:
    return read(request.param)


def test_the_right_option_is_seldom_the_longest(lesson: Quiz) -> None:
    longest = right_ones_that_are(max, lesson.questions)
    assert len(longest) <= MOST_LONGEST * len(lesson.questions), longest


def test_the_right_option_is_not_the_shortest_instead(lesson: Quiz) -> None:
    shortest = right_ones_that_are(min, lesson.questions)
    assert len(shortest) <= MOST_SHORTEST * len(lesson.questions), shortest


def test_the_options_of_a_question_are_about_equally_long(lesson: Quiz) -> None:
    sizes = {question.id: lengths(question).values() for question in lesson.questions}
    assert not [name for name, size in sizes.items() if max(size) > WIDEST * min(size)]


def test_absolute_words_do_not_mark_the_wrong_options(lesson: Quiz) -> None:
    """Who crosses out what says "always" or "only" must not be left with the right option."""
    marked = []
    for question in lesson.questions:
        absolute = {
            letter
            for letter, option in zip(question.letters, question.options, strict=True)
            if ABSOLUTE.search(CODE.sub("", option.text))
        }
        if absolute and question.answer not in absolute:
            marked.append(question.id)
    assert not marked


def test_no_recall_explains_what_the_lesson_asks(lesson: Quiz) -> None:
    """A recalled question that corrects the same belief gives a graded key away."""
    recalled = [read(one.lesson) for one in lesson.recall]
    told = {
        option.misconception
        for entry, earlier in zip(lesson.recall, recalled, strict=True)
        for question in earlier.questions
        if question.id == entry.question
        for option in question.options
    } - {None}
    asked = {q.id: {option.misconception for option in q.options} for q in lesson.questions}
    assert not [name for name, beliefs in asked.items() if beliefs & told]


def test_code_of_a_question_finds_no_name_of_the_lesson(lesson: Quiz) -> None:
    """What a stem asks of ``globals()`` has the same answer in the lesson's own kernel."""
    program = ast.parse((SOLUTIONS / lesson.lesson / "lesson.py").read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(program) if isinstance(node, ast.Name)}
    asked = {q.id: set(re.findall(r'"(\w+)" in globals\(\)', q.stem)) for q in lesson.questions}
    assert not [name for name, wanted in asked.items() if wanted & names]


def test_the_course_asks_at_least_sixty_questions_and_is_not_passed_by_the_longest() -> None:
    questions = [q for lesson in LESSONS for q in read(lesson).questions]
    assert len(questions) >= 60
    assert len(right_ones_that_are(max, questions)) <= MOST_LONGEST * len(questions)
