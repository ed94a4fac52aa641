"""Markdown of questions as a small tree that can be drawn without trusting it.

A tree is a list of nodes; a node is a string (text) or ``[tag, *children]`` with a tag of ``TAGS``.
The browser builds elements and text nodes from it, the fallback writes escaped HTML; neither ever
handles markup as a string. Links, images, headings and raw HTML stay the literal text they are.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

Node = str | list[Any]
TAGS = frozenset({"p", "pre", "code", "strong", "em", "ul", "ol", "li", "br"})

_BLOCKS = {"paragraph": "p", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li"}
_INLINES = {"strong": "strong", "em": "em"}
_UNUSED = ["link", "image", "autolink", "html_inline", "html_block", "reference"]
_UNUSED += ["heading", "lheading", "hr", "blockquote"]
_PARSER = MarkdownIt("commonmark").disable(_UNUSED)


def to_nodes(markdown: str) -> list[Node]:
    """The tree of a Markdown text; a lone paragraph gives its content, without a ``p`` around it.

    >>> to_nodes("Take **one** `step`.")
    ['Take ', ['strong', 'one'], ' ', ['code', 'step'], '.']
    """
    blocks = to_blocks(markdown)
    return blocks[0][1:] if len(blocks) == 1 and blocks[0][0] == "p" else [*blocks]


def to_blocks(markdown: str) -> list[list[Any]]:
    """The tree of a Markdown text as a list of block nodes (``p``, ``pre``, ``ul``, ``ol``)."""
    nodes = _children(SyntaxTreeNode(_PARSER.parse(markdown)))
    return [node for node in nodes if isinstance(node, list)]  # outside of a block there is no text


def to_html(nodes: Sequence[Node]) -> str:
    """Escaped HTML of a tree.

    >>> to_html(["1 < 2, ", ["code", "<b>"]])
    '1 &lt; 2, <code>&lt;b&gt;</code>'
    """
    return "".join(_html(node) for node in nodes)


def _html(node: Node) -> str:
    if isinstance(node, str):
        return escape(node)
    tag, *children = node
    return "<br>" if tag == "br" else f"<{tag}>{to_html(children)}</{tag}>"


def _children(node: SyntaxTreeNode) -> list[Node]:
    return [tree for child in node.children for tree in _convert(child)]


def _convert(node: SyntaxTreeNode) -> list[Node]:
    match node.type:
        case "inline":
            return _children(node)
        case "paragraph" if node.hidden:  # of a tight list: its content stands in the item itself
            return _children(node)
        case "fence" | "code_block":
            return [["pre", node.content.removesuffix("\n")]]
        case "code_inline":
            return [["code", node.content]]
        case "softbreak":
            return ["\n"]
        case "hardbreak":
            return [["br"]]
        case "text":
            return [node.content] if node.content else []
    tag = (_BLOCKS | _INLINES)[node.type]
    return [[tag, *_children(node)]]
