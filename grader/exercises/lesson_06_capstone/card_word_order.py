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
_LEAST_MEAN = -1.4  # tenths; the lowest true sentence that was kept aside has -0.95
# A row for the first word's class: "start", then CLASSES; a column for the second's: CLASSES, then "end".
_TABLE = """
6 4 0 -21 -3 -15 -25 -25 0 -22 7 13 12 -25 8 -1 -5 -10 0 -6 -4 9 -3 -7 -5 -8
-25 -25 4 -25 -25 -25 -25 -25 -23 -25 -25 -25 -25 -21 -25 -25 -25 -21 8 -8 -20 5 7 2 12 -25
-15 -3 7 3 -9 1 -8 -7 -4 -13 -16 -15 -8 -2 -9 -13 -5 -16 -5 -5 4 -18 -10 -25 11 0
-15 -20 -5 -2 -3 -11 -3 -5 -18 -5 -14 -9 -25 -8 -24 -25 -15 -3 1 -11 -5 4 -1 8 6 4
14 9 10 -24 -25 -25 -15 -15 -9 -20 -25 -24 -8 15 10 -19 -15 -14 5 -23 -22 6 -2 -2 -6 -25
11 9 10 -25 -18 -25 -20 -25 -23 -25 -20 -20 -2 12 0 -25 -12 -14 7 -21 -25 4 13 0 -1 -8
-5 -11 -4 -19 0 -25 -20 -19 -14 -25 -18 -16 -25 -13 -24 15 -7 11 6 -25 15 -3 -7 -25 -2 -9
-14 -10 -24 -15 7 -18 -11 -14 -5 -25 -19 -18 -20 -3 -11 -18 -7 7 0 -18 15 -9 -10 -25 3 -11
0 -7 8 -15 -25 -20 15 -10 0 -11 -21 -15 -22 -5 -10 15 8 -12 -22 -15 11 10 -14 2 -15 -23
-11 -10 -7 -7 -5 -14 -10 0 -7 -10 -14 -15 -13 -6 -10 15 -8 -10 -19 10 -13 -10 -7 -23 -7 -9
-25 -15 -12 -18 -25 -25 15 15 -9 -16 -22 -25 -19 -2 -12 14 -7 -1 -25 15 -15 -6 -13 -25 -1 -20
5 -6 4 -13 -4 -2 -21 10 9 -1 -22 0 6 -14 0 7 -8 -1 3 5 1 1 6 -8 -2 -20
12 9 -1 5 -12 2 -19 -16 11 -9 -25 9 12 -10 -5 -10 -2 -24 -21 -3 -25 -6 3 1 -9 -25
-21 -17 -16 -25 -3 15 -9 15 15 15 -10 -14 -25 -15 -10 -10 -10 4 -24 10 6 -15 -23 -8 -10 4
-22 -6 3 -13 2 7 -3 -5 -4 -5 1 0 -4 -3 -5 -12 13 6 -18 -13 -22 -17 -12 -20 -5 15
1 2 -6 -10 -20 4 -10 8 -10 -13 -18 -16 10 -4 -16 -13 6 14 1 6 -24 2 3 2 -2 -11
-8 -3 -13 -18 -4 -25 15 -16 -18 -22 -24 -21 -13 -11 -1 -13 4 3 -9 14 15 -21 0 -13 -1 -10
3 4 -6 -15 -25 -19 15 -3 5 -6 -6 -14 -11 -3 -10 -15 -6 -15 -2 14 -24 6 5 -25 7 -23
-5 4 -9 7 5 -12 1 10 -12 -23 3 0 -6 -9 -6 -11 1 1 6 1 3 -6 -22 -15 -8 13
-25 -23 -15 -25 -11 -25 -24 -24 -21 -25 6 -7 -10 -19 -9 -25 -2 1 -7 4 -25 -24 -25 11 2 12
3 10 7 -4 7 2 -7 -13 -21 -12 -22 1 5 8 12 -25 4 7 0 -16 -16 -2 -1 -15 -8 2
-8 -2 -1 -12 14 -11 -25 -15 1 -25 -5 -3 -12 6 4 -25 15 9 -14 -25 -22 -6 -21 -11 -13 11
-25 -17 -11 8 -9 -6 -10 -5 -8 -5 -4 -16 -25 -17 -21 -20 4 1 8 -25 -25 -25 -5 10 -6 11
-12 -9 -7 -9 -2 -4 -10 2 4 -13 13 -1 -5 -13 -16 -4 -12 -5 -17 -8 1 -5 -22 4 -9 15
-17 -17 -13 11 3 10 -20 -1 0 6 5 5 -12 -11 -3 -24 2 -5 -16 -4 -4 -15 -25 -19 -14 15
-13 -11 -18 8 1 7 -18 2 -1 8 2 -3 -6 -4 -5 -14 -2 -7 -19 -1 -4 -11 -14 1 -6 15
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
