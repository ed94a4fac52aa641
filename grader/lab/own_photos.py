"""The student's own photographs: a folder with one subfolder a class, read without surprises."""

import html
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import torch
from IPython.display import display
from PIL import Image, ImageOps

from grader.errors import CourseError
from grader.lab.normalising import network_input

FOLDER = "my_photos"
FEWEST = 4  # photographs of a class: three to train on and one to hold out
_ENDINGS = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff",
    ".heic", ".heif", ".avif",
}  # fmt: skip
_MOST_PIXELS = 90_000_000  # to decode: 270 MB as RGB


@dataclass(frozen=True)
class OwnPhotos:
    """Photographs of the student's own; the lessons read them like the solar cells.

    Attributes:
        images: uint8, shape ``(n, size, size, 3)``, RGB, upright, cut to a square.
        kinds: int64, shape ``(n,)``: index into ``class_names``.
        class_names: names of the subfolders, sorted.
        files: where each photograph came from.
        train, test: int64: every fourth photograph of each class is held out.
    """

    images: np.ndarray
    kinds: np.ndarray
    class_names: list[str]
    files: list[Path]
    train: np.ndarray
    test: np.ndarray

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Images for the backbone: float32, ``(len(indices), 3, size, size)``, from -1 to 1."""
        return network_input(self.images[indices])

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """Classes of the photographs at ``indices``: int64, shape ``(len(indices),)``."""
        return torch.from_numpy(self.kinds[indices])


def load_own_photos(folder: str | Path = FOLDER, size: int = 160) -> OwnPhotos | None:
    """The photographs in ``folder``, one subfolder a class; None, with a line of advice, if it is not there.

    Any mode (CMYK, palette, grey, transparent) becomes RGB, a camera's rotation mark is obeyed, a picture of
    any number of pixels is made small. Files that cannot be read are named and left out; hidden ones are
    passed over.

    Raises:
        CourseError: one class only, or too few readable photographs in one.
    """
    root = Path(folder)
    if not root.is_dir():
        print(
            f"There is no folder {root}/ beside this notebook: make one with a subfolder for each class, "
            f"{FEWEST} photographs or more in each, and run this cell again."
        )
        return None
    # "__MACOSX" comes with archives that a Mac packed.
    classes = sorted(
        path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    )
    if len(classes) < 2:
        raise CourseError(
            f"{root}/ holds {_counted(len(classes), 'subfolder')} with photographs, and a classifier needs "
            f"two classes or more: make one subfolder for each class."
        )
    images: list[np.ndarray] = []
    kinds: list[int] = []
    files: list[Path] = []
    for kind, path in enumerate(classes):
        readable = _read_class(path, size)
        if len(readable) < FEWEST:
            raise CourseError(
                f"{path}/ holds {_counted(len(readable), 'photograph')} that can be read, and {FEWEST} are "
                f"the fewest to train and test with: add some, or remove the class."
            )
        for file, pixels in readable:
            images.append(pixels)
            kinds.append(kind)
            files.append(file)
    labels = np.array(kinds, dtype=np.int64)
    place = np.concatenate([np.arange(np.sum(labels == kind)) for kind in range(len(classes))])
    held_out = place % FEWEST == FEWEST - 1
    return OwnPhotos(
        np.stack(images),
        labels,
        [path.name for path in classes],
        files,
        np.flatnonzero(~held_out),
        np.flatnonzero(held_out),
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _visible_files(folder: Path) -> list[Path]:
    """A Mac puts a hidden ``._name.jpg`` beside ``name.jpg``: no picture."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _is_named_as_picture(file: Path) -> bool:
    return file.suffix.lower() in _ENDINGS


def _read_class(folder: Path, size: int) -> list[tuple[Path, np.ndarray]]:
    readable = []
    for file in _visible_files(folder):
        if not _is_named_as_picture(file):
            print(f"Left out: {file} does not end as a picture does, in .jpg or .png for example.")
            continue
        try:
            readable.append((file, read_photo(file, size)))
        except CourseError as problem:
            print(f"Left out: {problem}")
    return readable


