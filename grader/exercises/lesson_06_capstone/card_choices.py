"""Known mistakes of a model card's chosen statements: a row for each statement, whichever is right."""

from collections.abc import Callable
from typing import Any

from grader.exercises.lesson_06_capstone.card_fields import COST, empty_rows
from grader.exercises.lesson_06_capstone.card_statements import (
    LETTERS,
    SINGLE,
    STATEMENTS,
    Statement,
    chosen,
    letters_of,
)
from grader.exercises.machine.mistakes import Mistake
from grader.quiz.sealing import unseal


class Key:
    """Which statements are right, and what is said of each.

    Attributes:
        right: ids of right statements, by field.
    """

    def __init__(self, sealed: str) -> None:
        opened = unseal(sealed)
        self.right: dict[str, list[str]] = opened["right"]
        self._said: dict[str, dict[str, list[str]]] = opened["said"]

    def said(self, name: str, statement: Statement) -> list[str]:
        """What is said of a statement, and the section of the lesson that explains it."""
        return self._said[name][statement.id]


class Choices:
    """The letters that a card's fields give, beside the key.

    Args:
        given: by field, the texts that stand in it.
    """

    def __init__(self, given: dict[str, list[str]], key: Key) -> None:
        self._given, self._key = given, key

    def letters(self, name: str) -> list[str] | None:
        """The letters in a field, each once, in their order; ``None`` if something else stands there."""
        found = [chosen(name, text) for text in self._given.get(name, [])]
        if not found or None in found:
            return None
        return sorted({letter for letters in found for letter in letters or []})

    def unknown(self, name: str) -> str:
        """Letters that no statement of the field has."""
        return " and ".join(letter for letter in self.letters(name) or [] if letter not in letters_of(name))

    def wrong(self, name: str, statement: Statement) -> list[str]:
        """What is said if the card is wrong about this statement, and where to look; empty if it is not.

        A statement that does not hold is wrong where it is chosen; in ``limits`` also one that holds and is left out.
        """
        letter = LETTERS[STATEMENTS[name].index(statement)]
        chooses, holds = letter in (self.letters(name) or []), statement.id in self._key.right[name]
        if chooses == holds or (name in SINGLE and not chooses):
            return []
        what = "is" if name in SINGLE else "holds" if chooses else "leaves out"
        said, section = self._key.said(name, statement)
        return [f"`{name}` {what} {letter}: {said}", section]


def choice_rows(name: str) -> list[Mistake]:
    """The table of a field that takes one letter, or of ``limits``, which takes all that apply."""
    field, single, letters = name.replace("_", "-"), name in SINGLE, letters_of(name)
    span = f"{letters[0]} to {letters[-1]}"
    expected = f"one of the letters {span} is expected" if single else f"letters from {span} are expected"

    def row(what: str, shows: Callable[[Any], object], text: str, hint: str) -> Mistake:
        return Mistake(f"{field}-{what}", shows, text, hint, costs=COST)

    def statement_row(statement: Statement) -> Mistake:
        return row(
            statement.id,
            lambda card: card.choices.wrong(name, statement),
            "{1[0]}",
            "See the section “{1[1]}”.",
        )

    return [
        *empty_rows(name),
        row("no-letter", lambda card: card.kind(name, "a text", "a list of texts"), f"`{name}` holds {{1}}; {expected}, in quotes.", "The statements stand above the cell."),
        row("sentence", lambda card: card.choices.letters(name) is None, f"`{name}` holds a text that is no letter; {expected}.", "The statements stand above the cell. Your own sentences have a place in `in_your_words`."),
        row("unknown-letter", lambda card: card.choices.unknown(name), f"`{name}` holds {{1}}, and its statements have the letters {span}.", "The statements stand above the cell."),
        *([row("several", lambda card: len(card.choices.letters(name)) > 1 and " and ".join(card.choices.letters(name)), f"`{name}` holds {{1}}; it takes one letter.", "Only `limits` takes several.")] if single else []),
        *map(statement_row, STATEMENTS[name]),
    ]  # fmt: skip
