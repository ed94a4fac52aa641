"""A panel through which photographs come from the student's own machine to her notebook's folder."""

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.display import display

from grader.errors import CourseError
from grader.lab.own_photos import FOLDER, counted
from grader.lab.photo_files import ENDINGS, is_named_as_picture, read_photo, visible_files
from grader.message_limit import message_limit

_SIZE = 16  # pixels: small, for an upload is read only to see whether it can be
_MOST_REASONS = 5  # that are told in full


def upload_panel(folder: str | Path = FOLDER) -> None:
    """A panel that puts uploaded pictures into ``folder``, under the name of their class.

    All files of one choice come in one message, and a message over the server's limit never comes (see
    ``grader.message_limit``): nothing can be said of it afterwards, so the panel says beforehand how much
    arrives and what to do when nothing does.
    """
    name = ipywidgets.Text(description="class", placeholder="for example: oak")
    # Where a system knows no HEIC, "image/*" alone would leave these files out of its dialog.
    accepted = ",".join(["image/*", *sorted(ENDINGS)])
    upload = ipywidgets.FileUpload(accept=accepted, multiple=True, description="photographs")
    told = ipywidgets.HTML(_status("Name a class, then choose its photographs."))
    advice = ipywidgets.HTML(f"<p>{html.escape(_advice(folder, message_limit()))}</p>")

    def store(change: dict) -> None:
        files = change["new"]
        if not files:
            return
        told.value = _status(f"{counted(len(files), 'file')} arrived, {_megabytes(files)}; reading …")
        told.value = _status(store_uploads(folder, name.value, files))
        upload.value = ()

    upload.observe(store, "value")
    bundle = ipywidgets.VBox([ipywidgets.HBox([name, upload]), told, advice])._repr_mimebundle_()
    elsewhere = f"[An upload panel stands here in JupyterLab; or copy photographs to {folder}/<class>/.]"
    display({**bundle, "text/plain": elsewhere}, raw=True)


def _status(sentence: str) -> str:
    return f'<p role="status">{html.escape(sentence)}</p>'


def _advice(folder: str | Path, limit: int) -> str:
    return (
        f"At most {(limit - 400_000) // 1_000_000} MB arrive at once here; a telephone's photograph has 2 to "
        f"5 MB. Nothing is stored before the line above says how many arrived. If it does not change, they "
        f"were too many or the connection broke: run this cell again and choose fewer, or drag them into "
        f"{folder}/<class>/ in JupyterLab's file browser, which has no such limit."
    )


def store_uploads(folder: str | Path, class_name: str, uploads: Iterable[Mapping[str, Any]]) -> str:
    """Write uploaded files to ``folder/class_name``; say in a sentence what happened.

    Names lose their folders and all but letters, digits and a few signs. Two different photographs of one
    name (a telephone calls each of them ``image.jpg``) are both kept. What ``load_own_photos`` could not read
    is refused here, while the student still knows where she has it from.

    Args:
        uploads: as ``ipywidgets.FileUpload.value`` gives them: mappings with ``name`` and ``content``.
    """
    plain = "".join(letter for letter in class_name if letter.isalnum() or letter in " -_").strip(" -_")[:60]
    if not plain:
        return "First give the class a name, then choose the photographs again."
    target = Path(folder) / plain
    stored, misnamed, unreadable = [], [], []
    try:
        for upload in uploads:
            name, content = str(upload["name"]), bytes(upload["content"])
            file = target / _plain_file_name(name)
            if not is_named_as_picture(file):
                misnamed.append(name)
                continue
            try:
                read_photo(name, _SIZE, content)
            except CourseError as reason:
                unreadable.append(str(reason))
                continue
            target.mkdir(parents=True, exist_ok=True)  # not before: an empty class would stop what loads them
            _write_beside(file, content)
            stored.append(upload)
        count = sum(map(is_named_as_picture, visible_files(target))) if target.is_dir() else 0
    except OSError as error:
        failure = f"{target}/ cannot be written to ({error.strerror})"
        return f"{failure}: {len(stored)} of the photographs were stored."
    sentences = [
        f"{len(stored)} stored, {_megabytes(stored)}; class {plain} has {counted(count, 'photograph')} now."
    ]
    if misnamed:
        sentences.append(f"Left out, because they do not end as pictures do: {', '.join(misnamed)}.")
    sentences += [f"Left out: {reason}" for reason in unreadable[:_MOST_REASONS]]
    if (more := len(unreadable) - _MOST_REASONS) > 0:
        sentences.append(f"Likewise left out: {counted(more, 'more file')}.")
    return " ".join(sentences)


def _megabytes(uploads: Iterable[Mapping[str, Any]]) -> str:
    return f"{sum(len(upload['content']) for upload in uploads) / 1e6:.1f} MB"


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
