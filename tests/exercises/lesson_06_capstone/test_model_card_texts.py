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
RIGHT = [(field, text) for field, texts in SENTENCES.items() for text in texts["right"]]
WRONG = [
    (field, text, mistake)
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
}  # fmt: skip


def judged(card):
    """The verdict, without the kernel's part: there are many texts."""
    exercise, challenge, _ = asked()
    evidence = exercise.evidence.model_validate(exercise.collect(card, challenge))
    return exercise.judge(evidence, expected())


@functools.cache
def expected():
    return {**decode(asked()[2]), "others": {INSPECTOR: MEASURED}}


@pytest.mark.parametrize(("field", "text"), RIGHT, ids=[text for _, text in RIGHT])
def test_true_texts_pass(field, text):
    assert judged({**CARD, field: text}).passed, judged({**CARD, field: text})


@pytest.mark.parametrize(("field", "text", "mistake"), WRONG, ids=[text for _, text, _ in WRONG])
def test_other_texts_are_told_what_is_wrong(field, text, mistake):
    verdict = judged({**CARD, field: text})
    assert told(verdict) == [mistake]
    assert verdict.points == pytest.approx(5.4)


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


def test_most_shuffled_sentences_are_told_from_sentences():
    shuffle = random.Random(0)
    texts = [text.split() for _, text in RIGHT if len(text.split()) >= 8]
    refused = 0
    for field, words in zip([field for field, text in RIGHT if len(text.split()) >= 8], texts, strict=True):
        shuffle.shuffle(words)
        refused += not judged({**CARD, field: " ".join(words)}).passed
    assert refused > 0.75 * len(texts)


def test_every_known_mistake_of_the_texts_is_reached():
    cards = [{**CARD, field: text} for field, text, _ in WRONG]
    cards += [change(field)[0] for change in OTHERS.values() for field in SENTENCES]
    same = "Non-commercial photographs of solar cells, held out; other modules on both sides are good or defective."
    cards += [{**CARD, **dict.fromkeys(SENTENCES, same)}]
    cards += [{**CARD, "data": "The ELPV data set: 2,624 grey photographs that were cut from 440 modules."}]
    reached = {mistake for card in cards for mistake in told(judged(card))}
    starts = tuple(f"{field.replace('_', '-')}-" for field in SENTENCES)
    known = [row.id for row in find_exercise(ID).mistakes if row.id.startswith(starts)]
    assert [name for name in known if name not in reached] == []
