"""What a student wrote stands in a page as she typed it, whatever it is."""

from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook

from grader.autograde.steps.escape_texts import EscapeTexts

EXPORTER = HTMLExporter(template_name="basic", preprocessors=[EscapeTexts])
ANSWER = {"nbgrader": {"solution": True}}
SIGNS = st.text(
    st.sampled_from("ab 1\t\n<>&\"'`$\\*_#-[](){}!:/") | st.characters(codec="utf-8", categories="L")
)


@settings(max_examples=40, deadline=None)
@given(SIGNS)
@example("<b>\n\n</pre><script>1</script>\n\n[x](y.html) $$\n\n\\begin{a} `<i>`")
def test_a_written_answer_is_shown_as_it_was_typed(answer):
    notebook = new_notebook(cells=[new_markdown_cell(answer, metadata=ANSWER)])
    page = BeautifulSoup(EXPORTER.from_notebook_node(notebook)[0], "html.parser")
    assert page.find("pre").text == answer
    assert [tag.name for tag in page.find("pre").find_all()] == []
    assert page.find_all(["script", "a", "img"]) == []


def test_the_instructors_own_text_is_markdown():
    notebook = new_notebook(cells=[new_markdown_cell("**bold** [x](y.html)")])
    page = BeautifulSoup(EXPORTER.from_notebook_node(notebook)[0], "html.parser")
    assert page.find("strong").text == "bold"


def test_names_are_escaped_and_nobody_need_have_one():
    given = {"student": "<b>", "first_name": None, "notebook_path": 'a/"/x.ipynb', "index": 0}
    _, resources = EscapeTexts().preprocess(new_notebook(), dict(given))
    assert resources == given | {"student": "&lt;b&gt;", "notebook_path": "a/&quot;/x.ipynb"}
