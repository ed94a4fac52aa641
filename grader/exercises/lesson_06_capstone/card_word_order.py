"""Is a text a sentence, or only words? By how often words of two classes stand side by side in true sentences.

The table was made by data_scripts/calibrate_word_order.py from the right sentences of the tests: tenths of the
logarithm of how much more often a pair occurs in them than in the same words shuffled. Of shuffled sentences that
it has not seen, 19 of 20 are recognised, and none of the true ones is taken for shuffled.
"""

import math
import re
from collections import Counter

from grader.exercises.lesson_06_capstone.card_language import FUNCTION_WORDS, plain, words
from grader.exercises.lesson_06_capstone.card_word_classes import CLASSES, neighbours, word_class

_LEAST_WORDS = 8
_LEAST_SMALL = 0.19  # share of small words in a text without signs; the lowest true one has 0.20
_LEAST_BESIDE_ONE = -0.5  # the same, beside a pair that no sentence has
_ADDED = 4  # pairs
_LEAST_MEAN = -1.4  # tenths; the lowest true sentence has -1.2, of those kept aside too
# A row for the first word's class: "start", then CLASSES; a column for the second's: CLASSES, then "end".
_TABLE = """
6 5 0 -21 -3 -14 -25 -25 0 -25 6 13 11 -25 10 -1 -7 -10 -1 -6 -4 9 -1 -6 -6 -8
-25 -25 4 -25 -25 -25 -25 -25 -22 -25 -25 -25 -25 -19 -25 -25 -25 -20 8 -9 -21 5 6 2 12 -25
-13 0 7 2 -9 2 -9 -7 -5 -13 -19 -15 -15 -3 -7 -14 -7 -16 -5 -6 3 -18 -10 -25 13 -1
-14 -19 -6 -5 -2 -12 -5 -17 -15 -10 -12 -8 -24 -9 -23 -23 -10 1 1 -10 -5 3 -1 8 7 4
14 7 10 -24 -25 -25 -15 -11 -8 -19 -25 -24 -9 15 10 -18 -13 -13 7 -20 -21 7 0 -4 -6 -25
11 9 10 -25 -18 -25 -17 -25 -25 -25 -19 -24 -2 12 -2 -25 -10 -12 7 -20 -23 4 13 -1 -1 -8
-7 -10 -5 -20 -1 -25 -17 -20 -13 -22 -16 -15 -23 -13 -25 15 -19 11 6 -25 15 -2 -17 -25 -2 -9
-12 -9 -20 -12 4 -17 -11 -15 -6 -23 -17 -16 -17 -4 -9 -15 -7 6 2 -13 15 -4 -10 -25 3 -14
-3 -8 7 -14 -25 -17 14 -5 -2 -12 -19 -17 -23 -8 -9 15 -2 -10 -22 -14 10 11 -11 3 -13 -23
-12 -8 -5 -8 -10 -13 -4 -2 -6 -10 -14 -13 -10 -4 -8 15 -7 -11 -18 11 -15 -7 -8 -24 -6 -8
-25 -13 -9 -18 -25 -23 15 15 -10 -14 -21 -24 -25 -3 -12 13 -6 1 -25 15 -14 -5 -12 -25 -2 -18
5 -5 4 -12 -4 -2 -20 10 10 2 -20 0 7 -15 -7 7 -6 -3 3 6 2 1 5 -7 -3 -24
11 10 -1 7 -13 3 -15 -15 11 -13 -25 9 12 -11 -3 -9 -2 -24 -21 -3 -25 -6 4 1 -8 -25
-23 -16 -15 -25 -3 14 -19 15 15 15 -13 -14 -25 -14 -9 -9 -20 6 -22 10 5 -23 -21 -8 -10 4
-20 -3 4 -14 2 8 -2 -7 -8 -6 2 1 -1 -3 -6 -13 10 8 -18 -11 -17 -17 -11 -21 -8 15
4 -1 -7 -7 -18 4 -9 5 -6 -13 -17 -14 10 -3 -13 -12 8 14 0 4 -22 -1 -3 2 -2 -14
-9 -4 -11 -18 -5 -25 15 -16 -17 -21 -23 -20 -16 -13 -1 -8 5 1 -7 14 15 -18 -2 -13 0 -12
3 2 -3 -15 -25 -18 15 -3 3 -6 -6 -11 -10 -5 -8 -16 -8 -15 -2 15 -21 5 4 -25 7 -22
-4 5 -10 5 4 -10 2 8 -11 -20 4 0 -6 -8 -4 -8 0 -6 6 1 3 -3 -21 -14 -8 12
-25 -23 -18 -25 -11 -25 -22 -21 -19 -25 6 -7 -11 -17 -6 -25 0 0 -8 4 -25 -23 -25 11 2 12
3 9 6 -4 8 3 -14 -13 -21 -15 -21 3 6 6 13 -25 3 6 0 -18 -20 -1 -4 -14 -9 0
-6 -3 -1 -12 14 -11 -23 -13 4 -24 -7 -3 -11 5 2 -25 15 11 -16 -25 -20 -5 -25 -10 -14 10
-25 -16 -14 8 -10 -5 -8 -6 -5 -6 -3 -16 -24 -13 -20 -18 5 -3 8 -25 -25 -25 -4 11 -7 11
-12 -10 -15 -6 -3 -1 -8 -1 1 -14 15 -3 -2 -13 -15 -17 -11 -9 -15 -12 2 -7 -19 5 -12 15
-19 -16 -11 12 4 10 -17 -1 1 5 5 6 -11 -10 -2 -25 2 -6 -17 -4 -5 -16 -24 -18 -13 15
-13 -9 -19 8 1 8 -25 3 -1 9 2 -5 -6 -3 -7 -17 -1 -6 -17 -1 -4 -13 -15 0 -6 15
"""
_NEVER = frozenset(  # pairs that stand in no sentence: "the of", "of may"; a slip of the pen may make one
    [
        ("article", second)
        for second in ("preposition", "of", "is", "and", "may", "article", "have", "to", "it", "be")
    ]
    + [
        ("of", "is"),
        ("of", "may"),
        ("of", "and"),
        ("of", "of"),
        ("preposition", "is"),
        ("preposition", "may"),
    ]
    + [("may", "may"), ("may", "of"), ("may", "is"), ("is", "may"), ("to", "is"), ("to", "of")]
)
_ROWS = [[int(number) for number in line.split()] for line in _TABLE.split("\n") if line]
_WEIGHTS = {
    (first, second): _ROWS[i][j]
    for i, first in enumerate(("start", *CLASSES))
    for j, second in enumerate((*CLASSES, "end"))
}


