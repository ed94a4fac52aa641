"""Pictures as cameras, telephones and programs leave them."""

import contextlib
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.errors import CourseError
from grader.lab.photo_files import read_photo

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SIZE = 16


def assert_colour(pixels, colour, tolerance=3):
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    np.testing.assert_allclose(pixels.astype(int), np.broadcast_to(colour, pixels.shape), atol=tolerance)


# HEIC and AVIF

TURNED = Path(__file__).with_name("turned.heic")  # red above, blue below; an iPhone's mark turns it upright


@pytest.mark.parametrize("ending", ["heic", "HEIF", "jpg"])
def test_an_iphones_heic_is_read_and_turned_once(tmp_path, ending):
    (file := tmp_path / f"IMG_1.{ending}").write_bytes(TURNED.read_bytes())
    seen = read_photo(file, SIZE).astype(int)
    assert np.abs(seen[1] - RED).max() < 20
    assert np.abs(seen[-2] - BLUE).max() < 20


def test_avif_is_read(tmp_path):
    Image.new("RGB", (64, 48), RED).save(tmp_path / "x.avif")
    assert_colour(read_photo(tmp_path / "x.avif", SIZE), RED, tolerance=6)


@pytest.mark.parametrize("kept", [30, 200, -20])
def test_a_damaged_heic_is_a_sentence_that_says_how_to_have_jpegs(tmp_path, kept):
    (tmp_path / "IMG_1.HEIC").write_bytes(TURNED.read_bytes()[:kept])
    with pytest.raises(CourseError, match=r"save it as JPEG or PNG \(an iPhone .* Most Compatible\)\.$"):
        read_photo(tmp_path / "IMG_1.HEIC", SIZE)


# Damage


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
        Image.new("RGB", (8000, 5000), RED).save(tmp_path / name)
    program = (
        "import resource, sys\n"
        "from grader.lab.photo_files import read_photo\n"
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
