"""The class of an English word, as a rough guess from a list or from its ending: article, preposition, number, …"""

import itertools
import re

_CLASSES = {
    "article": "the a an its their our my your his das der die den dem ein eine einer einem",
    "this": "this every each",
    "amount": "these those some any all both no such another other others one many most more same only own few several",
    "of": "of",
    "preposition": "with from at in on by for into onto between among under during through without within per via across "
    "about after before over like as than against until since beyond outside inside behind",
    "is": "is are was were isn't aren't wasn't weren't",
    "be": "be been being",
    "have": "has have had hasn't haven't",
    "do": "does did do doesn't don't didn't",
    "may": "may can could should would will might must cannot won't can't couldn't",
    "and": "and or but nor",
    "that": "because although if whether while whereas though so therefore hence thus that",
    "it": "it they we he she i you nobody there who it's that's",
    "them": "them him us me itself themselves",
    "which": "which whom what where when how why whose",
    "not": "not never neither hardly",
    "to": "to",
    "adverb": "out up down off too also well very just even still then here again always often sometimes probably likely "
    "maybe perhaps apart aside away back once",
    "adjective": "good defective solar doubtful random single grey commercial new held held-out high low wrong bad weak "
    "different unknown unseen non-commercial stratified broken electroluminescence photovoltaic true small large big dark public human whole real certain sure possible easy hard "
    "faint clear free",
    "verb": "tells says gives takes gets looks goes comes shows knows misses finds sorts decides fails sees makes judges "
    "outputs returns overlooks forbids excludes helps labels say tell give take get look go come show know miss find sort "
    "decide fail see make expect use trust keep flatters leaks shares stands stand sit lie seems seem "
    "contains contain gave took saw came went got said wrote knew allows allow needs need uses reads read works work holds "
    "hold lets let stays stay means mean belongs belong appears appear consists sell learn see tell answers answer gets",
    "participle": "drawn seen kept put set cut given taken made shown chosen known met held sold told meant used trained "
    "labelled tested measured forbidden allowed permitted excluded",
    "number": "",
    "ing": "",
    "plural": "",
    "noun": "",
}
CLASSES = tuple(_CLASSES)
_CLASS_OF = {word: name for name, words in reversed(_CLASSES.items()) for word in words.split()}


def word_class(word: str) -> str:
    """One of ``CLASSES``, for a word in lower case."""
    if word in _CLASS_OF:
        return _CLASS_OF[word]
    if word[0].isdigit():
        return "number"
    for pattern, name in (
        (r"ly$", "adverb"),
        (r"ing$", "ing"),
        (r"ed$", "participle"),
        (r"[^s]s$", "plural"),
    ):
        if re.search(pattern, word):
            return name
    return "noun"


def parts(text: str) -> list[list[str]]:
    """The words of a text in lower case, in the parts that punctuation makes."""
    text = re.sub(r"\bcc[- ]by[-a-z ]*\b(?: ?4\.0)?", "licence", text.lower().replace("’", "'"))
    cut = re.split(r"[.;:!?,()\n\"&=+](?!\d)|\s-+\s|—|–", text)
    found = [re.findall(r"[^\W_](?:[\w'-]*\w)?(?:[.,/]\d+)*", part) for part in cut]
    return [words for words in found if words]


def neighbours(text: str) -> list[tuple[str, str]]:
    """The classes of neighbouring words, with "start" and "end" of each part."""
    pairs = []
    for words in parts(text):
        named = ["start", *map(word_class, words), "end"]
        pairs += list(itertools.pairwise(named))
    return pairs
