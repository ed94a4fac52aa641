"""Prepare all data of the lessons at once: for classes, whose kernels may read the cache but not fill it."""

import contextlib
import functools
import io

from grader.lab.cache import BACKBONE_FILE, cache_folder, manifest_of, solar_cells_file

SIZES = (64, 96, 128, 224, 300)  # pixels at which the lessons load the solar cells


@functools.cache
def prepare_everything() -> None:
    """The backbone's weights and the solar cells at every size that a lesson asks for; once a process.

    Raises:
        CourseError: the cache cannot be written, or a package is missing.
    """
    if is_complete():
        return
    from grader.lab.backbone import prepare_backbone  # they import PyTorch, which takes a second
    from grader.lab.elpv_files import prepare_solar_cells

    prepare_backbone()
    for size in SIZES:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            prepare_solar_cells(size)


def is_complete() -> bool:
    """Does the cache hold all that the lessons load? Then nobody need write to it, as on a hub."""
    arrays = [solar_cells_file(size) for size in SIZES]
    return all(
        path.is_file() for path in (cache_folder() / BACKBONE_FILE, *arrays, *map(manifest_of, arrays))
    )
