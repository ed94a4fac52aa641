"""Make the students' release with nbgrader's own ``GenerateAssignment`` and the course's configuration."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader
from traitlets.config.loader import ConfigFileNotFound

from grader.errors import CourseError
from grader.lesson_folder import LessonFolder

CONFIG = "nbgrader_config.py"


def fresh_release(folder: LessonFolder) -> dict[str, bytes]:
    """What ``nbgrader generate_assignment`` makes of the solution now, by path inside the lesson's folder.

    It goes through a temporary folder and no database, so neither the working tree nor a gradebook
    changes. ``checks.json`` is left out: it is no copy of anything in ``solutions/``.

    Raises:
        CourseError: nbgrader refuses the notebook.
    """
    with TemporaryDirectory(prefix="release-") as temporary, _quiet_log() as log:
        config = _course_config(folder.course)
        config.CourseDirectory.release_directory = temporary
        config.CourseDirectory.assignment_id = folder.lesson
        config.SaveCells.enabled = False
        config.ReleaseChecks.enabled = False
        config.GenerateAssignment.no_database = True
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        converter.log = log
        try:
            converter.start()
        except NbGraderException as error:
            reason = log.handlers[0].sentences[0] if log.handlers[0].sentences else str(error)  # type: ignore[attr-defined]
            raise CourseError(f"nbgrader refuses solutions/{folder.lesson}/lesson.ipynb: {reason}") from error
        return _content(Path(temporary) / folder.lesson)


def write_release(folder: LessonFolder) -> list[str]:
    """Bring ``notebooks/<lesson>/`` up to date; the names of the files that changed.

    Files that are not part of the release are left alone: they may be somebody's work.
    """
    # quiz.json and recorded.json stand in solutions/ and here, alike (`stale` sees to it), and must: students
    # need them beside the notebook, and nbgrader's own command, which copies them from there, removes the
    # release first. With it would go what took hours to measure, and the mark of an examination's quiz.
    fresh, present = fresh_release(folder), present_release(folder)
    changed = [name for name, content in fresh.items() if present.get(name) != content]
    for name in changed:
        path = folder.release / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fresh[name])
    return changed


def present_release(folder: LessonFolder) -> dict[str, bytes]:
    """What lies in ``notebooks/<lesson>/``, hidden folders and Python's caches left out."""
    return _content(folder.release) if folder.release.is_dir() else {}


def _content(folder: Path) -> dict[str, bytes]:
    names = {path: path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for path, name in names.items()
        if not any(part.startswith((".", "__pycache__")) for part in name.parts)
    }


def _course_config(course: Path) -> Config:
    try:
        return PyFileConfigLoader(CONFIG, path=str(course)).load_config()
    except ConfigFileNotFound as error:
        raise CourseError(f"{CONFIG} is not at the root of the course, restore it.") from error


class _FirstErrors(logging.Handler):
    """Keeps nbgrader's error messages: the first names the cause, the last only that there was one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        self.sentences.append(text.splitlines()[-1] if text else "no reason was given")


@contextlib.contextmanager
def _quiet_log() -> Iterator[logging.Logger]:
    log = logging.Logger("release")
    log.addHandler(_FirstErrors())
    yield log
