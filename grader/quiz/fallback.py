"""How a quiz reads where its extension is not installed: HTML and plain text that say what to type."""

import textwrap
from html import escape
from typing import Any

from grader.quiz.markup import to_blocks, to_html, to_nodes
from grader.quiz.schema import LETTERS

# Inherits the colours of the page around it, so it is readable in light and dark alike.
_STYLE = "max-width:44rem;line-height:1.55"


def as_html(questions: list[dict[str, Any]], title: str, dict_name: str) -> str:
    """Questions (``{"id", "stem", "options"}``, texts in Markdown) as self-contained, escaped HTML."""
    items = "".join(_html_question(number, question) for number, question in enumerate(questions, 1))
    how = f"Answer by typing a letter into the dict <code>{escape(dict_name)}</code> in the cell below."
    return f'<div style="{_STYLE}"><p><strong>{escape(title)}.</strong> {how}</p>{items}</div>'


def as_text(questions: list[dict[str, Any]], title: str, dict_name: str) -> str:
    """The same questions as plain text, Markdown as the author wrote it."""
    how = f"{title}. Answer by typing a letter into the dict `{dict_name}` in the cell below."
    return "\n\n".join([how, *(_text_question(n, question) for n, question in enumerate(questions, 1))])


def line_to_type(question_id: str, letter: str) -> str:
    """The line of the answer cell that records a choice.

    >>> line_to_type("what-for", "B")
    '"what-for": "B",'
    """
    return f'"{question_id}": "{letter}",'


def _other_letters(question: dict[str, Any]) -> list[str]:
    return list(LETTERS[1 : len(question["options"])])


def _html_question(number: int, question: dict[str, Any]) -> str:
    options = "".join(f"<li>{to_html(to_nodes(text))}</li>" for text in question["options"])
    line = escape(line_to_type(question["id"], "A"), quote=False)
    others = " or ".join(f"<code>{letter}</code>" for letter in _other_letters(question))
    how = f"Type <code>{line}</code> (or {others} in place of <code>A</code>)."
    return (
        f"<hr><p><strong>Question {number}</strong></p>{to_html(to_blocks(question['stem']))}"
        f'<ol type="A">{options}</ol><p>{how}</p>'
    )


def _text_question(number: int, question: dict[str, Any]) -> str:
    lines = [f"{number}. {question['stem'].strip()}"]
    for letter, text in zip(LETTERS, question["options"], strict=False):
        lines.append(textwrap.indent(f"{letter}) {text.strip()}", "   "))
    line = line_to_type(question["id"], "A")
    lines.append(f"   Type: {line}   (or {' or '.join(_other_letters(question))} in place of A)")
    return "\n".join(lines)
