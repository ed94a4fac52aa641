"""Photographs that come through the upload panel."""

import html
import io
from pathlib import Path

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

from grader import message_limit
from grader.errors import CourseError
from grader.lab import uploads
from grader.lab.own_photos import load_own_photos
from grader.lab.photo_files import read_photo
from grader.lab.uploads import store_uploads

# Uploads


def picture(shade=0):
    """A photograph as bytes; each shade is another one."""
    Image.new("L", (8, 8), shade).save(written := io.BytesIO(), "PNG")
    return written.getvalue()


def upload(name, content=None):
    return {"name": name, "content": memoryview(picture() if content is None else content)}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("x.jpg", "x.jpg"),
        ("../x.jpg", "x.jpg"),
        ("../../../etc/x.jpg", "x.jpg"),
        ("a\\b.jpg", "b.jpg"),
        ("C:\\Users\\me\\..\\b.JPG", "b.JPG"),
        ("/absolute/x.png", "x.png"),
        (".hidden.jpg", "hidden.jpg"),
        ("null\0byte.jpg", "null_byte.jpg"),
        ('<img src="x">.png', "_img src__x__.png"),
        ("Größe (2).png", "Größe (2).png"),
        ("n" * 400 + ".jpg", "n" * 80 + ".jpg"),
    ],
)
def test_an_upload_stays_in_its_class(tmp_path, name, stored):
    told = store_uploads(tmp_path / "photos", "oak", (upload(name),))
    assert told == "1 stored, 0.0 MB; class oak has 1 photograph now."
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")] == [Path("photos/oak") / stored]


@pytest.mark.parametrize("name", ["", "..", "/", "program.py", "a.jpg.exe", "jpg", ".jpg", "a/", "x.jpg/.."])
def test_what_is_not_named_as_a_picture_is_named_and_not_written(tmp_path, name):
    told = store_uploads(tmp_path, "oak", (upload(name), upload("x.jpg")))
    assert told.startswith("1 stored, 0.0 MB; class oak has 1 photograph now. Left out")
    assert told.endswith(f": {name}.")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "oak" / "x.jpg"]


@pytest.mark.parametrize(
    ("class_name", "stored"),
    [
        ("oak", "oak"),
        ("  oak tree ", "oak tree"),
        ("../oak", "oak"),
        ("a/b\\c", "abc"),
        ("/etc", "etc"),
        (".oak", "oak"),
        ("__oak", "oak"),
        ("Eiche-1_ü", "Eiche-1_ü"),
        ("<b>oak", "boak"),
        ("o" * 300, "o" * 60),
    ],
)
def test_a_class_is_one_folder_below(tmp_path, class_name, stored):
    store_uploads(tmp_path / "photos", class_name, (upload("x.jpg"),))
    assert [path.name for path in (tmp_path / "photos").iterdir()] == [stored]
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize("class_name", ["", "   ", "..", "/", "\\", "-", "_ _", "\0"])
def test_without_a_class_nothing_is_written(tmp_path, class_name):
    assert store_uploads(tmp_path, class_name, (upload("x.jpg"),)).startswith("First give the class a name")
    assert list(tmp_path.iterdir()) == []


def test_different_photographs_of_one_name_are_all_kept_and_the_same_one_once(tmp_path):
    """A telephone names each photograph image.jpg."""
    store_uploads(tmp_path, "oak", (upload("image.jpg", picture(1)), upload("image.jpg", picture(2))))
    told = store_uploads(tmp_path, "oak", (upload("image.jpg", picture(3)), upload("image.jpg", picture(1))))
    assert told == "2 stored, 0.0 MB; class oak has 3 photographs now."
    assert {path.name: path.read_bytes() for path in (tmp_path / "oak").iterdir()} == {
        "image.jpg": picture(1), "image-2.jpg": picture(2), "image-3.jpg": picture(3),
    }  # fmt: skip


def test_hidden_files_are_not_counted(tmp_path):
    (tmp_path / "oak").mkdir()
    (tmp_path / "oak" / "._x.jpg").write_bytes(b"")
    assert "has 1 photograph now" in store_uploads(tmp_path, "oak", (upload("x.jpg"),))


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "oak").write_text("a file stands where the folder is needed")
    assert "oak/ cannot be written to" in store_uploads(tmp_path, "oak", (upload("x.jpg"),))


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "x.jpg"])
def test_what_could_not_be_read_later_is_refused_at_once(tmp_path, name):
    told = store_uploads(tmp_path, "oak", (upload(name, b"no picture"), upload("y.jpg")))
    with pytest.raises(CourseError) as reason:
        read_photo(name, 16, b"no picture")
    assert told == f"1 stored, 0.0 MB; class oak has 1 photograph now. Left out: {reason.value}"
    assert [path.name for path in (tmp_path / "oak").iterdir()] == ["y.jpg"]