def word_order(text: str) -> float:
    """How much the order of the words is that of sentences: the mean weight of a text's pairs.

    A few pairs that weigh nothing are added: in a short text one odd pair says little.
    """
    pairs = neighbours(text)
    return sum(_WEIGHTS[pair] for pair in pairs) / (len(pairs) + _ADDED)


def is_word_list(raw: str) -> bool:
    """Whether a text of eight words or more is words without the order of a sentence, or a few of them repeated."""
    text = plain(raw)
    found = words(text)
    if len(found) < _LEAST_WORDS:
        return False
    counts = Counter(found)
    content = [word for word in found if word not in FUNCTION_WORDS and word_class(word) != "number"]
    repeated = max(Counter(content).values(), default=0) > max(4, 0.25 * len(found))
    if repeated or len(counts) < 0.5 * len(found) or len(content) < 0.15 * len(found):
        return True
    small = sum(word in FUNCTION_WORDS for word in found) / len(found)
    if small < _LEAST_SMALL and not re.search(r"[,;:()?!/=&]|\.\s|\s-+\s", text):
        return True  # a list of keywords
    never = sum(pair in _NEVER for pair in neighbours(raw))
    return word_order(raw) < (_LEAST_MEAN if never == 0 else _LEAST_BESIDE_ONE if never == 1 else math.inf)
