"""A canonical text in clauses: the parts of it within which a negation reaches."""

import functools
import re

from grader.exercises.lesson_06_capstone.card_canonical import Canonical
from grader.exercises.lesson_06_capstone.card_language import listed

_ENDS = frozenset([".", "!", "?", ";", "(", ")", "\n", "-"])
_JOINS = frozenset(
    listed(
        "but although though however because since while whereas unless therefore hence thus so yet nevertheless "
        "otherwise nor afterwards where for"
    )
)
_JOINS_AFTER_COMMA = frozenset(listed("and as then also where which even only rather such thereby"))
_SUBJECTS = frozenset(listed("it they we i you he she this that these those there who nobody some everybody"))
_VERBS = frozenset(
    listed(
        "is are was were did does do has have had will would can could may might must should cannot NOT let it its"
    )
)
# Questions with these words say nothing of their own: "Where does it fail? On doubtful cells."
_ASKING = frozenset(listed("what which how why where whom who whose for in on"))
_YES = frozenset(listed("yes yeah indeed certainly probably sure always"))


def _answered(whole: Canonical) -> Canonical:
    """Questions joined with their answers: "Trained on? No." becomes "NOT Trained on."."""
    tags, words = list(whole.tags), list(whole.words)
    start, i = 0, 0
    while i < len(tags):
        if tags[i] in {".", "!", ";", "\n"}:
            start = i + 1
        elif tags[i] == "?":
            following = tags[i + 1] if i + 1 < len(tags) else ""
            if tags[start] in _ASKING or following == "":
                del tags[i], words[i]
                i -= 1
            elif following == "NOT" or following in _YES:
                tags[i], words[i] = ".", "."
                if following == "NOT":
                    tags.insert(start, "NOT")
                    words.insert(start, words[i + 1])
                    i += 1
                del tags[i + 1], words[i + 1]
            start = i + 1
        i += 1
    return Canonical(tuple(tags), tuple(words))


_NOUNS = frozenset(
    listed("a an the one our my its their other CELL MODULE PHOTO LABEL EXPERT accuracy training commercial")
)
_FINITE = frozenset(
    listed("is are was were can may will has have had do does did could should would must might")
)


def _colon_breaks(tags: tuple[str, ...], i: int) -> bool:
    """Whether a colon ends a clause, as in "It is weak: it misses some", and not in "Never seen: other cameras"."""
    before = 0
    while before < i and tags[i - before - 1] not in _ENDS:
        before += 1
    return before > 6 or (i + 1 < len(tags) and tags[i + 1] in _SUBJECTS)


def _breaks(tags: tuple[str, ...], i: int) -> bool:
    """Whether a clause ends before word ``i``."""
    here = tags[i]
    before = tags[i - 1] if i else ""
    after = tags[i + 1] if i + 1 < len(tags) else ""
    if here == "for":
        return before == "," and (after in _SUBJECTS or after in {"the", "our", "elpv"})
    if here in _JOINS:
        if here == "where" and before in {"know", "say", "tell", "knows", "says", "tells", ""}:
            return False
        return not (here == "so" and before in {"and", "do"})
    if here in _SUBJECTS or here == "NOT":
        return before == "," and not (here == "NOT" and after in {"only", "just"})
    if here in _JOINS_AFTER_COMMA and before == ",":
        return True
    if here.isdigit() and before == "," and after == "CELL":
        return True
    if here in _NOUNS and before == ",":
        following = " ".join(tags[i + 1 : i + 6]).split(" ,")[0].split()
        return not _FINITE.isdisjoint(following)
    return here == "and" and (after in _SUBJECTS or after in _VERBS)


_PASTS = r"\w+ed$|(?:TRAIN|went|came|took|got|saw|gave|had|made|kept|stayed|ended)$"


def _without_asides(whole: Canonical) -> Canonical:
    """With ", which …," moved behind: "none, which is odd, was used" becomes "none was used ; which is odd ;"."""
    tags, words = list(whole.tags), list(whole.words)
    moved: list[tuple[str, str]] = []
    i = 1
    while i < len(tags) - 1:
        if tags[i] in {"which", "who"} and tags[i - 1] == ",":
            end = next((k for k in range(i, len(tags)) if tags[k] in {",", *_ENDS}), len(tags))
            if (
                end + 1 < len(tags)
                and tags[end] == ","
                and (tags[end + 1] in _VERBS or re.match(_PASTS, tags[end + 1]))
            ):
                moved += [(";", ";"), *zip(tags[i:end], words[i:end], strict=True)]
                del tags[i - 1 : end + 1], words[i - 1 : end + 1]
                continue
        i += 1
    tags += [tag for tag, _ in moved]
    words += [word for _, word in moved]
    return Canonical(tuple(tags), tuple(words))


@functools.lru_cache(maxsize=256)
def clauses(whole: Canonical) -> tuple[Canonical, ...]:
    """The clauses of a canonical text, in their order."""
    whole = _without_asides(_answered(whole))
    parts: list[list[int]] = [[]]
    for i, tag in enumerate(whole.tags):
        if tag in _ENDS or (tag == ":" and _colon_breaks(whole.tags, i)):
            parts.append([])
        elif _breaks(whole.tags, i):
            parts.append([i])
        else:
            parts[-1].append(i)
    return tuple(
        Canonical(tuple(whole.tags[i] for i in part), tuple(whole.words[i] for i in part))
        for part in parts
        if any(re.match(r"\w", whole.tags[i]) for i in part)
    )


# Negations of which none turns a claim round.
_HARMLESS = re.compile(
    r"\bNOT by hand\b|\bNOT (?:[\w]+ ){0,2}(?:permission|consent|agreement|exceptions?|warranty)\b|"
    r"\bNOT (?:an? )?(?:\w+ )?(?:other|another|different|separate|special) (?:\w+ )?licen[cs]e\b|"
    r"\bNOT (?:only|just|merely|least)\b"
)


def negations(clause: Canonical) -> int:
    """How many words turn the claim of a clause round."""
    return _HARMLESS.sub(" ", str(clause)).split().count("NOT")


def denied(clause: Canonical) -> bool:
    """Whether an odd number of negations stands in a clause."""
    return negations(clause) % 2 == 1


_BEHIND = re.compile(
    r" (?:(?:is|are|was|were|do|does|did|can|could|has|have|had|will|it|they|we|may) )*NOT\b(?! (?:only|any|an?|the|other)\b)"
)


def affirmed(clause: Canonical, pattern: str, unless: str = r"(?!)") -> str:
    """The words of a clause that claim what the pattern says, without ``unless`` beside it; "" for none.

    Of negations those before a match turn it round, and one just behind it: "find all they do not".
    """
    text = str(clause)
    for match in re.finditer(pattern, text):
        before = _HARMLESS.sub(" ", text[: match.start()] + " ").split().count("NOT")
        behind = _BEHIND.match(_HARMLESS.sub(" ", text[match.end() :])) is not None
        around = (
            text[: match.start()].rsplit(" and ", 1)[-1] + match[0] + text[match.end() :].split(" and ", 1)[0]
        )
        if (before + behind) % 2 == 0 and not re.search(unless, around):
            return clause.quote(match)
    return ""


def gap(most: int) -> str:
    """A pattern for up to ``most`` words, commas included, of which none is a negation."""
    return rf"(?:(?!NOT\b)[\w,%:&]+ ){{0,{most}}}?"


def near(most: int) -> str:
    """A pattern for up to ``most`` words of which none is a negation or an "and", without commas."""
    return rf"(?:(?!NOT\b|and\b)[\w%&]+ ){{0,{most}}}?"
