"""Texts of a model card that say nothing that a reader may rely on, whatever the field: taken back, or in jest."""

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_lexicon import COMPARISONS, SUBJECT_OF

_NOT_TRUE = (
    r"NOT (?:\w+ )?(?:true|so|correct|right|the case|a fact) (?:\w+ )?(?:that|when)\b|"
    r"\b(?:untrue|false|wrong|incorrect|mistaken|a lie|a myth|a legend|an error|a mistake|nonsense|a rumour|a rumor|absurd) "
    r"(?:to (?:say|claim|think|believe|assume|expect|state)\b|that\b|if (?:somebody|someone|people|you|one)\b)|"
    r"\b(?:error|mistake|misunderstanding|fallacy) to (?:say|claim|think|believe|assume|expect)\b|"
    r"\b(?:a|just|only|pure|mere|big|all) (?:\w+ )?(?:rumou?r|myth|lie|legend|fairy tale|nonsense|fiction|invention)\b|"
    r"\b(?:is|are|as|was|were) (?:\w+ )?(?:exaggerated|nonsense|invented|fictitious|a hoax)\b|\bforget (?:about )?(?:SOLAR|the|what)\b|"
    r"NOT (?:believe|listen to) (?:\w+ )?(?:who|that|what|anyone|anybody|people|those)\b|"
    r"\b(?:contrary to what|as (?:some|they|people) wrongly|it is (?:often|sometimes) (?:wrongly )?(?:said|claimed) that)\b|"
    r"\b(?:anyone|whoever|anybody|everybody|people) who (?:say|says|claim|claims|think|thinks|believe|believes)\b|"
    r"\b(?:some|many|most|other) people (?:\w+ )?(?:say|says|claim|think|believe)\b|\bthey are wrong\b|"
    r"\b(?:that|this|it) is NOT (?:what|how|the way)\b|\bwould have to (?:write|say)\b|"
    r"\bin (?:truth|reality|fact) (?:it|this|that|the|all|everything|none|NOT)\b"
)
_IN_JEST = (
    r"\b(?:haha\w*|hehe\w*|hihi|lol|rofl|yeah right|yes yes|oh sure|sure ,|just kidding|joking|a joke|for a laugh)\b|^(?:ha|oh) ,|"
    r"\bas if (?:any|such|a|an|it|the|we)\b|\b(?:crystal ball|magic|magical|wizard|unicorns?|aliens?|holy)\b"
)
_OF_ITSELF = (
    r"\bwords? (?:such as|like|which|that one)\b|\bwith the words\b|\bis (?:just |only )?an? (?:\w+ )?word\b|\bthe word (?:EXPERT|MODULE|TRAIN|ELPV|elpv|CELL|both|leak)\b|"
    r"\bthis (?:field|text|answer|box|line|entry)\b|\btext like this\b|\b(?:write|wrote|written|mention|put|type|typed) (?:\w+ ){0,4}(?:here|words|keywords)\b|\bhere i (?:would|should|could|have)\b|"
    r"\b(?:checker|autograder|grader|keywords?)\b|\bthe check (?:wants|needs|asks|likes)\b"
)
# What a text of this inspector speaks of: beside it a comparison, with a nurse and her patients, does no harm.
_ANCHORS = r"\b(?:SOLAR|EL|elpv|MODULE|656|2624|1968|cc by|noncommercial)\b"


def taken_back(text: Canonical) -> str:
    """The words by which a text calls untrue what it says; "" for none."""
    return text.find(_NOT_TRUE)


def of_itself(text: Canonical) -> str:
    """The words by which a text speaks of itself instead of the inspector; "" for none."""
    return text.find(_OF_ITSELF)


def in_jest(text: Canonical) -> str:
    """The words by which a text shows that it is not meant; "" for none."""
    return text.find(_IN_JEST)


def other_subject(text: Canonical) -> str:
    """A word of a topic that has nothing to do with this inspector; "" for none."""
    compared = COMPARISONS if text.says(_ANCHORS) else frozenset()
    return next((word for word in text.words if SUBJECT_OF.get(word, "") not in {"", *compared}), "")
