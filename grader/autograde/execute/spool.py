"""Executed submissions, by the key of their job. A cache: what is missing is executed again."""

import contextlib
import hashlib
from pathlib import Path

from pydantic import ValidationError

from grader.autograde.execution import Execution
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.autograde.judging.course_secret import course_secret
from grader.errors import CourseError

_LARGEST = 64_000_000  # bytes of one entry; outputs and evidence of a notebook are capped far below
_OWNER = "course"


class Spool:
    """The spool of one course.

    Raises:
        CourseError: the folder was made by another course, or with another secret.
    """

    def __init__(self, folder: GradingFolder) -> None:
        self._folder = folder.spool
        self._own(folder)

    def get(self, key: str) -> Execution | None:
        """What was stored under ``key``; ``None`` if nothing was, or if it is damaged."""
        path = self._path(key)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            execution = Execution.model_validate_json(path.read_bytes())
        except (OSError, ValidationError, ValueError, RecursionError):
            return None
        return execution if execution.key == key else None

    def put(self, execution: Execution) -> None:
        """Store it, whole or not at all.

        Raises:
            CourseError: the disk is full or cannot be written to.
        """
        try:
            write_privately(self._path(execution.key), execution.model_dump_json())
        except OSError as error:
            raise CourseError(
                f"What was executed cannot be stored in {self._folder}: {(error.strerror or '').lower()}. "
                f"Make room and run the same command again; nothing that is stored is lost."
            ) from error

    def remove(self, key: str) -> None:
        """Forget an entry, so that it is executed again."""
        with contextlib.suppress(FileNotFoundError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _own(self, folder: GradingFolder) -> None:
        mark = self._folder / _OWNER
        own = hashlib.sha256(b"spool of " + course_secret(folder)).hexdigest()
        if not mark.exists():
            write_privately(mark, own)
        elif mark.read_text(encoding="utf-8", errors="replace").strip() != own:
            raise CourseError(
                f"{self._folder} belongs to another course, or the secret beside it is new: remove that "
                f"folder; every submission is then executed again."
            )
