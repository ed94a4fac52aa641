"""nbgrader's own commands and gradebook, in this process, for the course in one folder."""

import contextlib
import copy
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import sqlalchemy.exc
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import text
from traitlets.config import Config

from grader.autograde.execute.submission_job import PreparedJob
from grader.autograde.failures import kept_failure
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK

_LOCK_SECONDS = 20
_RAISED = re.compile(r"(\w+\.)*\w*(Error|Exception|Interrupt|Timeout)\b")


class NbgraderCourse:
    """The course in ``root``, as its ``nbgrader_config.py`` says.

    Raises:
        CourseError: there is no such file, or it cannot be read.
    """

    def __init__(self, root: Path, **settings: dict) -> None:
        if not (root / "nbgrader_config.py").is_file():
            raise CourseError(f"{root} holds no nbgrader_config.py: run this in the course's folder.")
        self.root = root
        with contextlib.chdir(root):
            app = NbGrader()
            app.initialize([])
            config = app.config
        for name, values in settings.items():
            config[name].update(values)
        self.config: Config = config
        self.coursedir = CourseDirectory(config=config)
        app.coursedir = self.coursedir
        # nbgrader replays what was taken in: a student without a notebook has a placeholder there.
        replayed = copy.deepcopy(config)
        replayed.CourseDirectory.submitted_directory = str(GradingFolder(root).intake.relative_to(root))
        self._api = NbGraderAPI(CourseDirectory(config=replayed), config=replayed)

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the gradebook."""
        return self.coursedir.db_url

    def submitted(self, lesson: str) -> dict[str, Path]:
        """The folders that were handed in, by student."""
        everybody = Path(self.coursedir.format_path(self.coursedir.submitted_directory, ".", ".")).resolve()
        if not everybody.is_dir():
            return {}
        return {
            folder.parent.name: folder
            for folder in sorted(everybody.glob(f"*/{lesson}"))
            if folder.is_dir() and not folder.is_symlink() and not folder.parent.name.startswith(".")
        }

    def enter(self, lesson: str) -> None:
        """Make the gradebook know a lesson's exercises, as ``nbgrader generate_assignment`` does.

        Nothing happens where it knows them. Students' copy in ``notebooks/`` stays as it is: a course that
        was fetched has it already, and nbgrader's command then says "skipping" and enters nothing.

        Raises:
            CourseError: the gradebook is locked, or the lesson's source cannot be read.
        """
        with self.gradebook() as gradebook, contextlib.suppress(MissingEntry):
            if gradebook.find_assignment(lesson).notebooks:
                return
        elsewhere = copy.deepcopy(self.config)
        with tempfile.TemporaryDirectory(dir=GradingFolder(self.root).root) as release, _quiet():
            elsewhere.CourseDirectory.release_directory = os.path.relpath(release, self.root)
            api = NbGraderAPI(CourseDirectory(config=elsewhere), config=elsewhere)
            problem = _problem(api.generate_assignment(lesson, force=True, create=True))
        if problem is not None:
            raise CourseError(
                f"Lesson {lesson} cannot be entered into the gradebook: {problem} (`nbgrader "
                f"generate_assignment {lesson} --force` shows all that nbgrader says of it.)"
            )

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, for reading and writing.

        Raises:
            CourseError: another process keeps it locked, or its server does not answer.
        """
        try:
            with Gradebook(self.database, self.coursedir.course_id) as opened:
                yield opened
        except sqlalchemy.exc.DatabaseError as error:
            raise CourseError(self._why_closed(error)) from error

    def wait_for_gradebook(self) -> None:
        """Wait until nobody else is writing.

        Raises:
            CourseError: somebody writes for longer than ``_LOCK_SECONDS``; the sentence says who.
        """
        with self.gradebook() as gradebook:
            if gradebook.engine.dialect.name == "sqlite":
                with gradebook.engine.connect() as connection:
                    connection.execute(text(f"PRAGMA busy_timeout = {_LOCK_SECONDS * 1000}"))
                    connection.execute(text("BEGIN IMMEDIATE"))
                    connection.rollback()

    def autograde(self, lesson: str, student: str, prepared: PreparedJob | None = None) -> str | None:
        """nbgrader's own ``autograde`` of one student; why it failed, if it did.

        What was there of an earlier submission stays where it fails: its marks and its graded notebook.

        Args:
            prepared: of this submission as it was taken in, if it was prepared already.
        """
        self._api.config.SandboxedExecute.prepared = prepared
        with _quiet(), self._kept(lesson, student) as keep:
            problem = _problem(self._api.autograde(lesson, student, force=True))
            keep(problem is None)
        if problem is None:
            return None
        return kept_failure(self.root, lesson, student) or problem

    def has_submission(self, lesson: str, student: str) -> bool:
        """Whether the gradebook knows a submission of this student."""
        with self.gradebook() as gradebook:
            try:
                gradebook.find_submission(lesson, student)
            except MissingEntry:
                return False
        return True

    def graded_notebook(self, lesson: str, student: str) -> Path:
        """Where nbgrader keeps what it graded; it need not be there."""
        course = self.coursedir
        return Path(course.format_path(course.autograded_directory, student, lesson)) / NOTEBOOK

    @contextlib.contextmanager
    def _kept(self, lesson: str, student: str) -> Iterator[Callable[[bool], None]]:
        """Put the graded folder aside, and back unless the block says that there is a new one."""
        graded = self.graded_notebook(lesson, student).parent
        before = graded.with_name(f".{graded.name}.before")
        if graded.exists():
            if before.exists():  # of a run that was killed
                shutil.rmtree(before)
            graded.rename(before)
        renewed = False

        def keep(is_new: bool) -> None:
            nonlocal renewed
            renewed = is_new

        try:
            yield keep
        finally:
            if before.exists():
                if renewed:
                    shutil.rmtree(before)
                else:
                    if graded.exists():
                        shutil.rmtree(graded)
                    before.rename(graded)

    def generate_feedback(self, lesson: str, student: str) -> str | None:
        """nbgrader's own ``generate_feedback`` of one student; why it failed, and where all of it stands."""
        with _quiet():
            result = self._api.generate_feedback(lesson, student, force=True)
        if (problem := _problem(result)) is None:
            return None
        path = GradingFolder(self.root).failure(lesson, student).with_suffix(".feedback.txt")
        with contextlib.suppress(OSError):
            write_privately(path, "\n".join(result.get(part, "") for part in ("error", "log")))
        return f"{problem} (all of it: {path.relative_to(self.root)})"

    def _why_closed(self, error: sqlalchemy.exc.DatabaseError) -> str:
        if "locked" in str(error):
            return (
                f"The gradebook is locked by {_who_has_open(self.database)}: wait until it is done or close "
                f"it, and run the same command again; nothing is lost."
            )
        return (
            f"The gradebook at {self.database.split('@')[-1]} cannot be opened: "
            f"{str(error.orig).strip().splitlines()[0]}"
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """nbgrader 0.9.6 makes SQLAlchemy 2 warn at every submission."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)
        yield


def _who_has_open(database: str) -> str:
    path = os.path.realpath(database.removeprefix("sqlite:///"))
    for process in psutil.process_iter(["pid", "name"]):
        with contextlib.suppress(psutil.Error):
            opened = {os.path.realpath(file.path) for file in process.open_files()}
            if process.pid != os.getpid() and path in opened:
                return f"process {process.pid} ({process.info['name']})"
    return "another process"


def _problem(result: dict) -> str | None:
    if result["success"]:
        return None
    lines = [line for part in ("log", "error") for line in result.get(part, "").strip().splitlines()]
    if lines and lines[-1].strip() == "KeyboardInterrupt":
        raise KeyboardInterrupt  # nbgrader catches that too, and would go on to the next student
    # "see the above traceback" says nothing: the line that names the exception does.
    raised = [line for line in lines if _RAISED.match(line)]
    return (raised or lines or ["nbgrader failed"])[-1]
