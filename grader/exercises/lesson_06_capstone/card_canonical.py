"""A model card's text in canonical form: one spelling, numbers in digits, one word for many that mean the same.

"The network wasn't trained on six hundred and fifty-six pictures" becomes "the network was NOT TRAIN on 656 PHOTO".
"""

import difflib
import functools
import re
from dataclasses import dataclass

from grader.exercises.lesson_06_capstone.card_language import FUNCTION_WORDS, listed, plain
from grader.exercises.lesson_06_capstone.card_lexicon import KNOWN, TAG_OF

_CONTRACTIONS = (
    (r"\bcan't\b|\bcan not\b|\bcant\b", "cannot"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"\b(does|is|was|has|had|did|do|are|were|have|could|would|should)nt\b", r"\1 not"),
    (r"\b(it|that|there|what|here|he|she|who|where)'s\b", r"\1 is"),
    (r"'re\b", " are"),
    (r"'ve\b", " have"),
    (r"'ll\b", " will"),
    (r"'d\b", " would"),
    (r"'m\b", " am"),
    (r"'s\b|s'(?=\s)", "s "),
)
_UNITS = {
    word: n
    for n, word in enumerate(
        listed(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
}
_TENS = {
    word: 10 * n for n, word in enumerate(listed("twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_COUNTS = _UNITS | _TENS | _SCALES
_SPELT = "|".join(_COUNTS)
# Two words together, or one above twelve: "one" and "two" alone are no counts but common words.
_NUMBER = re.compile(rf"\b(?:a |(?:{_SPELT})[ -])?(?:{_SPELT})(?:[ -](?:and )?(?:{_SPELT}))*\b")
_PHRASES = (
    (r"\bneither\b([^.;]*?)\bnor\b", r"neither\1or"),
    (r"(?<!,) nor\b", ", nor"),
    (r"\band nothing else\b", "only"),
    (r"\bnothing (?:but|other than|else than)\b", "only"),
    (r"(?<![\d.,])\b(?:0|zero) (?=(?:of|commercial\w*|cells?|photographs?|images?|modules?)\b)", "no "),
    (r"\btrain[-_/ ]test[-_ ]split\b", "split"),
    (r"\bno one\b|\bnot one\b|\bnot a single\b|\b0 %", "none"),
    (r"\bhold(?:ing)? out\b|\bholdout\b|\bheld back\b|\bheld-back\b", "held out"),
    (r"\bdata sets?\b|\bdatabase\b|\bdatasets?\b", "dataset"),
    (r"\bper ?cent\b|\bpercent\b|\bpct\b", "%"),
    (r"\bnon(?:[- ])?(commercial\w*|profit)\b", r"non\1"),
    (r"\b(?:e\. ?g\.|i\. ?e\.)", ","),
    (r"\bno matter\b|\bno doubt\b|\bno wonder\b|\bno exceptions?\b", " "),
)


def _as_digits(match: re.Match) -> str:
    """ "six hundred and fifty-six" as "656"; a word that is no count stays."""
    spelt = [word for word in re.split(r"[ -]", match[0]) if word in _COUNTS]
    if not spelt or (len(spelt) == 1 and _COUNTS[spelt[0]] <= 12):
        return match[0]
    total = current = 0
    for word in spelt:
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
        else:
            current += _COUNTS[word]
    return str(total + current)


def _numbers(text: str) -> str:
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\b([12])[ .](?=(?:624|968)\b)", r"\1", text)
    return _NUMBER.sub(_as_digits, text)


_SPELLINGS = sorted((set(TAG_OF) | KNOWN) - {"el"})


@functools.lru_cache(maxsize=4096)
def _spelt(word: str) -> str:
    """A word, or the known one that it is a slip of: the same first letter, nearly the same others."""
    if len(word) < 6 or word in TAG_OF or word in KNOWN or word in FUNCTION_WORDS or not word.isalpha():
        return word
    near = difflib.get_close_matches(word, [w for w in _SPELLINGS if w[0] == word[0]], 1, 0.88)
    longer = len(near[0]) - len(word) if near else 0
    if not near or word.startswith(near[0]) or (near[0].startswith(word) and longer > 1):
        return word  # another form of it
    return near[0]


@dataclass(frozen=True)
class Canonical:
    """A text, or a clause of it, word by word: as it was written and by its tag.

    Attributes:
        tags, words: of equal length; signs such as "," are words too.
    """

    tags: tuple[str, ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.tags)

    def find(self, pattern: str) -> str:
        """The words that the pattern matches in the tags; "" where it does not."""
        match = re.search(pattern, str(self))
        return "" if match is None else self.quote(match)

    def quote(self, match: re.Match) -> str:
        """The words of a match in the tags."""
        text = match.string
        first = text.count(" ", 0, match.start())
        last = text.count(" ", 0, max(match.start(), match.end() - 1))
        told = " ".join(word for word in self.words[first : last + 1] if word)
        return re.sub(r" (?=[,.:;?!])", "", told).strip(" ,") or " "

    def says(self, pattern: str) -> bool:
        """Whether the pattern stands in the tags."""
        return re.search(pattern, str(self)) is not None

    def replaced(self, pattern: str, instead: str) -> "Canonical":
        """With other tags where the pattern matches whole ones; the words stay those that were written."""
        text = str(self)
        tags: list[str] = []
        words: list[str] = []
        at = 0
        for match in re.finditer(pattern, text):
            first = text.count(" ", 0, match.start())
            last = first + len(match[0].split())
            new = match.expand(instead).split()
            old = list(self.words[first:last])
            tags += [*self.tags[at:first], *new]
            words += self.words[at:first]
            words += old if len(old) == len(new) else [" ".join(old), *[""] * len(new)][: len(new)]
            at = last
        return Canonical((*tags, *self.tags[at:]), (*words, *self.words[at:]))


@functools.lru_cache(maxsize=256)
def canonical(raw: str) -> Canonical:
    """A text in canonical form."""
    text = plain(raw)
    for pattern, instead in (*_CONTRACTIONS, *_PHRASES):
        text = re.sub(pattern, instead, text)
    text = _numbers(text)
    text = re.sub(r"\b0 %", "none", text)
    text = re.sub(r"(?<=[a-z0-9])[-/](?=[a-z])", " ", text)
    words = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|%|[.,;:!?()&=+]|(?<=\s)-(?=\s)|\n", text)
    words = [_spelt(word) for word in words]
    return Canonical(tuple(TAG_OF.get(word, word) for word in words), tuple(words))
