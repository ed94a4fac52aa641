"""Photographs of solar cells: the ELPV data set, prepared once, then read in a moment.

Source: Buerhop-Lutz et al., "A benchmark for visual identification of defective solar cells in
electroluminescence imagery", 2018; package ``elpv-dataset``. The images are licensed CC BY-NC-SA 4.0.
"""

import importlib.metadata
import importlib.util
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from grader.errors import CourseError
from grader.lab.cache import exclusive, manifest_of, reported, solar_cells_file, write_whole
from grader.lab.normalising import network_input

COUNT = 2624
NATIVE_SIZE = 300  # pixels
BLOCK = 60  # cells: the modules have 60 or 72
_PACKAGE = "elpv-dataset"
_REINSTALL = f"run `pip install --force-reinstall --no-deps {_PACKAGE}`."
_CHUNK = 128  # images between two notes of how far we are
_SPLIT_SEED = 2018
Split = Literal["stratified", "blocks"]


@dataclass(frozen=True)
class SolarCells:
    """The prepared data set; see ``load_solar_cells``.

    Attributes:
        images: uint8, shape ``(2624, size, size)``, grey, memory-mapped and read-only.
        probability: float64, shape ``(2624,)``: the experts' defect probability, 0, ⅓, ⅔ or 1.
        module_type: str, shape ``(2624,)``: "mono" or "poly" (mono- or polycrystalline silicon).
        soft_labels: give the experts' probabilities as labels, to train on; measure with hard labels.
    """

    images: np.ndarray
    probability: np.ndarray
    module_type: np.ndarray
    soft_labels: bool = False

    @cached_property
    def defective(self) -> np.ndarray:
        """int64, shape ``(2624,)``: 1 where the defect probability is above one half, otherwise 0."""
        return (self.probability > 0.5).astype(np.int64)

    def split(self, kind: Split = "stratified") -> tuple[np.ndarray, np.ndarray]:
        """Indices of the training and the held-out cells: int64, sorted, about 75 % and 25 %.

        "stratified" draws at random within each module type and defect probability (1,968 and 656 cells).
        "blocks" holds out whole stretches in file order. The data set does not say which cell belongs to
        which module; neighbours in file order mostly share one, so that few modules stand on both sides.

        Raises:
            CourseError: there is no such split.
        """
        if kind == "stratified":
            held_out = self._stratified_held_out()
        elif kind == "blocks":
            held_out = self._block_held_out()
        else:
            raise CourseError(f'There is no split "{kind}": choose "stratified" or "blocks".')
        chosen = np.zeros(COUNT, dtype=bool)
        chosen[held_out] = True
        return np.flatnonzero(~chosen), np.flatnonzero(chosen)

    def quarters(self, kind: Split = "stratified") -> list[np.ndarray]:
        """Four sets of indices (int64, sorted) that hold each cell once, to hold out one after the other.

        "stratified" draws at random within each module type and defect probability; "blocks" takes every
        fourth stretch in file order, so that few modules stand on both sides of a split.

        Raises:
            CourseError: there is no such kind.
        """
        if kind == "stratified":
            rng = np.random.default_rng(_SPLIT_SEED)
            parts = [np.array_split(rng.permutation(stratum), 4) for stratum in self._strata()]
            return [np.sort(np.concatenate(quarter)) for quarter in zip(*parts, strict=True)]
        if kind == "blocks":
            return [np.sort(np.concatenate(self._blocks()[first::4])) for first in range(4)]
        raise CourseError(f'There are no quarters "{kind}": choose "stratified" or "blocks".')

    def _strata(self) -> list[np.ndarray]:
        return [
            np.flatnonzero((self.module_type == kind) & (self.probability == probability))
            for kind in ("mono", "poly")
            for probability in np.unique(self.probability)
        ]

    def _stratified_held_out(self) -> np.ndarray:
        rng, strata = np.random.default_rng(_SPLIT_SEED), self._strata()
        # The quarters of the strata are not whole: rounding the running sum keeps the total at a quarter.
        ends = np.round(np.cumsum([len(stratum) for stratum in strata]) / 4).astype(int)
        counts = np.diff(ends, prepend=0)
        return np.concatenate(
            [rng.permutation(stratum)[:count] for stratum, count in zip(strata, counts, strict=True)]
        )

    def _blocks(self) -> list[np.ndarray]:
        changes = np.flatnonzero(self.module_type[1:] != self.module_type[:-1]) + 1
        runs = np.split(np.arange(COUNT), changes)
        return [run[start : start + BLOCK] for run in runs for start in range(0, len(run), BLOCK)]

    def _block_held_out(self) -> np.ndarray:
        # Of the four ways to take every fourth block, the third comes nearest to the whole set's share of
        # defective cells, in both module types.
        return np.concatenate(self._blocks()[2::4])

    def few_labels(self, train: np.ndarray, count: int, seed: int) -> np.ndarray:
        """A random ``count`` of the training indices, stratified by label and module type.

        For one seed, a smaller subset is contained in each larger one.

        Returns:
            int64, shape ``(count,)``, in random order.

        Raises:
            CourseError: ``count`` is not between 1 and ``len(train)``.
        """
        if not 1 <= count <= len(train):
            raise CourseError(
                f"There are {len(train)} labelled cells to choose from: {count} cannot be drawn."
            )
        rng = np.random.default_rng(seed)
        position = np.empty(len(train))
        for label in (0, 1):
            for kind in ("mono", "poly"):
                stratum = np.flatnonzero((self.defective[train] == label) & (self.module_type[train] == kind))
                # Members of every stratum are spread evenly over 0…1, so that each beginning of the
                # common order has nearly the shares of the whole.
                spread = (np.arange(len(stratum)) + rng.random()) / max(1, len(stratum))
                position[rng.permutation(stratum)] = spread
        return train[np.argsort(position, kind="stable")[:count]]

    def majority_baseline(self, indices: np.ndarray) -> float:
        """Accuracy, from 0 to 1, of always giving the most frequent label of the cells at ``indices``."""
        share = float(self.defective[indices].mean())
        return max(share, 1 - share)

    def batch(self, indices: np.ndarray) -> torch.Tensor:
        """Images as ``network_input`` makes them: float32, ``(len(indices), 3, size, size)``."""
        return network_input(self.images[indices])

    def labels(self, indices: np.ndarray) -> torch.Tensor:
        """Labels of the cells at ``indices``: int64, ``(len(indices),)``, 1 for defective.

        With ``soft_labels`` float32, ``(len(indices), 2)``: the probabilities of good and defective, which
        ``torch.nn.functional.cross_entropy`` takes in the place of class numbers.
        """
        if self.soft_labels:
            probability = torch.from_numpy(self.probability[indices]).float()
            return torch.stack([1 - probability, probability], dim=1)
        return torch.from_numpy(self.defective[indices])


def load_solar_cells(size: int = 128) -> SolarCells:
    """The 2,624 solar cells at ``size`` × ``size`` pixels, prepared on first use.

    Raises:
        CourseError: the package is missing, or the cache cannot be written.
    """
    path = prepare_solar_cells(size)
    if (problem := _damage(path)) is not None:
        print(f"{path.name} in the cache is damaged ({problem}); preparing it again.")
        manifest_of(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        path = prepare_solar_cells(size)
    _, probability, module_type = _read_labels()
    return SolarCells(np.load(path, mmap_mode="r"), probability, module_type)


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
    names, _, _ = _read_labels()
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
        tqdm(total=COUNT, initial=done, desc="solar cells", leave=False) as bar,
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


def _damage(path: Path) -> str | None:
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


def _read_labels() -> tuple[list[str], np.ndarray, np.ndarray]:
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
