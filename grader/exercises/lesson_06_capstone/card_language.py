"""What a sentence of a model card claims, as far as words tell: is it a sentence, what does it say, or deny?

No parser: words, their order in pairs, and whether a claim is turned round by an odd number of negations.
"""

import re
from collections import Counter

_ARTICLES = frozenset(
    [
        "the",
        "a",
        "an",
        "its",
        "their",
        "our",
        "every",
        "each",
        "das",
        "der",
        "die",
        "den",
        "dem",
        "ein",
        "eine",
        "einer",
        "einen",
        "einem",
    ]
)
_OF = frozenset(["of", "with", "from", "at"])
_BE = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "will",
        "would",
        "may",
        "might",
        "can",
        "could",
        "should",
        "must",
    ]
)
_JOINING = frozenset(["and", "or", "but", "because", "although"])
_FUNCTION = (
    _ARTICLES | _OF | _BE | _JOINING
    | frozenset(
        ["in", "on", "to", "for", "by", "as", "that", "this", "these", "those", "it", "they", "them", "we", "you", "he", "she", "i", "who", "whom", "which", "what", "where", "when", "how", "why", "if", "not", "no", "nor", "neither", "never", "so", "since", "while", "than", "then", "there", "here", "into", "onto", "over", "under", "between", "among", "across", "about", "after", "before", "during", "out", "off", "up", "down", "only", "also", "too", "more", "most", "less", "least", "any", "all", "both", "same", "such", "other", "another", "do", "does", "did", "done", "cannot", "own", "one", "whether", "until", "without", "within", "through", "against", "per", "via", "but", "yet", "still", "however", "und", "oder", "ist", "sind", "war", "im", "in", "zu", "von", "mit", "auf", "für", "nicht", "aus", "als", "bei", "es", "sie", "wir", "ob", "he", "his", "her", "us", "my", "me", "your"]
    )
)  # fmt: skip
_VERB = re.compile(
    r"\w+(?:ed|ing)$|(?:tell|sort|give|take|miss|fail|help|flag|find|spot|check|say|show|work|look|see|know|expect|stand|lie|come|go|get|"
    r"make|keep|need|use|share|leak|judge|return|detect|classif|name|call|confuse|trust|sell|allow|forbid|exclude|prohibit|permit|"
    r"contain|hold|learn|serve|warn|rate|draw|decide)(?:y|s|es|ies)?$|"
    r"(?:cut|drawn|seen|shown|made|taken|known|held|kept|put|set|told|given|chosen|cannot|sold|meant|found|wrong|came|went|saw|took)$"
)
LIMIT = 1
_PLACEHOLDER = re.compile(
    r"\b(?:lorem|ipsum|dolor|asdf\w*|qwert\w*|foo|bar|baz|qux|todo|tbd|blah|bla|xyz|xxx+|placeholder|etc etc)\b"
)
# Negations of which none turns a claim round.
_HARMLESS = re.compile(
    r"\bnot only\b|\bno doubt\b|\bno wonder\b|\bno exceptions?\b|\bwithout exception\b|\bno matter\b|\bno warranty\b|"
    r"\bwithout (?:\w+ ){0,3}(?:permission|consent|agreement|asking)\b|"
    r"\bwithout (?:\w+ ){0,2}(?:ids?|identifiers?|labels?|information|records?)\b|"
    r"\bno (?:\w+ ){0,2}(?:ids?|identifiers?|labels?|information|records?|numbers)\b|"
    r"\b(?:not|n't|cannot) (?:been )?(?:known|recorded|told|given|say|tell|know|record|state|list|reveal|name|note)\w*\b|"
    r"\bnobody knows\b|\bno one knows\b|\bno idea\b"
)
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|neither|without|cannot|hardly|impossible|unlikely|absent|zero|lacks?|"
    r"free of|free from)\b|n't\b|\bnor\b|-free\b|-proof\b"
)
_TURN = re.compile(
    r"[.!?](?=\s|$)|;|\n|[()]|\s-+\s|,?\s*\b(?:but|although|though|however|because|since|while|whereas|unless|therefore|hence|"
    r"thus|so that|so|yet|nevertheless|still)\b|, and\b|, as\b|, which\b"
)


def plain(text: str) -> str:
    """In lower case, with plain quotes, dashes and spaces."""
    for fancy, simple in (("’", "'"), ("‘", "'"), ("–", "-"), ("—", " - "), ("‑", "-"), ("\u00a0", " ")):
        text = text.replace(fancy, simple)
    return re.sub(r"\s+", " ", text).strip().lower().replace("can't", "cannot").replace("won't", "will not")


def words(text: str) -> list[str]:
    """The words of a plain text, numbers included."""
    return re.findall(r"[^\W_][\w']*(?:[.,]\d+)*", text)


