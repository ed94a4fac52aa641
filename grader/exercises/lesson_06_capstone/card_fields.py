"""The fields of a model card, and what is said of one that is missing or not filled in."""

from typing import Any

from grader.exercises.machine.mistakes import Mistake
from grader.nearest_name import nearest_name

INTERVAL, IN_YOUR_WORDS = "interval", "in_your_words"
NUMBERS = ("accuracy", "balanced_accuracy", "missed", "baseline", "test_cells")
FIELDS = ("task", "data", "split", "test_cells", "accuracy", INTERVAL, "balanced_accuracy", "missed", "baseline", "limits", "leak_warning", "licence")  # fmt: skip
COST = 0.5  # points of a field: twelve fields, six points
_NEAR = 0.75  # similarity from which a key is taken for another one's misspelling


def empty_rows(name: str) -> list[Mistake]:
    """Of any field: its key is misspelt or missing, or nothing stands in it."""
    field = name.replace("_", "-")
    return [
        Mistake(f"{field}-misspelt", lambda card: misspelt(card, name), f"`{name}` is missing from the card, and `{{1}}` is no key of it: did you mean `{name}`?", "Write the keys as they stand in the template.", costs=COST),
        Mistake(f"{field}-missing", lambda card: name not in card.fields, f"`{name}` is missing from the card.", "Keep the keys of the template, all of them.", costs=COST),
        Mistake(f"{field}-empty", lambda card: card.is_empty(name), f"`{name}` is not filled in yet.", "Replace its `None`; the comment in the template says by what.", costs=COST),
    ]  # fmt: skip


def misspelt(card: Any, name: str) -> str:
    """The unknown key that was meant for the field ``name``, if that is missing."""
    if name in card.fields:
        return ""
    return next((key for key in card.unknown if _meant(key) == name), "")


def unknown_rows() -> list[Mistake]:
    """Of a key that is none: it is said to be so, and costs nothing."""
    return [Mistake("unknown-key", _not_read, "`{1}` is no key of this card, and is not judged.", "Your own sentences have a place in `in_your_words`.", costs=0)]  # fmt: skip


def _not_read(card: Any) -> str:
    """The first unknown key that no row of a missing field speaks of."""
    return next((key for key in card.unknown if (_meant(key) or "") in (*card.fields, "")), "")


def _meant(key: str) -> str | None:
    asked = key.strip().lower().replace("-", "_").replace(" ", "_")
    return nearest_name(asked, FIELDS, cutoff=_NEAR)
