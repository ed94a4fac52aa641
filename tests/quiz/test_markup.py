import pytest

from grader.quiz.markup import TAGS, Node, to_blocks, to_html, to_nodes


@pytest.mark.parametrize(
    ("markdown", "nodes"),
    [
        ("plain", ["plain"]),
        ("**a** *b* `c`", [["strong", "a"], " ", ["em", "b"], " ", ["code", "c"]]),
        ("a\nb  \nc", ["a", "\n", "b", ["br"], "c"]),
        ("one\n\ntwo", [["p", "one"], ["p", "two"]]),
        ("```python\nx = 1\n\ny\n```", [["pre", "x = 1\n\ny"]]),
        ("- a\n- `b`", [["ul", ["li", "a"], ["li", ["code", "b"]]]]),
        ("1. a\n\n2. b", [["ol", ["li", ["p", "a"]], ["li", ["p", "b"]]]]),
        ("&lt; \\* <b>x</b>", ["< * <b>x</b>"]),
    ],
)
def test_markdown_becomes_a_tree(markdown: str, nodes: list[Node]) -> None:
    assert to_nodes(markdown) == nodes


@pytest.mark.parametrize(
    "markdown",
    [
        "[click](javascript:alert(1))",
        "![x](http://example.org/x.png)",
        "<img src=x onerror=alert(1)>",
        "<http://example.org>",
        "# heading",
        "> quote",
        "a\n===",
    ],
)
def test_what_is_not_supported_stays_text(markdown: str) -> None:
    nodes = to_nodes(markdown)
    assert all(isinstance(node, str) for node in nodes)
    assert "".join(nodes) == markdown


def test_blocks_keep_a_lone_paragraph() -> None:
    assert to_blocks("one") == [["p", "one"]]


def test_html_is_escaped_and_has_only_known_tags() -> None:
    html = to_html(to_blocks('<script>"&"</script> `</code>`\n\n```\n</pre>\n```\n\n- a  \n  b'))
    assert "<script" not in html
    assert "&lt;script&gt;&quot;&amp;&quot;" in html
    assert "<code>&lt;/code&gt;</code>" in html
    assert "<pre>&lt;/pre&gt;</pre>" in html
    assert "<li>a<br>b</li>" in html
    assert {tag.split(">")[0].strip("/") for tag in html.split("<")[1:]} <= TAGS