def is_placeholder(text: str) -> bool:
    """Whether a plain text holds what people type to fill a field."""
    return _PLACEHOLDER.search(text) is not None


def is_word_list(raw: str) -> bool:
    """Whether a text of eight words or more is words without the order of a sentence."""
    raw = re.sub(r"\bCC[- ]BY[-A-Z]*", "ccby", raw)
    text = plain(raw)
    found = words(text)
    if len(found) < 8:
        return False
    counts = Counter(found)
    content = [word for word in found if word not in _FUNCTION]
    small = len(found) - len(content)
    if len(counts) < 0.5 * len(found) or max(Counter(content).values(), default=0) > max(3, 0.2 * len(found)):
        return True  # few words again and again
    if small > 0.85 * len(found):
        return True  # nothing but small words
    signs = small + sum(_VERB.match(word) is not None for word in content)
    pointed = re.search(r"[,;:()?]", text) is not None
    if signs < (1 if len(re.findall(r"[,;:()]", text)) > 2 else 2) or (
        not pointed and (signs < 0.25 * len(found) or small < 0.25 * len(found))
    ):
        return True  # a list of nouns
    return _out_of_order(text) + capitals_astray(raw) >= LIMIT


_PREPOSITIONS = _OF | frozenset(["in", "on", "by", "for", "between"])
_MODALS = frozenset(["may", "can", "could", "should", "would", "will", "might", "must"])
_NOT_AFTER_ARTICLE = (
    _BE
    | _JOINING
    | _OF
    | _PREPOSITIONS
    | frozenset(
        [
            "the",
            "a",
            "an",
            "its",
            "their",
            "our",
            "it",
            "they",
            "we",
            "you",
            "to",
            "than",
            "not",
            "never",
            "if",
        ]
    )
)
_NOT_AFTER_MODAL = (
    _ARTICLES
    | _PREPOSITIONS
    | _JOINING
    | frozenset(
        [
            "is",
            "are",
            "was",
            "were",
            "to",
            "than",
            "it",
            "they",
            "we",
            "cells",
            "modules",
            "photographs",
            "may",
            "can",
        ]
    )
)


def _out_of_order(text: str) -> float:
    """How many pairs of neighbours stand as they do in no sentence: "the of", "may the", "with and", "cell cell"."""
    count = 0.0
    for part in re.split(r"[.;:!?,()\n]|\s-+\s", text):
        found = words(part)
        for left, right in zip(found, [*found[1:], ""][: len(found)], strict=True):
            last = right == ""
            if left in _ARTICLES - {"each", "every", "die", "das"}:
                count += last or right in _NOT_AFTER_ARTICLE
            elif left in _OF:
                joined = (
                    set() if left == "from" else {"and", "or", "but"}
                )  # "those that it learnt from and …"
                count += right in (_BE | _OF | {"to"} | joined) - {"at"} or (last and left == "of")
            elif left in _JOINING:
                count += last or right in {"and", "or"}
            elif left in _MODALS:
                count += last or right in _NOT_AFTER_MODAL
            elif left in {"is", "are", "was", "were"}:
                count += right in {"is", "are", "was", "were", "may", "can", "be"}
            elif left in _PREPOSITIONS:
                count += 0.5 * (right in _PREPOSITIONS | {"is", "are", "was", "were", "than"})
            elif left == "to":
                count += right in {"of", "is", "are", "in", "by", "with", "may"}
            count += left == right and len(left) > 1
    first, second = words(text)[:2]
    return count + (first == "than" or (first == "of" and not second.isdigit()))


def capitals_astray(raw: str) -> int:
    """How many small words begin with a capital within a sentence, as they do when words were shuffled."""
    inside = re.findall(r"(?<=[\w,] )([A-Z][a-z]\w*)", raw)
    return sum(word.lower() in _FUNCTION and len(word) > 1 for word in inside)


def clauses(text: str) -> list[str]:
    """The parts of a plain text within which a negation reaches."""
    whole = re.sub(r"(?<=\d)[.,](?=\d)", "", text)  # 4.0 and 2,624 hold no end of a sentence
    return [part.strip() for part in _TURN.split(_HARMLESS.sub(" ", whole)) if part and part.strip(" ,.:")]


def negations(clause: str, also: str = r"(?!)") -> int:
    """How many words turn the claim of a clause round, those of the pattern ``also`` included."""
    count = len(NEGATION.findall(clause)) + len(re.findall(also, clause))
    return count - (1 if re.search(r"\bneither\b.*\bnor\b", clause) else 0)


def says(pattern: str, text: str) -> bool:
    """Whether the pattern stands in a plain text."""
    return re.search(pattern, text) is not None
