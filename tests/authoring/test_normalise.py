"""A built notebook says the same on every machine."""

import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.authoring.normalise import WIDGET_VIEW, normalise
from grader.errors import CourseError
from grader.lab.progress_bar import MARK

LESSON = "00_start_here"
COURSE = Path("/somewhere/a-course")


def normalised(*outputs: nbformat.NotebookNode, source: str = "show()") -> nbformat.NotebookNode:
    notebook = new_notebook(cells=[new_code_cell(source, outputs=list(outputs))])
    normalise(notebook, LESSON, COURSE)
    nbformat.validate(notebook)
    return notebook


def stream(text: str, name: str = "stdout") -> nbformat.NotebookNode:
    return new_output("stream", name=name, text=text)


def test_machine_paths_become_placeholders() -> None:
    text = f"{Path.home()}/x {COURSE}/solutions {tempfile.gettempdir()}/y {sys.prefix}/bin"
    cleaned = normalised(stream(text)).cells[0].outputs[0].text
    assert cleaned == "<home>/x <course>/solutions <temporary>/y <python>/bin"


def test_paths_in_html_and_in_site_packages_are_found() -> None:
    where = str(Path(nbformat.__file__).parent)
    html = new_output("display_data", data={"text/html": f"<p>{where}/a.py</p>", "text/plain": "x"})
    assert normalised(html).cells[0].outputs[0].data["text/html"] == "<p><site-packages>/nbformat/a.py</p>"


def test_names_that_only_begin_like_a_path_stay() -> None:
    text = f"{Path.home()}ed and a{Path.home()}"
    assert normalised(stream(text)).cells[0].outputs[0].text == text


def test_a_machine_path_in_the_source_is_refused() -> None:
    with pytest.raises(CourseError, match="names a folder of this machine"):
        normalised(source=f"open('{Path.home()}/data')")


def test_memory_addresses_go_and_images_stay() -> None:
    figure = new_output(
        "display_data", data={"image/png": "AAAA", "text/plain": "<Figure at 0x7f36aa0b1c10>"}
    )
    assert normalised(figure).cells[0].outputs[0].data == {
        "image/png": "AAAA",
        "text/plain": "<Figure at 0x…>",
    }


def test_progress_bars_and_widgets_go_and_warnings_stay() -> None:
    bar = [stream("\r 45%|████▌     | 9/20", "stderr"), stream(" [00:01<00:01, 9.1it/s]\n", "stderr")]
    widget = new_output("display_data", data={WIDGET_VIEW: {"model_id": "1"}, "text/plain": "x"})
    ours = new_output("display_data", data={"text/plain": "60 of 60 steps in 8 s"}, metadata=MARK)
    assert normalised(*bar, widget, ours).cells[0].outputs == []
    assert (
        normalised(stream("UserWarning: careful\n", "stderr")).cells[0].outputs[0].text.endswith("careful\n")
    )


def test_pieces_of_a_stream_are_joined() -> None:
    outputs = normalised(stream("a"), stream("b"), stream("c", "stderr"), stream("d")).cells[0].outputs
    assert [output.text for output in outputs] == ["ab", "c", "d"]


def test_cell_ids_follow_from_the_content() -> None:
    def ids(*sources: str) -> list[str]:
        notebook = new_notebook(cells=[new_markdown_cell(source) for source in sources])
        normalise(notebook, LESSON, COURSE)
        return [cell.id for cell in notebook.cells]

    first = ids("one", "two", "one")
    assert first == ids("one", "two", "one")
    assert len(set(first)) == 3
    assert ids("new", "one", "two", "one")[1:] == first


def test_metadata_of_the_run_go() -> None:
    notebook = new_notebook(
        cells=[new_code_cell("1", metadata={"execution": {"iopub.execute_input": "now"}})]
    )
    notebook.metadata.update(widgets={"state": {}}, language_info={"version": "3.11.7"})
    normalise(notebook, LESSON, COURSE)
    assert notebook.cells[0].metadata == {}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info.version == f"{sys.version_info.major}.{sys.version_info.minor}"
