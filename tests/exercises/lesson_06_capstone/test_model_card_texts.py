"""Texts of a model card in many wordings: true ones pass, the others are told what is wrong with them."""

import functools
import random
from pathlib import Path

import pytest
import yaml

from grader.exercises import find_exercise
from grader.exercises.machine.evidence import decode
from tests.exercises.lesson_06_capstone.test_model_card import CARD, ID, INSPECTOR, MEASURED, asked, told

SENTENCES = yaml.safe_load((Path(__file__).parent / "card_sentences.yaml").read_text(encoding="utf-8"))
WRONG = [
    (field, mistake, text)
    for field, texts in SENTENCES.items()
    for mistake, told_this in texts["wrong"].items()
    for text in told_this
]
# name: (changed fields, mistake)
OTHERS = {
    "missing": lambda field: ({name: value for name, value in CARD.items() if name != field}, "missing"),
    "None": lambda field: ({**CARD, field: None}, "empty"),
    "blank": lambda field: ({**CARD, field: " … "}, "empty"),
    "a number": lambda field: ({**CARD, field: 3}, "no-text"),
    "a list of words": lambda field: ({**CARD, field: CARD[field].split()}, "no-text"),
    "a placeholder": lambda field: ({**CARD, field: "TODO: write this sentence before you hand it in."}, "placeholder"),
    "one word": lambda field: ({**CARD, field: "cells"}, "short"),
    "soup": lambda field: ({**CARD, field: "module cell split cell leak cell photograph cell data cell"}, "word-list"),
    "taken back": lambda field: ({**CARD, field: f"It is not true that {CARD[field].lower()}"}, "taken-back"),
    "of itself": lambda field: ({**CARD, field: f"{CARD[field]} The check wants this text to hold these words."}, "of-itself"),
    "a joke": lambda field: ({**CARD, field: f"{CARD[field]} Haha, just kidding."}, "jest"),
    "of something else": lambda field: ({**CARD, field: "My dog and my sister's cat share a sofa in the living room."}, "other-subject"),
}  # fmt: skip


def judged(card):
    """The verdict, without the kernel's part: there are many texts."""
    exercise, challenge, _ = asked()
    evidence = exercise.evidence.model_validate(exercise.collect(card, challenge))
    return exercise.judge(evidence, expected())


@functools.cache
def expected():
    return {**decode(asked()[2]), "others": {INSPECTOR: MEASURED}}


@pytest.mark.parametrize("field", SENTENCES)
def test_true_texts_pass(field):
    verdicts = {text: judged({**CARD, field: text}) for text in SENTENCES[field]["right"]}
    assert {text: told(verdict) for text, verdict in verdicts.items() if not verdict.passed} == {}


@pytest.mark.parametrize(("field", "mistake"), dict.fromkeys((field, mistake) for field, mistake, _ in WRONG))
def test_other_texts_are_told_what_is_wrong(field, mistake):
    verdicts = {text: judged({**CARD, field: text}) for text in SENTENCES[field]["wrong"][mistake]}
    assert {text: told(verdict) for text, verdict in verdicts.items() if told(verdict) != [mistake]} == {}
    assert {verdict.points for verdict in verdicts.values()} == {5.4}


@pytest.mark.parametrize("field", SENTENCES)
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_text(field, name):
    card, mistake = OTHERS[name](field)
    assert told(judged(card)) == [f"{field.replace('_', '-')}-{mistake}"]


@pytest.mark.parametrize("field", ["data", "split", "limits", "leak_warning"])
def test_no_text_stands_twice(field):
    above = {"data": "task", "split": "data", "limits": "split", "leak_warning": "limits"}[field]
    twice = "Photographs of solar cells, 2,624 good or defective ones, held out and not seen before, of other modules."
    verdict = judged({**CARD, above: twice, field: twice.replace("ones, ", "ones; ")})
    assert f"{field.replace('_', '-')}-repeats" in told(verdict)


def test_shuffled_sentences_are_told_from_sentences():
    shuffle = random.Random(0)
    texts = [(field, text.split()) for field in SENTENCES for text in SENTENCES[field]["right"]]
    texts = [(field, words) for field, words in texts if len(words) >= 8]
    refused = 0
    for field, words in texts:
        shuffle.shuffle(words)
        refused += not judged({**CARD, field: " ".join(words)}).passed
    assert refused > 0.8 * len(texts)


@pytest.mark.parametrize(
    ("field", "text", "quoted"),
    [
        ("split", "We held out 656 pictures and then trained on them too.", "“trained on them”"),
        ("licence", "The photos are CC BY-NC-SA, but firms can sell it.", "“but firms can sell it”"),
        ("limits", "It isn't able to miss a crack, however small.", "“not able to miss”"),
    ],
)
def test_a_finding_quotes_the_words_that_it_is_about(field, text, quoted):
    assert quoted in judged({**CARD, field: text}).findings[0].text


def test_a_book_is_not_read_to_its_end():
    assert len(told(judged({**CARD, "leak_warning": "a module, " * 20_000}))) == 1


def test_every_known_mistake_of_the_texts_is_reached():
    cards = [change(field)[0] for change in OTHERS.values() for field in SENTENCES]
    same = "Non-commercial photographs of solar cells, held out; other modules on both sides are good or defective."
    cards += [{**CARD, **dict.fromkeys(SENTENCES, same)}]
    reached = {mistake for card in cards for mistake in told(judged(card))}
    reached |= {mistake for _, mistake, _ in WRONG}  # the test above has told them
    starts = tuple(f"{field.replace('_', '-')}-" for field in SENTENCES)
    known = [row.id for row in find_exercise(ID).mistakes if row.id.startswith(starts)]
    assert [name for name in known if name not in reached] == []
