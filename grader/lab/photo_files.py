"""Photographs as cameras, telephones and browsers leave them, read without surprises."""

import io
import warnings
from pathlib import Path

import numpy as np
import pi_heif
from PIL import Image, ImageOps

from grader.errors import CourseError

pi_heif.register_heif_opener()  # HEIC, as iPhones store photographs; Pillow itself reads AVIF

_HEIF = {".heic", ".heif"}
ENDINGS = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", *_HEIF,
}  # fmt: skip
_OF_WINDOWS = {"desktop.ini", "thumbs.db"}  # which hides them from its users, as others hide ``.name``
_MOST_PIXELS = 90_000_000  # to decode: 270 MB as RGB


def visible_files(folder: Path) -> list[Path]:
    """Sorted. A Mac puts a hidden ``._name.jpg`` beside ``name.jpg``: no picture."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name.lower() not in _OF_WINDOWS
    )


def is_named_as_picture(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS


def read_photo(file: str | Path, size: int, content: bytes | None = None) -> np.ndarray:
    """One photograph, upright, cut to a square: uint8, ``(size, size, 3)``, RGB.

    Any mode (CMYK, palette, grey, transparent) becomes RGB, a camera's rotation mark is obeyed, a picture of
    any number of pixels is made small.

    Args:
        content: of a file that is not on the disk yet; ``file`` is then its name only.

    Raises:
        CourseError: the file cannot be read as a picture, or is too large to be opened safely.
    """
    source = file if content is None else io.BytesIO(content)
    try:
        # Pillow warns of large pictures when it opens them; here they are made small at once.
        with warnings.catch_warnings(action="ignore"), Image.open(source) as photo:
            photo.draft("RGB", (2 * size, 2 * size))  # a JPEG is decoded small, with a fraction of the memory
            if photo.width * photo.height > _MOST_PIXELS:
                raise Image.DecompressionBombError
            ImageOps.exif_transpose(photo, in_place=True)
            square = ImageOps.fit(_can_be_resized(photo), (size, size), Image.Resampling.BICUBIC)
            return np.asarray(_as_rgb(square))
    except Image.DecompressionBombError as error:
        raise CourseError(f"{file} has too many pixels to be opened safely: save it smaller.") from error
    except Exception as error:  # a damaged file makes Pillow's many decoders raise almost anything
        of_iphones = (
            " (an iPhone takes JPEGs after Settings > Camera > Formats > Most Compatible)"
            if Path(file).suffix.lower() in _HEIF
            else ""
        )
        raise CourseError(
            f"{file} cannot be read as a picture: open it in a picture viewer and save it as JPEG or PNG"
            f"{of_iphones}."
        ) from error


def _can_be_resized(photo: Image.Image) -> Image.Image:
    """The picture in a mode whose pixels can be averaged; where it is in one, itself and not a copy."""
    if photo.mode.startswith("I") or photo.mode == "F":
        return _with_8_bits(photo)
    if photo.mode == "PA" or "transparency" in photo.info:
        return photo.convert("RGBA")
    return photo.convert("RGB") if photo.mode in ("P", "1") else photo


def _with_8_bits(photo: Image.Image) -> Image.Image:
    """A grey picture with deeper pixels, as scanners and microscopes give it; floats reach from 0 to 1."""
    values = np.asarray(photo)
    highest = float(values.max())
    # Cameras store 10, 12 or 14 bits in pixels of 16: white is the most that the brightest one's bits hold.
    white = 2 ** max(8, int(highest).bit_length()) - 1 if highest > 1 else 1
    return Image.fromarray((values * np.float32(255 / white)).clip(0, 255).astype(np.uint8))


def _as_rgb(photo: Image.Image) -> Image.Image:
    """Any mode as RGB; what is transparent becomes white."""
    if photo.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", photo.size, "white")
        return Image.alpha_composite(white, photo.convert("RGBA")).convert("RGB")
    return photo.convert("RGB")
