"""The statements of a model card: their letters are judged exactly, each wrong one is told why."""

import re
from pathlib import Path

import pytest

import grader
from grader.exercises import find_exercise
from grader.exercises.lesson_06_capstone.card_statements import (
    LETTERS,
    QUESTIONS,
    SINGLE,
    STATEMENTS,
    chosen,
    letters_of,
)
from grader.quiz.sealing import unseal
from tests.exercises.lesson_06_capstone.test_model_card import CARD, ID, LESSON, asked, judged, told
from tests.quiz.test_form import ABSOLUTE, MOST_LONGEST, MOST_SHORTEST, WIDEST

KEY = unseal(asked()[2]["sealed"])
RIGHT = {
    name: [letter for letter, one in zip(LETTERS, statements, strict=False) if one.id in KEY["right"][name]]
    for name, statements in STATEMENTS.items()
}
OTHERS = [(name, letter) for name in SINGLE for letter in letters_of(name) if letter not in RIGHT[name]]
# What stands in a field: what it is told.
NO_LETTER = {
    "None": (None, "empty"),
    "blank": (" … ", "empty"),
    "an empty list": ([], "empty"),
    "a number": (2, "no-letter"),
    "a truth": (True, "no-letter"),
    "two numbers": ((1, 2), "no-letter"),
    "letters and None": (["A", None], "no-letter"),
    "a dict": ({"A": True}, "no-letter"),
    "a sentence": ("Cells of one module stand on both sides of the split.", "sentence"),
    "signs": ("??", "sentence"),
    "a digit": ("2", "sentence"),
    "a choice left open": ("B or C", "sentence"),
    "a letter and words": ("B, since the lesson says so", "sentence"),
    "another statement's words": ("A. " + STATEMENTS["task"][1].text, "sentence"),
    "a letter and a sentence": (["A", "and more of it"], "sentence"),
    "a letter too far": ("F", "unknown-letter"),
    "of another script": ("Ж", "unknown-letter"),
}  # fmt: skip


def mistake(name, what):
    return f"{name.replace('_', '-')}-{what}"


@pytest.mark.parametrize("field", STATEMENTS)
@pytest.mark.parametrize("name", NO_LETTER)
def test_what_is_no_letter_is_told_so(field, name):
    value, what = NO_LETTER[name]
    verdict = judged({**CARD, field: value})
    assert (told(verdict), verdict.points) == ([mistake(field, what)], 5.5)


@pytest.mark.parametrize(("field", "letter"), OTHERS)
def test_a_statement_that_does_not_hold_is_told_why(field, letter):
    statement = STATEMENTS[field][LETTERS.index(letter)]
    for value in (letter, letter.lower(), statement.text):
        verdict = judged({**CARD, field: value})
        assert (told(verdict), verdict.points) == ([mistake(field, statement.id)], 5.5)
        assert f"`{field}` is {letter}: {KEY['said'][field][statement.id][0]}" == verdict.findings[0].text


@pytest.mark.parametrize("field", SINGLE)
def test_one_letter_is_taken_and_not_several(field):
    for value in ("A, B", "AB", ["A", "B"], {"A", "B"}):
        verdict = judged({**CARD, field: value})
        assert (told(verdict), verdict.points) == ([mistake(field, "several")], 5.5)
        assert "A and B" in verdict.findings[0].text


LIMITS = {
    "CE": ("another-camera", "leaves out A"),
    "AE": ("doubtful-labels", "leaves out C"),
    "AC": ("preparation", "leaves out E"),
    "ABCE": ("maps", "holds B"),
    "ACDE": ("interval", "holds D"),
    "B": ("another-camera", "leaves out A"),
    "ABCDE": ("maps", "holds B"),
    "BD": ("another-camera", "leaves out A"),
    "ABD": ("maps", "holds B"),
}


@pytest.mark.parametrize("letters", LIMITS)
def test_limits_are_all_that_hold_and_no_others(letters):
    what, said = LIMITS[letters]
    for value in (letters, list(letters), set(letters), ", ".join(letters.lower())):
        verdict = judged({**CARD, "limits": value})
        assert (told(verdict), verdict.points) == ([f"limits-{what}"], 5.5)
        assert verdict.findings[0].text.startswith(f"`limits` {said}: ")


