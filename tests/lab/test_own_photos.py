"""A student's own pictures, as cameras, telephones and browsers leave them."""

import contextlib
import html
import os
import re
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import torch
from ipywidgets.widgets.widget import _instances
from PIL import Image

from grader.errors import CourseError
from grader.lab import own_photos
from grader.lab.own_photos import load_own_photos, read_photo, store_uploads

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SIZE = 16


def save(path: Path, colour=RED, size=(40, 30), **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes with five and four photographs."""
    for number in range(5):
        save(tmp_path / "photos" / "oak" / f"{number}.jpg", RED)
    for number in range(4):
        save(tmp_path / "photos" / "birch" / f"{number}.png", BLUE)
    return tmp_path / "photos"


def left_out(capsys) -> list[str]:
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("Left out: ") for line in lines)
    return lines


def assert_colour(pixels, colour, tolerance=3):
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    np.testing.assert_allclose(pixels.astype(int), np.broadcast_to(colour, pixels.shape), atol=tolerance)


# The folder


def test_photographs_come_as_a_data_set(folder):
    photos = load_own_photos(folder, SIZE)
    assert photos.class_names == ["birch", "oak"]
    assert photos.kinds.tolist() == [0] * 4 + [1] * 5
    assert [file.name for file in photos.files[4:]] == [f"{number}.jpg" for number in range(5)]
    assert (photos.train.tolist(), photos.test.tolist()) == ([0, 1, 2, 4, 5, 6, 8], [3, 7])
    assert photos.images.shape == (9, SIZE, SIZE, 3)
    assert photos.batch(photos.test).shape == (2, 3, SIZE, SIZE)
    assert torch.equal(photos.labels(photos.test), torch.tensor([0, 1]))
    assert_colour(photos.images[0], BLUE)
    assert_colour(photos.images[8], RED)


def test_without_a_folder_there_is_one_line_and_none(tmp_path, capsys):
    assert load_own_photos(tmp_path / "absent") is None
    (line,) = capsys.readouterr().out.splitlines()
    assert "make one with a subfolder for each class" in line


@pytest.mark.parametrize(
    ("classes", "words"), [(["oak"], "holds 1 subfolder with"), ([], "holds 0 subfolders with")]
)
def test_one_class_is_one_sentence(tmp_path, classes, words):
    for name in classes:
        save(tmp_path / name / "1.jpg")
    with pytest.raises(CourseError, match=words):
        load_own_photos(tmp_path)


@pytest.mark.parametrize(
    ("count", "words"), [(3, "holds 3 photographs"), (1, "holds 1 photograph that"), (0, "holds 0")]
)
def test_too_few_photographs_name_the_class(folder, count, words):
    (folder / "elm").mkdir()
    for number in range(count):
        save(folder / "elm" / f"{number}.jpg")
    with pytest.raises(CourseError, match=f"elm/ {words}"):
        load_own_photos(folder, SIZE)


def test_hidden_files_and_folders_are_passed_over_in_silence(folder, capsys):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "__MACOSX").mkdir()
    for name in ("._0.jpg", ".DS_Store"):
        (folder / "oak" / name).write_bytes(b"no picture")
    (folder / "oak" / "more.jpg").mkdir()
    assert len(load_own_photos(folder, SIZE).files) == 9
    assert left_out(capsys) == []


def test_upper_case_endings_are_read(folder):
    for ending in ("JPG", "Jpeg", "PNG", "TIFF", "jfif"):
        picture = Image.new("RGB", (20, 20))
        picture.save(folder / "oak" / f"x.{ending}", format=None if ending != "jfif" else "JPEG")
    assert len(load_own_photos(folder, SIZE).files) == 14


def test_unreadable_files_are_named_and_left_out(folder, capsys):
    oak = folder / "oak"
    (oak / "empty.jpg").write_bytes(b"")
    (oak / "text.png").write_text("not a picture")
    (oak / "short.jpg").write_bytes((oak / "0.jpg").read_bytes()[:300])
    (oak / "notes.txt").write_text("oaks by the road")
    assert len(load_own_photos(folder, SIZE).files) == 9
    lines = left_out(capsys)
    assert [re.search(r"oak/([\w.]+) ", line)[1] for line in lines] == [
        "empty.jpg",
        "notes.txt",
        "short.jpg",
        "text.png",
    ]
    assert "save it as JPEG or PNG" in lines[0]
    assert "does not end as a picture does" in lines[1]


def test_files_may_go_as_far_as_a_class_has_enough(folder):
    """Those left out do not count."""
    (folder / "birch" / "0.png").write_bytes(b"broken")
    with pytest.raises(CourseError, match="birch/ holds 3 photographs"):
        load_own_photos(folder, SIZE)


def test_a_heic_that_pillow_cannot_read_gets_a_sentence(folder, capsys):
    (folder / "oak" / "IMG_1.HEIC").write_bytes(
        struct.pack(">I", 24) + b"ftypheic\0\0\0\0heicmif1" + bytes(200)
    )
    load_own_photos(folder, SIZE)
    (line,) = left_out(capsys)
    assert "IMG_1.HEIC cannot be read as a picture: open it in a picture viewer and save it as JPEG" in line


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "tif", "webp", "bmp"])
def test_damage_anywhere_is_one_sentence_or_a_picture(tmp_path, ending):
    """Pillow's decoders raise many things at a damaged file."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    picture.save(tmp_path / f"whole.{ending}")
    whole = (tmp_path / f"whole.{ending}").read_bytes()
    for number in range(60):
        damaged = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, min(len(damaged), 400), size=8)
        damaged[places] = rng.integers(0, 256, size=8)
        (file := tmp_path / f"{number}.{ending}").write_bytes(damaged[: rng.integers(1, len(damaged) + 1)])
        with contextlib.suppress(CourseError):
            assert read_photo(file, SIZE).shape == (SIZE, SIZE, 3)


