"""Python, the cache folder, the device that computes, and the cores."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from grader.doctor.diagnosis import Diagnosis, Status
from grader.errors import CourseError

OLDEST_PYTHON = (3, 11)
SPACE_NEEDED = 1_000_000_000  # bytes: the prepared cells and weights take a tenth, experiments the rest


def python() -> Diagnosis:
    """The version of the interpreter."""
    subject = "Python"
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Diagnosis(
            Status.BAD, subject, f"{found} is too old: make an environment with Python 3.11 or newer."
        )
    return Diagnosis(Status.GOOD, subject, f"{found}.")


def cache() -> Diagnosis:
    """Can the folder of the prepared data be written, and is there room?"""
    subject = "Cache folder"
    try:
        from grader.lab.cache import VARIABLE, cache_folder, reported
        from grader.lab.prepared import is_complete
    except ImportError:
        return Diagnosis(Status.WARNING, subject, "Not looked at: install the packages first.")
    folder = cache_folder()
    try:
        if is_complete() and not os.access(folder, os.W_OK):
            return Diagnosis(Status.GOOD, subject, f"{folder} is complete, and nobody need write to it.")
        with reported(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"written")
    except CourseError as error:
        return Diagnosis(Status.BAD, subject, str(error))
    return _free_space(subject, folder, VARIABLE)


def _free_space(subject: str, folder: Path, variable: str) -> Diagnosis:
    free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        return Diagnosis(
            Status.WARNING,
            subject,
            f"Only {free / 1e9:.1f} GB are free in {folder}: make room or point {variable} elsewhere.",
        )
    return Diagnosis(Status.GOOD, subject, f"{folder} can be written, {free / 1e9:.0f} GB are free.")


def device() -> Diagnosis:
    """Where the lessons compute: the order in which ``grader.lab`` chooses."""
    subject = "Device"
    try:
        import torch
    except (ImportError, RuntimeError, OSError):
        return Diagnosis(Status.WARNING, subject, "Not looked at: mend PyTorch first.")
    if torch.cuda.is_available():
        return Diagnosis(Status.GOOD, subject, f"cuda ({torch.cuda.get_device_name()}).")
    if torch.backends.mps.is_available():
        return Diagnosis(Status.GOOD, subject, "mps (Apple).")
    return Diagnosis(Status.GOOD, subject, "cpu; the lessons are made for it.")


def cores() -> Diagnosis:
    """The cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if usable < 2:
        return Diagnosis(Status.WARNING, "Cores", "One: the run times in the lessons were measured on two.")
    return Diagnosis(Status.GOOD, "Cores", f"{usable}.")