def test_every_known_mistake_of_the_statements_is_reached_but_those_of_statements_that_hold():
    """A row of each statement, so that the rows do not tell which of them hold."""
    cards = [{**CARD, field: value} for value, _ in NO_LETTER.values() for field in STATEMENTS]
    cards += [{**CARD, field: letter} for field, letter in OTHERS] + [{}]
    cards += [{**CARD, "limits": letters} for letters in LIMITS]
    cards += [{**CARD, field: "A, B"} for field in SINGLE]
    cards += [{name.title(): value for name, value in CARD.items()}, {**CARD, "contact": ""}]
    reached = {mistake for card in cards for mistake in told(judged(card))}
    starts = ("unknown", *(f"{name.replace('_', '-')}-" for name in STATEMENTS))
    known = [row.id for row in find_exercise(ID).mistakes if row.id.startswith(starts)]
    assert [name for name in known if name not in reached] == [
        mistake(name, KEY["right"][name][0]) for name in ("task", "data", "split", "leak_warning", "licence")
    ]
    assert len(set(known)) == len(known)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("b", "B"),
        (" [C] ", "C"),
        ("'d'.", "D"),
        ("letter a:", "A"),
        ("Z", "Z"),
        ("a and b", "AB"),
        ("A,B;C", "ABC"),
        ("bad", "BAD"),
        ("I believe A", None),
        ("", None),
        ("…", None),
        ("_", None),
        ("and", None),
        ("option", None),
    ],
)
def test_how_a_text_is_read(text, letters):
    assert chosen("task", text) == (letters and list(letters))


def test_the_lesson_prints_the_statements_as_they_are():
    for name, statements in STATEMENTS.items():
        lines = [f"# - **{letter}** · {one.text}" for letter, one in zip(LETTERS, statements, strict=False)]
        assert "\n".join([f"# **`{name}`**: {QUESTIONS[name]}", "#", *lines, ""]) in LESSON
    assert list(QUESTIONS) == list(STATEMENTS)


def test_what_is_said_of_a_statement_names_a_section_of_the_lesson():
    for name, statements in STATEMENTS.items():
        needed = {one.id for one in statements if name not in SINGLE or one.id not in KEY["right"][name]}
        assert KEY["said"][name].keys() == needed
        assert {one.id for one in statements} > set(KEY["right"][name])
        for _, section in KEY["said"][name].values():
            assert re.search(rf"^# ##? {re.escape(section)}$", LESSON, flags=re.MULTILINE), section


def test_the_installed_package_does_not_say_which_statements_hold():
    package = "".join(path.read_text(encoding="utf-8") for path in Path(grader.__file__).parent.rglob("*.py"))
    for name in STATEMENTS:
        assert [said for said, _ in KEY["said"][name].values() if said in package] == []
    assert find_exercise(ID).same_for_everybody  # in an examination the key is withheld


def test_a_right_statement_does_not_stand_out_by_its_form():
    """As the quizzes' options: by length, or by words such as "all" in the wrong ones alone."""
    longest = shortest = 0
    for name, statements in STATEMENTS.items():
        sizes = {letter: len(one.text) for letter, one in zip(LETTERS, statements, strict=False)}
        assert max(sizes.values()) <= WIDEST * min(sizes.values()), name
        absolute = {
            letter for letter, one in zip(LETTERS, statements, strict=False) if ABSOLUTE.search(one.text)
        }
        assert not absolute or absolute & set(RIGHT[name]), name
        if name in SINGLE:
            longest += sizes[RIGHT[name][0]] == max(sizes.values())
            shortest += sizes[RIGHT[name][0]] == min(sizes.values())
    assert longest <= MOST_LONGEST * len(SINGLE)
    assert shortest <= MOST_SHORTEST * len(SINGLE)
    assert len({RIGHT[name][0] for name in SINGLE}) == len("ABCD")
