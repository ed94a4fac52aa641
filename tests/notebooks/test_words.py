"""Words are explained before they are used, and each lesson leads on to the next."""

import re

import jupytext
import pytest

from grader.course import SOLUTIONS, lesson_ids

# Explained where they stand in italics or bold; each with what else counts as a use of it.
WORDS = {
    "tensor": r"\btensors?\b",
    "weights": r"\bweights?\b",
    "logit": r"logits?",
    "softmax": r"softmax",
    "accuracy": r"\baccurac(?:y|ies)\b",
    "gradient": r"(?<!requires_)\bgradients?\b",
    "learning rate": r"learning.rates?",
    "batch": r"\bbatch(?:es)?\b",
    "epoch": r"epochs?",
    "optimizer": r"optimizers?",
    "cross-entropy": r"cross.entropy",
    "seed": r"\bseeds?\b",
    "overfitting": r"overfit(?:ting)?",
}


def text_of(lesson, only_markdown=False):
    """All cells in order; the table of objectives at the top says what comes, so it is left out."""
    cells = jupytext.read(SOLUTIONS / lesson / "lesson.py").cells
    texts = [cell.source for cell in cells if not only_markdown or cell.cell_type == "markdown"]
    return re.sub(r"^\| \*\*.*$", "", "\n".join(texts), flags=re.MULTILINE)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_explained_where_it_first_stands(word):
    text = "\n".join(text_of(lesson) for lesson in lesson_ids()[:2])
    first = re.search(WORDS[word], text, flags=re.IGNORECASE)
    before, after = text[first.start() - 1], text[first.end()]
    assert (before, after) == ("*", "*"), text[max(0, first.start() - 80) : first.end() + 40]


@pytest.mark.parametrize("lesson", lesson_ids()[:-1])
def test_a_lesson_ends_with_a_link_to_the_next(lesson):
    following = lesson_ids()[lesson_ids().index(lesson) + 1]
    last = text_of(lesson, only_markdown=True).strip().splitlines()[-1]
    assert f"(../{following}/lesson.ipynb)" in last
