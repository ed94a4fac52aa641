"""Prepare all data of the lessons at once: for classes, whose kernels may read the cache but not fill it."""

import contextlib
import functools
import io

from grader.lab.backbone import prepare_backbone
from grader.lab.solar_cells import prepare_solar_cells

SIZES = (64, 96, 128, 224, 300)  # pixels at which the lessons load the solar cells


@functools.cache
def prepare_everything() -> None:
    """The backbone's weights and the solar cells at every size that a lesson asks for; once a process.

    Raises:
        CourseError: the cache cannot be written, or a package is missing.
    """
    prepare_backbone()
    for size in SIZES:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            prepare_solar_cells(size)
