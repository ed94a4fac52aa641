"""Which classes of words stand side by side in the model cards' true sentences? A few seconds.

Prints the table of grader/exercises/lesson_06_capstone/card_word_order.py, made from the right sentences of
tests/exercises/lesson_06_capstone/card_sentences.yaml, and what it makes of every fifth of them, kept aside.

    python data_scripts/calibrate_word_order.py
"""

import math
import random
from collections import Counter

import typer
import yaml

from grader.course import ROOT
from grader.exercises.lesson_06_capstone.card_word_classes import CLASSES, neighbours, parts
from grader.exercises.lesson_06_capstone.card_word_order import ADDED

SENTENCES = ROOT / "tests/exercises/lesson_06_capstone/card_sentences.yaml"
SHUFFLES, PSEUDOCOUNT = 20, 0.5
LOWEST, HIGHEST = -25, 15  # tenths: no single pair decides


def shuffled(text: str, order: random.Random) -> str:
    """The same words in another order, without punctuation."""
    words = [word for part in parts(text) for word in part]
    order.shuffle(words)
    return " ".join(words)


def table(texts: list[str]) -> list[list[int]]:
    """Tenths of the log ratio of a pair's share, in sentences and shuffled, given the first word's class."""
    order = random.Random(0)
    right = Counter(pair for text in texts for pair in neighbours(text))
    mixed = Counter(
        pair for text in texts for _ in range(SHUFFLES) for pair in neighbours(shuffled(text, order))
    )
    rows = []
    for first in ("start", *CLASSES):
        seen = sum(n for (one, _), n in right.items() if one == first)
        by_chance = sum(n for (one, _), n in mixed.items() if one == first) / SHUFFLES
        row = []
        for second in (*CLASSES, "end"):
            share = (right[first, second] + PSEUDOCOUNT) / (seen + PSEUDOCOUNT * len(CLASSES))
            chance = (mixed[first, second] / SHUFFLES + PSEUDOCOUNT) / (
                by_chance + PSEUDOCOUNT * len(CLASSES)
            )
            row.append(max(LOWEST, min(HIGHEST, round(10 * math.log(share / chance)))))
        rows.append(row)
    return rows


def mean_weight(text: str, rows: list[list[int]]) -> float:
    """The mean weight of a text's pairs."""
    first, second = ("start", *CLASSES), (*CLASSES, "end")
    pairs = neighbours(text)
    return sum(rows[first.index(a)][second.index(b)] for a, b in pairs) / (len(pairs) + ADDED)


def main() -> None:
    """Print the table, and how far apart it keeps sentences and shuffled ones that it has not seen."""
    fields = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    texts = [text for field in fields.values() for text in field["right"] if len(text.split()) >= 8]
    for row in table(texts):
        print(" ".join(map(str, row)))
    order, true, mixed = random.Random(1), [], []
    for fold in range(5):
        rows = table([text for i, text in enumerate(texts) if i % 5 != fold])
        for text in texts[fold::5]:
            true.append(mean_weight(text, rows))
            mixed.append(mean_weight(shuffled(text, order), rows))
    print(f"{len(texts)} sentences, kept aside: the lowest has {min(true):.2f}")
    for limit in (-2.0, -1.5, -1.0, -0.5, 0.0):
        print(f"below {limit}: {sum(w < limit for w in true)} true, {sum(w < limit for w in mixed)} shuffled")


if __name__ == "__main__":
    typer.run(main)
