"""Is a text a sentence, or only words? By how often words of two classes stand side by side in true sentences.

The table was made by data_scripts/calibrate_word_order.py from the right sentences of the tests: tenths of the
logarithm of how much more often a pair occurs in them than in the same words shuffled. Of shuffled sentences that
it has not seen, nine of ten are recognised, and none of the true ones is taken for shuffled.
"""

import math
import re
from collections import Counter

from grader.exercises.lesson_06_capstone.card_language import FUNCTION_WORDS, plain, words
from grader.exercises.lesson_06_capstone.card_word_classes import CLASSES, neighbours, word_class

_LEAST_WORDS = 8
_LEAST_SMALL = 0.19  # share of small words in a text without signs; the lowest true one has 0.20
_LEAST_BESIDE_ONE = -0.5  # the same, beside a pair that no sentence has
ADDED = 4  # pairs that weigh nothing, beside those of a text: in a short one an odd pair says little
_LEAST_MEAN = -1.4  # tenths; the lowest true sentence that was kept aside has -1.3
# A row for the first word's class: "start", then CLASSES; a column for the second's: CLASSES, then "end".
_TABLE = """
6 5 1 -22 -3 -15 -25 -25 0 -24 7 12 12 -25 8 -1 -5 -8 0 -5 -5 8 -2 -7 -5 -8
-25 -25 4 -25 -25 -25 -25 -25 -25 -25 -25 -25 -25 -22 -25 -25 -25 -21 7 -8 -18 5 7 2 12 -25
-17 -3 7 3 -8 0 -9 -10 -6 -14 -18 -17 -6 -3 -10 -12 -5 -17 -7 -7 0 -17 -11 -25 12 0
-16 -19 -7 -1 -3 -13 -1 -7 -17 -6 -13 -10 -25 -9 -23 -25 -16 -2 1 -10 -3 3 -4 8 6 5
14 8 9 -23 -25 -25 -3 -14 -8 -19 -25 -24 -8 15 10 -21 -16 -13 7 -22 -23 5 -2 -3 -6 -25
11 9 9 -25 -18 -25 -21 -25 -25 -25 -20 -20 -3 10 -1 -25 -12 -13 7 -22 -25 3 12 0 -1 -8
-6 -10 -3 -20 0 -25 -20 -20 -13 -24 -17 -17 -25 -13 -24 15 -4 12 6 -25 15 -2 -8 -25 -1 -9
-14 -8 -24 -14 6 -22 -10 -14 -8 -24 -20 -19 -20 -4 -11 -17 -10 6 2 -18 15 -11 -10 -25 3 -10
1 -11 9 -16 -25 -21 15 -10 -3 -13 -20 -18 -23 -6 -12 15 10 -13 -22 -15 11 9 -13 2 -13 -24
-8 -5 -8 -10 -7 -17 -6 8 -7 -13 -13 -14 -11 -7 -12 15 -9 -10 -20 10 -13 -10 -11 -24 -5 -9
-25 -15 -9 -20 -25 -23 15 15 -10 -17 -24 -25 -20 -2 -11 15 -8 -1 -25 15 -16 -6 -16 -25 -1 -21
5 -7 5 -15 -4 -2 -19 9 7 -1 -23 0 7 -17 0 7 -9 1 3 6 2 2 4 -8 -3 -22
11 8 0 5 -12 4 -18 -16 11 -10 -24 9 14 -13 -6 -10 -3 -24 -22 -4 -25 -7 5 1 -10 -25
-21 -17 -17 -25 -4 14 -10 15 14 15 -11 -15 -25 -15 -10 -10 -8 3 -18 8 7 -15 -25 -8 -10 3
-22 -5 3 -11 1 7 -4 -3 -5 -6 2 8 -2 -3 -5 -13 13 4 -20 -15 -21 -17 -9 -23 -6 15
1 3 -8 -10 -19 4 -11 5 -9 -4 -20 -17 10 -2 -16 -14 7 13 1 7 -24 2 2 2 -2 -11
-9 -4 -14 -19 -5 -25 15 -18 -18 -20 -25 -21 -14 -10 -3 -14 3 2 -9 15 15 -16 2 -13 -1 -11
4 2 -7 -14 -25 -19 15 -4 5 -5 -8 -15 -12 -5 -11 -15 -9 -13 -1 15 -23 3 3 -25 7 -22
-5 6 -10 7 4 -12 0 5 -11 -25 2 0 -7 -11 -8 -12 4 3 7 2 4 -2 -23 -17 -7 13
-25 -25 -15 -25 -12 -25 -24 -25 -19 -25 7 -7 -11 -19 -10 -25 -2 1 -6 4 -25 -19 -25 11 2 12
4 8 6 -5 8 4 -5 -16 -22 -12 -23 2 4 9 10 -25 3 7 -1 -16 -14 -4 -2 -13 -8 1
-7 0 -2 -14 15 -11 -25 -16 1 -25 -6 -2 -12 6 2 -25 15 10 -14 -25 -22 -6 -20 -11 -12 11
-25 -16 -10 9 -9 -7 -7 -6 -10 -4 -4 -15 -25 -17 -21 -21 4 -1 8 -25 -25 -25 -6 11 -5 10
-14 -11 -8 -7 -3 -3 -11 4 5 -13 13 -2 -3 -11 -15 -2 -12 -7 -17 -8 2 -3 -22 3 -9 15
-17 -13 -14 11 3 10 -19 1 -1 6 4 4 -11 -10 0 -24 2 -6 -17 -4 -4 -16 -25 -20 -14 15
-13 -11 -17 8 1 7 -21 3 1 8 2 -3 -5 -5 -5 -15 0 -6 -18 -1 -5 -11 -13 0 -6 15
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
    """How much the order of the words is that of sentences: the mean weight of a text's pairs."""
    pairs = neighbours(text)
    return sum(_WEIGHTS[pair] for pair in pairs) / (len(pairs) + ADDED)


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