# Modes


def test_cmyk_jpeg_keeps_its_colour(tmp_path):
    Image.new("RGB", (64, 48), RED).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert_colour(read_photo(tmp_path / "print.jpg", SIZE), RED, tolerance=4)


def test_transparent_pixels_become_white_and_do_not_bleed(tmp_path):
    """Black lies under the transparent half, as most programs leave it there."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:, :32] = (*RED, 255)
    Image.fromarray(pixels).save(tmp_path / "half.png")
    seen = read_photo(tmp_path / "half.png", SIZE).astype(int)
    assert np.abs(seen[:, 0] - RED).max() < 4
    assert np.abs(seen[:, -1] - WHITE).max() < 4
    assert seen[..., 0].min() > 250  # from red to white, no dark seam between them


def palette(transparency=None):
    picture = Image.new("P", (40, 40), 1)
    picture.putpalette([0, 255, 0, *RED, *BLUE])
    picture.info |= {} if transparency is None else {"transparency": transparency}
    return picture


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_palettes(tmp_path, ending):
    palette().save(tmp_path / f"plain.{ending}")
    palette().save(tmp_path / f"clear.{ending}", transparency=1)
    assert_colour(read_photo(tmp_path / f"plain.{ending}", SIZE), RED)
    assert_colour(read_photo(tmp_path / f"clear.{ending}", SIZE), WHITE)


def test_palette_colours_are_averaged_and_not_their_numbers(tmp_path):
    """Between colours 0 and 2 of the palette lies not colour 1."""
    picture = Image.new("P", (64, 64), 0)
    picture.putpalette([*RED, 0, 255, 0, *BLUE])
    picture.paste(2, (32, 0, 64, 64))
    picture.save(tmp_path / "two.png")
    assert read_photo(tmp_path / "two.png", SIZE)[..., 1].max() < 10


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_in_any_mode(tmp_path, mode):
    Image.new("L", (40, 40), 255).convert(mode).save(tmp_path / "white.png")
    assert_colour(read_photo(tmp_path / "white.png", SIZE), WHITE)


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize(("bits", "bright"), [(16, 65535), (12, 4095)])
def test_16_bits_keep_light_and_dark_apart(tmp_path, ending, bits, bright):
    pixels = np.full((40, 40), bright // 2, np.uint16)
    pixels[:, 20:] = bright
    Image.fromarray(pixels).save(tmp_path / f"deep.{ending}")
    seen = read_photo(tmp_path / f"deep.{ending}", SIZE)
    assert_colour(np.broadcast_to(seen[:, :1], seen.shape), (127, 127, 127))
    assert_colour(np.broadcast_to(seen[:, -1:], seen.shape), WHITE)


def test_a_dark_16_bit_picture_stays_dark(tmp_path):
    pixels = np.full((40, 40), 65535 // 4, np.uint16)
    pixels[0, 0] = 40_000
    Image.fromarray(pixels).save(tmp_path / "dark.png")
    assert read_photo(tmp_path / "dark.png", SIZE)[8, 8].max() < 70


def test_floating_point_and_negative_pixels(tmp_path):
    pixels = np.full((40, 40), -1.0, np.float32)
    pixels[:, 20:] = 1.0
    Image.fromarray(pixels).save(tmp_path / "float.tif")
    seen = read_photo(tmp_path / "float.tif", SIZE)
    assert (seen[0, 0].tolist(), seen[0, -1].tolist()) == ([0, 0, 0], [255, 255, 255])


# Shape and size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_a_cameras_rotation_is_obeyed(tmp_path, orientation, ending):
    """The picture is red above and blue below; the file holds it turned, with the mark that says so."""
    upright = Image.new("RGB", (64, 64), BLUE)
    upright.paste(RED, (0, 0, 64, 32))
    turned_back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if turned_back is None else upright.transpose(turned_back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"turned.{ending}", exif=exif)
    seen = read_photo(tmp_path / f"turned.{ending}", SIZE).astype(int)
    assert np.abs(seen[1] - RED).max() < 20
    assert np.abs(seen[-2] - BLUE).max() < 20


@pytest.mark.parametrize("size", [(400, 20), (20, 400), (1, 1), (300, 100)])
def test_the_middle_is_cut_out_of_any_shape(tmp_path, size):
    picture = Image.new("RGB", size, BLUE)
    width, height = size
    side = min(size)
    left, top = (width - side) // 2, (height - side) // 2
    picture.paste(RED, (left, top, left + side, top + side))
    picture.save(tmp_path / "shape.png")
    seen = read_photo(tmp_path / "shape.png", SIZE)
    assert_colour(np.broadcast_to(seen[SIZE // 2, SIZE // 2], seen.shape), RED)


@pytest.mark.slow
def test_40_megapixels_are_read_in_little_memory(tmp_path):
    """In a process of its own, whose highest memory is not that of other tests."""
    for name in ("large.jpg", "large.png"):
        save(tmp_path / name, size=(8000, 5000))
    program = (
        "import resource, sys\n"
        "from grader.lab.own_photos import read_photo\n"
        "unit = 1e6 if sys.platform == 'darwin' else 1e3  # bytes there, kilobytes on Linux\n"
        "highest = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit\n"
        "before = highest()\n"
        "for name in ('large.jpg', 'large.png'):\n"
        "    assert read_photo(name, 160).shape == (160, 160, 3)\n"
        "    print(highest() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    jpeg, png = map(float, done.stdout.split())  # in MB; decoded whole it takes 160
    assert jpeg < 30
    assert png < 200


def png_that_claims(width: int, height: int) -> bytes:
    """A small file that would fill the memory: the head of a huge PNG, and no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (11_000, 11_000)])