def read_photo(file: str | Path, size: int) -> np.ndarray:
    """One photograph, upright, cut to a square: uint8, ``(size, size, 3)``, RGB.

    Raises:
        CourseError: the file cannot be read as a picture, or is too large to be opened safely.
    """
    try:
        # Pillow warns of large pictures when it opens them; here they are made small at once.
        with warnings.catch_warnings(action="ignore"), Image.open(file) as photo:
            photo.draft("RGB", (2 * size, 2 * size))  # a JPEG is decoded small, with a fraction of the memory
            if photo.width * photo.height > _MOST_PIXELS:
                raise Image.DecompressionBombError
            ImageOps.exif_transpose(photo, in_place=True)
            square = ImageOps.fit(_can_be_resized(photo), (size, size), Image.Resampling.BICUBIC)
            return np.asarray(_as_rgb(square))
    except Image.DecompressionBombError as error:
        raise CourseError(f"{file} has too many pixels to be opened safely: save it smaller.") from error
    except Exception as error:  # a damaged file makes Pillow's many decoders raise almost anything
        raise CourseError(
            f"{file} cannot be read as a picture: open it in a picture viewer and save it as JPEG or PNG."
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


def upload_panel(folder: str | Path = FOLDER) -> None:
    """A panel that puts uploaded pictures into ``folder``, under the name of their class."""
    name = ipywidgets.Text(description="class", placeholder="for example: oak")
    upload = ipywidgets.FileUpload(accept="image/*", multiple=True, description="photographs")
    told = ipywidgets.HTML('<p role="status">Name a class, then choose its photographs.</p>')

    def store(change: dict) -> None:
        if not change["new"]:
            return
        told.value = f'<p role="status">{html.escape(store_uploads(folder, name.value, change["new"]))}</p>'
        upload.value = ()

    upload.observe(store, "value")
    bundle = ipywidgets.VBox([ipywidgets.HBox([name, upload]), told])._repr_mimebundle_()
    advice = f"[An upload panel stands here in JupyterLab; or copy photographs to {folder}/<class>/.]"
    display({**bundle, "text/plain": advice}, raw=True)


def store_uploads(folder: str | Path, class_name: str, uploads: Iterable[Mapping[str, Any]]) -> str:
    """Write uploaded files to ``folder/class_name``; say in a sentence what happened.

    Names lose their folders and all but letters, digits and a few signs. Two different photographs of one
    name (a telephone calls each of them ``image.jpg``) are both kept.

    Args:
        uploads: as ``ipywidgets.FileUpload.value`` gives them: mappings with ``name`` and ``content``.
    """
    plain = "".join(letter for letter in class_name if letter.isalnum() or letter in " -_").strip(" -_")[:60]
    if not plain:
        return "First give the class a name, then choose the photographs again."
    target = Path(folder) / plain
    stored, refused = 0, []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for upload in uploads:
            file = target / _plain_file_name(str(upload["name"]))
            if _is_named_as_picture(file):
                _write_beside(file, bytes(upload["content"]))
                stored += 1
            else:
                refused.append(str(upload["name"]))
        count = sum(map(_is_named_as_picture, _visible_files(target)))
    except OSError as error:
        return f"{target}/ cannot be written to ({error.strerror}): {stored} of the photographs were stored."
    left_out = f" Left out, because they do not end as pictures do: {', '.join(refused)}." if refused else ""
    return f"{stored} stored; class {plain} has {_counted(count, 'photograph')} now.{left_out}"


def _plain_file_name(name: str) -> str:
    """The last part of a path of any system, as a name that is safe on each of them."""
    last = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    plain = Path("".join(letter if letter.isalnum() or letter in " -_.()" else "_" for letter in last))
    return f"{plain.stem.strip(' .')[:80] or 'photograph'}{plain.suffix}"


def _write_beside(file: Path, content: bytes) -> None:
    """Write a file; where its name is taken by another content, under the next number."""
    number, free = 1, file
    while free.exists() and free.read_bytes() != content:
        number += 1
        free = file.with_stem(f"{file.stem}-{number}")
    free.write_bytes(content)
