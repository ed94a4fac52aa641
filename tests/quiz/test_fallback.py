from grader.quiz.fallback import as_html, as_text, line_to_type

QUESTION = {
    "id": "what-for",
    "stem": "Is **1 < 2**?\n\n```python\nprint(1 < 2)\n```",
    "options": ["Yes", "`No`", "<img src=x onerror=alert(1)>"],
}


def test_html_shows_questions_and_the_line_to_type() -> None:
    html = as_html([QUESTION], "Quiz", "answers")
    assert "Is <strong>1 &lt; 2</strong>?" in html
    assert "<pre>print(1 &lt; 2)</pre>" in html
    assert "<li><code>No</code></li>" in html
    assert 'Type <code>"what-for": "A",</code> (or <code>B</code> or <code>C</code>' in html


def test_html_is_escaped() -> None:
    html = as_html([QUESTION], "<Quiz>", "answers")
    assert "<img" not in html
    assert "<Quiz>" not in html


def test_text_shows_questions_and_the_line_to_type() -> None:
    text = as_text([QUESTION, QUESTION], "Recall", "recalled")
    assert text.startswith("Recall. Answer by typing a letter into the dict `recalled`")
    assert "1. Is **1 < 2**?" in text
    assert "2. Is **1 < 2**?" in text
    assert "   B) `No`" in text
    assert 'Type: "what-for": "A",   (or B or C in place of A)' in text


def test_the_line_is_python() -> None:
    assert eval(f"{{{line_to_type('what-for', 'B')}}}") == {"what-for": "B"}