def test_a_decompression_bomb_is_one_sentence_and_no_warning(tmp_path, size):
    (tmp_path / "bomb.png").write_bytes(png_that_claims(*size))
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(CourseError, match=r"bomb.png has too many pixels"),
    ):
        read_photo(tmp_path / "bomb.png", SIZE)


# Uploads


def upload(name, content=b"content"):
    return {"name": name, "content": memoryview(content)}


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
    assert told == "1 stored; class oak has 1 photograph now."
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")] == [Path("photos/oak") / stored]


@pytest.mark.parametrize("name", ["", "..", "/", "program.py", "a.jpg.exe", "jpg", ".jpg", "a/", "x.jpg/.."])
def test_what_is_not_named_as_a_picture_is_named_and_not_written(tmp_path, name):
    told = store_uploads(tmp_path, "oak", (upload(name), upload("x.jpg")))
    assert told.startswith("1 stored; class oak has 1 photograph now. Left out")
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
    store_uploads(tmp_path, "oak", (upload("image.jpg", b"1"), upload("image.jpg", b"2")))
    told = store_uploads(tmp_path, "oak", (upload("image.jpg", b"3"), upload("image.jpg", b"1")))
    assert told == "2 stored; class oak has 3 photographs now."
    assert {path.name: path.read_bytes() for path in (tmp_path / "oak").iterdir()} == {
        "image.jpg": b"1", "image-2.jpg": b"2", "image-3.jpg": b"3",
    }  # fmt: skip


def test_hidden_files_are_not_counted(tmp_path):
    (tmp_path / "oak").mkdir()
    (tmp_path / "oak" / "._x.jpg").write_bytes(b"")
    assert "has 1 photograph now" in store_uploads(tmp_path, "oak", (upload("x.jpg"),))


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "oak").write_text("a file stands where the folder is needed")
    assert "oak/ cannot be written to" in store_uploads(tmp_path, "oak", (upload("x.jpg"),))


def test_uploaded_photographs_can_be_loaded(tmp_path, folder):
    for name in ("oak", "birch"):
        files = sorted((folder / name).iterdir())
        store_uploads(tmp_path / "new", name, tuple(upload(file.name, file.read_bytes()) for file in files))
    assert load_own_photos(tmp_path / "new", SIZE).class_names == ["birch", "oak"]


# The panel


@pytest.fixture
def panel(tmp_path, monkeypatch):
    """The upload panel's parts: the bundle, the class's name, the button, the words."""
    bundles = []
    monkeypatch.setattr(own_photos, "display", lambda bundle, raw: bundles.append(bundle))
    own_photos.upload_panel(tmp_path / "photos")
    (bundle,) = bundles
    row, told = _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]].children
    return bundle, *row.children, told


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
    _, name, button, told = panel
    name.value = "oak"
    send(button, uploaded("x.jpg", b"1"), uploaded("y.jpg", b"2"))
    assert "2 stored; class oak has 2 photographs now." in told.value
    assert button.value == ()
    send(button, uploaded("z.jpg", b"3"))
    assert "1 stored; class oak has 3 photographs now." in told.value
    assert (tmp_path / "photos" / "oak" / "z.jpg").read_bytes() == b"3"


def test_the_words_of_the_upload_panel_are_escaped(panel):
    _, name, button, told = panel
    name.value = "oak"
    attack = "<img src=x onerror=alert(1)>.exe"
    send(button, uploaded(attack))
    assert told.value.startswith('<p role="status">0 stored')
    assert "<img" not in told.value
    assert html.escape(attack) in told.value
    name.value = ""
    send(button, uploaded("x.jpg"))
    assert "First give the class a name" in told.value
