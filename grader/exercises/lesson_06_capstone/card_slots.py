"""What stands in a place of a model card's text where only few things can stand: photographs of what, 2,624 what?"""

import re

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_language import FUNCTION_WORDS, listed

# Words before the noun that is looked for.
_BEFORE = re.compile(
    r"(?:SOLAR|EL|elpv|LABELLED|EXPERT|silicon|gr[ae]y\w*|single|individual|different|mono\w*|poly\w*|\w*crystalline|black|white|"
    r"small|square|public|separate|whole|such|\w+ly|good|doubtful|DEFECT|real|other|new|many|more|n|the|an?|one|these|those|its|\d+)$"
)
_CELLS = frozenset(
    listed(
        "CELL PHOTO EL elpv samples sample examples ones pixels dataset silicon wafer wafers rows entries files items pieces "
        "buerhop deitsch units instances objects electroluminescence defects DEFECT type types kind kinds size quality "
        "resolution specimens"
    )
)

_STOPS = frozenset(listed("together altogether overall combined strong NOT"))


def _noun(tags: tuple[str, ...], start: int, expected: frozenset[str]) -> str:
    """The first word from ``start`` on that is none of the expected ones; "" if one of them comes first."""
    first = ""
    for tag in tags[start : start + 5]:
        if tag in expected:
            return ""
        if not tag[0].isalpha() or tag in _STOPS or (tag in FUNCTION_WORDS and not _BEFORE.match(tag)):
            break
        if not _BEFORE.match(tag):
            first = first or tag
    return first


def photographs_of(text: Canonical) -> str:
    """What the photographs are said to be of, or to show, if it is neither cells nor modules; "" otherwise."""
    tags = text.tags
    for i in range(len(tags) - 2):
        if tags[i] in {"PHOTO", "each", "they"} and tags[i + 1] in {"of", "show", "shows", "showing"}:
            noun = _noun(tags, i + 2, _CELLS | {"MODULE"})
            if noun and not noun[0].isupper() and "CELL" not in tags[i + 2 : i + 8]:
                return f"{text.words[i]} {text.words[i + 1]} … {noun}"
    return ""


def contents_of(text: Canonical) -> str:
    """What ELPV is said to consist of, or experts to have labelled, if it is neither cells nor modules."""
    tags = text.tags
    for i in range(len(tags) - 2):
        held = tags[i] in {"consists", "contains", "holds", "comprises"} and "elpv" in tags[:i]
        if held or (tags[i] == "LABELLED" and tags[i + 1] == "the"):
            start = i + 2 if tags[i + 1] in {"of", "the"} else i + 1
            if noun := _noun(tags, start, _CELLS | {"MODULE", "LABEL", "data"}):
                return f"{text.words[i]} … {noun.lower()}"
    return ""


def number_of(text: Canonical) -> str:
    """What 2,624 or 44 are said to be the number of, if not cells or modules; "" otherwise."""
    for number, expected in (("2624", _CELLS), ("44", frozenset(["MODULE"]))):
        for i, tag in enumerate(text.tags):
            each = re.search(
                r"^(?:\w+ ){0,3}, each (?:\w+ ){0,4}(?:PHOTO|CELL)\b", " ".join(text.tags[i + 1 :])
            )
            if tag == number and not each and (noun := _noun(text.tags, i + 1, expected)):
                return f"{int(number):,} … {noun.lower()}"
    return ""
