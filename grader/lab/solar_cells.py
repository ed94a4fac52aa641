"""Photographs of solar cells: the ELPV data set, its splits and its batches."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch

from grader.errors import CourseError
from grader.lab.cache import manifest_of
from grader.lab.elpv_files import COUNT, damage, prepare_solar_cells, read_labels
from grader.lab.normalising import network_input

BLOCK = 60  # cells: the modules have 60 or 72
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
    if (problem := damage(path)) is not None:
        print(f"{path.name} in the cache is damaged ({problem}); preparing it again.")
        manifest_of(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        path = prepare_solar_cells(size)
    _, probability, module_type = read_labels()
    return SolarCells(np.load(path, mmap_mode="r"), probability, module_type)
