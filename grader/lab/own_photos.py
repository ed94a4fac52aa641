"""The student's own photographs: a folder with one subfolder a class, as a data set."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from grader.errors import CourseError
from grader.lab.normalising import network_input
from grader.lab.photo_files import is_named_as_picture, read_photo, visible_files

FOLDER = "my_photos"
FEWEST = 4  # photographs of a class: three to train on and one to hold out
_LARGE = 60_000_000  # bytes: with the lesson's own files, `nbgrader submit` may then refuse the folder
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}
_MOST_NAMED = 3  # of what lies astray


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

    Files that cannot be read, and photographs that lie elsewhere than in the folder of a class, are named and
    left out; hidden ones are passed over.

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
    classes = sorted(path for path in root.iterdir() if path.is_dir() and not _is_hidden(path.name))
    for sentence in (*_directly_in(root), *_too_deep(root, classes)):
        print(f"Left out: {sentence}")
    if len(classes) < 2:
        raise CourseError(
            f"{root}/ holds {counted(len(classes), 'subfolder')} with photographs, and a classifier needs "
            f"two classes or more: make one subfolder for each class directly in {root}/."
        )
    images: list[np.ndarray] = []
    kinds: list[int] = []
    files: list[Path] = []
    for kind, path in enumerate(classes):
        readable = _read_class(path, root, size)
        if len(readable) < FEWEST:
            raise CourseError(
                f"{path}/ holds {counted(len(readable), 'photograph')} that can be read, and {FEWEST} are "
                f"the fewest to train and test with: add some, or remove the class."
            )
        for file, pixels in readable:
            images.append(pixels)
            kinds.append(kind)
            files.append(file)
    if (taken := sum(file.stat().st_size for file in files)) > _LARGE:
        print(
            f"{root}/ holds {taken / 1e6:.0f} MB, and `nbgrader submit` refuses a lesson's folder of more "
            f"than 100 MB, unless your course has set another limit: if you hand in with it, move {root}/ "
            f"elsewhere first. Photographs are not graded."
        )
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


def counted(count: int, thing: str) -> str:
    """A number with its noun: ``1 file``, ``2 files``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _is_hidden(folder: str) -> bool:
    return folder.startswith((".", "__"))  # "__MACOSX" comes with archives that a Mac packed


def _directly_in(root: Path) -> Iterator[str]:
    """What is left out because it lies beside the folders of the classes, a sentence each."""
    files = visible_files(root)
    if pictures := [file.name for file in files if is_named_as_picture(file)]:
        yield (
            f"{counted(len(pictures), 'photograph')} directly in {root}/ ({_first(pictures)}), which names "
            f"no class: move those that belong together into a subfolder named after their class, such as "
            f"{root}/oak/."
        )
    yield from (_not_a_picture(file, root) for file in files if not is_named_as_picture(file))


def _too_deep(root: Path, classes: list[Path]) -> Iterator[str]:
    """The folders below those of the classes that hold photographs, a sentence each."""
    for top in classes:
        for name, inner, _ in os.walk(top):
            inner[:] = sorted(one for one in inner if not _is_hidden(one))
            folder = Path(name)
            count = sum(map(is_named_as_picture, visible_files(folder)))
            if folder != top and count:
                yield (
                    f"{counted(count, 'photograph')} in {folder}/, too deep in {root}/: if {folder.name} is "
                    f"a class, move its folder to {root / folder.name}/; if they belong to the class "
                    f"{top.name}, move them into {top}/."
                )


def _first(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _not_a_picture(file: Path, root: Path) -> str:
    if file.suffix.lower() in _ARCHIVES:
        return f"{file} is an archive: unpack it, the photographs of each class into a subfolder of {root}/."
    return f"{file} does not end as a picture does, in .jpg or .png for example."


def _read_class(folder: Path, root: Path, size: int) -> list[tuple[Path, np.ndarray]]:
    readable = []
    for file in visible_files(folder):
        if not is_named_as_picture(file):
            print(f"Left out: {_not_a_picture(file, root)}")
            continue
        try:
            readable.append((file, read_photo(file, size)))
        except CourseError as problem:
            print(f"Left out: {problem}")
    return readable