def test_of_many_that_cannot_be_read_a_few_are_told_and_no_empty_class_is_made(tmp_path):
    told = store_uploads(tmp_path, "oak", [upload(f"{number}.jpg", b"no picture") for number in range(7)])
    assert told.startswith(
        "0 stored, 0.0 MB; class oak has 0 photographs now. Left out: 0.jpg cannot be read"
    )
    assert "4.jpg" in told
    assert told.endswith(" Likewise left out: 2 more files.")
    assert list(tmp_path.iterdir()) == []


def test_uploaded_photographs_can_be_loaded(tmp_path):
    for name in ("oak", "birch"):
        store_uploads(tmp_path, name, [upload("image.jpg", picture(shade)) for shade in range(4)])
    assert load_own_photos(tmp_path, 16).class_names == ["birch", "oak"]


# The panel


@pytest.fixture
def panel(tmp_path, monkeypatch):
    """The upload panel's parts: the bundle, the class's name, the button, what happened, advice."""
    bundles = []
    monkeypatch.setattr(uploads, "display", lambda bundle, raw: bundles.append(bundle))
    uploads.upload_panel(tmp_path / "photos")
    (bundle,) = bundles
    row, told, advice = _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]].children
    return bundle, *row.children, told, advice


def test_the_upload_panel_has_words_for_places_without_a_front_end(panel, tmp_path):
    bundle, *_ = panel
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert f"copy photographs to {tmp_path}/photos/<class>/" in bundle["text/plain"]


def uploaded(name, content=b"content"):
    """As the front end sends it."""
    return {
        "name": name, "type": "image/jpeg", "size": len(content), "content": memoryview(content),
        "last_modified": 0,
    }  # fmt: skip


def send(button: ipywidgets.FileUpload, *files: dict) -> None:
    button.set_state({"value": list(files)})


def test_the_upload_panel_stores_and_empties_itself(panel, tmp_path):
    _, name, button, told, _ = panel
    name.value = "oak"
    send(button, uploaded("x.jpg", picture(1)), uploaded("y.jpg", picture(2)))
    assert "2 stored, 0.0 MB; class oak has 2 photographs now." in told.value
    assert button.value == ()
    send(button, uploaded("z.jpg", picture(3)))
    assert "1 stored, 0.0 MB; class oak has 3 photographs now." in told.value
    assert (tmp_path / "photos" / "oak" / "z.jpg").read_bytes() == picture(3)


def test_the_words_of_the_upload_panel_are_escaped(panel):
    _, name, button, told, _ = panel
    name.value = "oak"
    attack = "<img src=x onerror=alert(1)>.exe"
    send(button, uploaded(attack))
    assert told.value.startswith('<p role="status">0 stored,')
    assert "<img" not in told.value
    assert html.escape(attack) in told.value
    name.value = ""
    send(button, uploaded("x.jpg"))
    assert "First give the class a name" in told.value


def test_the_panel_says_what_arrived_before_it_is_read(panel, monkeypatch):
    _, name, button, told, _ = panel
    monkeypatch.setattr(uploads, "store_uploads", lambda *_: f"after {told.value}")
    name.value = "oak"
    send(button, uploaded("x.jpg", bytes(3_000_000)), uploaded("y.jpg", bytes(1_000_000)))
    assert "after &lt;p role=&quot;status&quot;&gt;2 files arrived, 4.0 MB; reading" in told.value


def test_a_file_dialog_that_knows_no_heic_shows_it_all_the_same(panel):
    assert {"image/*", ".heic", ".avif", ".jpg"} <= set(panel[2].accept.split(","))


@pytest.mark.parametrize(
    ("limit", "most"), [(None, 10), ("what a student set", 10), (str(message_limit.RAISED), 100)]
)
def test_the_panel_says_how_much_arrives_at_once(tmp_path, monkeypatch, limit, most):
    monkeypatch.delenv(message_limit.VARIABLE, raising=False)
    if limit is not None:
        monkeypatch.setenv(message_limit.VARIABLE, limit)
    shown = []
    monkeypatch.setattr(uploads, "display", lambda bundle, raw: shown.append(bundle))
    uploads.upload_panel(tmp_path / "<photos>")
    *_, advice = _instances[shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"]].children
    assert f"<p>At most {most} MB arrive at once here" in advice.value
    assert "/&lt;photos&gt;/&lt;class&gt;/ in JupyterLab" in advice.value
