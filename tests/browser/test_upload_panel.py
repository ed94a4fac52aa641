"""Photographs of a telephone go through the upload panel of a real JupyterLab, several at once."""

import io
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from PIL import Image

from grader.message_limit import TORNADOS_OWN

pytestmark = pytest.mark.slow


def photograph(size: int) -> bytes:
    """A JPEG with so much behind its end that it is ``size`` bytes long."""
    Image.new("RGB", (400, 300), "green").save(written := io.BytesIO(), "JPEG")
    return written.getvalue().ljust(size, b"\0")


def test_more_than_a_server_takes_of_itself_arrives(server: Any, open_notebook: Callable[..., Any]) -> None:
    folder = server.folder / "uploading"
    folder.mkdir()
    cell = nbformat.v4.new_code_cell("from grader import lab\n\nlab.upload_panel()")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), folder / "upload.ipynb"
    )
    opened = open_notebook("lab", folder / "upload.ipynb", run=False)
    opened.run_all()
    page = opened.page
    (advice := page.get_by_text("MB arrive at once here")).wait_for(timeout=120_000)
    assert "At most 100 MB" in advice.inner_text(), (
        "the server lacks its extension: run pip install -e . again"
    )
    page.get_by_placeholder("for example: oak").fill("oak")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="photographs").click()
    content = photograph(4_000_000)
    assert 6 * len(content) > 2 * TORNADOS_OWN
    chooser.value.set_files(
        [{"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": content} for number in range(6)]
    )
    page.get_by_text("6 stored, 24.0 MB; class oak has 6 photographs now.").wait_for(timeout=60_000)
    stored = sorted((folder / "my_photos" / "oak").iterdir())
    assert [file.name for file in stored] == [f"{number}.jpg" for number in range(6)]
    assert all(file.read_bytes() == content for file in stored)
