"""The ELPV data set's files: its package's photographs, put into one array in the cache, and its labels.

Source: Buerhop-Lutz et al., "A benchmark for visual identification of defective solar cells in
electroluminescence imagery", 2018; package ``elpv-dataset``. The images are licensed CC BY-NC-SA 4.0.
"""

import importlib.metadata
import importlib.util
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from grader.errors import CourseError
from grader.lab.cache import exclusive, manifest_of, reported, solar_cells_file, write_whole
from grader.lab.progress_bar import ProgressBar

COUNT = 2624
NATIVE_SIZE = 300  # pixels
_PACKAGE = "elpv-dataset"
_REINSTALL = f"run `pip install --force-reinstall --no-deps {_PACKAGE}`."
_CHUNK = 128  # images between two notes of how far we are


def prepare_solar_cells(size: int = 128) -> Path:
    """Store all images at ``size`` × ``size`` pixels in one array, once; give the file's path.

    Two processes may call it at once: one prepares, the other waits. Killed midway, the next call goes on
    from the last note of progress.

    Raises:
        CourseError: ``size`` is not in 16…300, the package is missing or incomplete, the cache cannot be
            written, or the disk is full.
    """
    if not 16 <= size <= NATIVE_SIZE:
        raise CourseError(f"The cells can be had at 16 to {NATIVE_SIZE} pixels, not at {size}.")
    target = solar_cells_file(size)
    if target.is_file() and manifest_of(target).is_file():
        return target
    names, _, _ = read_labels()
    with exclusive(target.stem, bytes_needed=COUNT * size * size + 50_000_000) as folder:
        target = folder / target.name
        if not (target.is_file() and manifest_of(target).is_file()):
            with reported(folder):
                _write_array(target, size, [_package_folder() / "data" / name for name in names])
    return target


def _write_array(target: Path, size: int, photographs: list[Path]) -> None:
    unfinished, progress = target.with_suffix(".partial"), target.with_suffix(".progress")
    shape = (COUNT, size, size)
    done = int(progress.read_text()) if progress.is_file() and unfinished.is_file() else 0
    mode = "r+" if done else "w+"
    array = np.lib.format.open_memmap(unfinished, mode=mode, dtype=np.uint8, shape=shape)
    with (
        ThreadPoolExecutor() as pool,
        ProgressBar(COUNT, "solar cells", "photograph", done) as bar,
    ):
        for start, chunk in _chunks(photographs, done):
            array[start : start + len(chunk)] = list(pool.map(partial(_read_photograph, size=size), chunk))
            array.flush()
            write_whole(progress, str(start + len(chunk)).encode())
            bar.update(len(chunk))
    manifest = {
        "crc32": zlib.crc32(array.data),
        "bytes": unfinished.stat().st_size,
        "package": f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}",
    }
    del array
    unfinished.replace(target)
    write_whole(manifest_of(target), json.dumps(manifest).encode())
    progress.unlink()


def _chunks(photographs: list[Path], done: int) -> Iterator[tuple[int, list[Path]]]:
    for start in range(done, len(photographs), _CHUNK):
        yield start, photographs[start : start + _CHUNK]


def _read_photograph(path: Path, size: int) -> np.ndarray:
    try:
        with Image.open(path) as photograph:
            grey = photograph.convert("L")
            if size != NATIVE_SIZE:
                grey = grey.resize((size, size), Image.Resampling.LANCZOS)  # antialiased
            return np.asarray(grey)
    except OSError as error:
        raise CourseError(f"{path.name} of {_PACKAGE} cannot be read: {_REINSTALL}") from error


def damage(path: Path) -> str | None:
    """What is wrong with a prepared array, or None. Reads all of it: 43 MB in about 0.02 s."""
    try:
        manifest = json.loads(manifest_of(path).read_text(encoding="utf-8"))
        if path.stat().st_size != manifest["bytes"]:
            return "it is not complete"
        if zlib.crc32(np.load(path, mmap_mode="r")) != manifest["crc32"]:
            return "its checksum differs"
    except (OSError, ValueError, KeyError, TypeError):
        return "its description cannot be read"
    return None


def _package_folder() -> Path:
    found = importlib.util.find_spec("elpv_dataset")
    if found is None or found.origin is None:
        raise CourseError(
            f"The solar cells are missing: install them with `pip install {_PACKAGE}` and restart the kernel."
        )
    return Path(found.origin).parent


def read_labels() -> tuple[list[str], np.ndarray, np.ndarray]:
    path = _package_folder() / "data" / "labels.csv"
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        names, probability, module_type = zip(*rows, strict=True)
        # The file rounds thirds to four digits.
        thirds = np.round(np.array(probability, dtype=float) * 3) / 3
    except (OSError, ValueError) as error:
        raise CourseError(f"labels.csv of {_PACKAGE} cannot be read: {_REINSTALL}") from error
    if len(names) != COUNT:
        raise CourseError(f"{_PACKAGE} should list {COUNT} cells, not {len(names)}: {_REINSTALL}")
    return list(names), thirds, np.array(module_type)
