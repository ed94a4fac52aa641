"""Around each submission that nbgrader grades: the intake before, and what was there before if it fails.

``Autograde.exporter_class`` is made when the submissions are known and none is read yet, with the converter
as its parent (nbgrader's ``BaseConverter.start``). That is the one place in the stock command where every
file can be looked at first.
"""

import contextlib
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import sqlalchemy.exc
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde

from grader.autograde.course_config import cells_by_lesson
from grader.autograde.failures import forget_failure, keep_failure
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.autograde.steps.gradebook_before import GradebookBefore
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK
from grader.submissions.intake import Intake, take_in
from grader.submissions.student_notebook import placeholder

# Ends a text in a page or a script of formgrader, which (nbgrader 0.9.6) writes ids there as they are.
_MARKUP = re.compile(r'[<>"\\\x00-\x1f]')


class IntakeExporter(NotebookExporter):
    """An ordinary exporter; takes the submissions of its converter in when it is made.

    Where a submission cannot be graded, whatever the reason, the gradebook is left as it was, and the
    traceback is kept in ``.grading/failures``.
    """

    _before: GradebookBefore | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._not_taken_in: dict[str, Exception] = {}
        if isinstance(self.parent, Autograde):
            self._not_taken_in = _redirect(self.parent)
            self._before = _remember(self.parent)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """One notebook through the preprocessors; called by the converter, which tells its user of errors."""
        if self._before is None or resources is None:
            return super().from_filename(filename, resources, **options)
        names = resources["nbgrader"]
        with self._nothing_written_if_it_fails(names["assignment"], names["student"], self._before):
            if problem := self._not_taken_in.get(names["student"]):
                raise problem
            return super().from_filename(filename, resources, **options)

    @contextlib.contextmanager
    def _nothing_written_if_it_fails(
        self, lesson: str, student: str, before: GradebookBefore
    ) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            course = Path(self.parent.coursedir.root).resolve()  # type: ignore[union-attr]
            sentence = keep_failure(course, lesson, student, error)
            self.log.error("%s was not graded, and nothing is written: %s", student, sentence)
            try:
                before.restore(student)
            except sqlalchemy.exc.SQLAlchemyError as problem:
                self.log.error("The gradebook could not be brought back to what it was: %s", problem)
            raise


def _remember(converter: Autograde) -> GradebookBefore | None:
    """The marks of everybody who is graded now; ``None`` where the gradebook cannot be opened."""
    given = converter.coursedir
    students = [Path(folder).parent.name for folder in converter.assignments]
    for student in students:
        forget_failure(Path(given.root).resolve(), given.assignment_id, student)
    try:
        return GradebookBefore(given.db_url, given.course_id, given.assignment_id, students)
    except sqlalchemy.exc.SQLAlchemyError:  # nbgrader opens it next, and says why it cannot
        return None


def _redirect(converter: Autograde) -> dict[str, Exception]:
    """Let ``converter`` read the clean copies, and nothing of what was handed in.

    Returns:
        students whose submission could not be taken in, with what went wrong.
    """
    failed: dict[str, Exception] = {}
    given = converter.coursedir
    course = Path(given.root).resolve()
    taken_in = str(GradingFolder(course).intake.relative_to(course))
    if given.submitted_directory == taken_in:  # of a class run, which took everybody in
        return failed
    lesson = given.assignment_id
    folders = _submitted(converter)
    clean = copy.copy(given)  # the formgrader goes on with the one that it has
    clean.submitted_directory = taken_in
    converter.coursedir = clean
    converter.assignments = {}
    for student, intake in take_in_all(course, lesson, folders):
        if isinstance(intake, Exception):
            failed[student] = intake
            # The converter goes on to her all the same, and fails: without a file it would write zeros.
            stand_in = GradingFolder(course).intake / student / lesson / NOTEBOOK
            stand_in.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(placeholder("it could not be taken in."), stand_in)
        else:
            for problem in filter(None, [intake.set_aside, *intake.problems]):
                converter.log.warning("%s: %s", student, problem)
        folder = converter._format_source(lesson, student)
        converter.assignments[folder] = [str(Path(folder) / NOTEBOOK)]
    return failed


def take_in_all(course: Path, lesson: str, folders: list[Path]) -> Iterator[tuple[str, Intake | Exception]]:
    """Take in one lesson of several students; what became of each is kept for the summary.

    Yields:
        each student with her intake, or with what went wrong: nobody's files end a class.
    """
    grading, known = GradingFolder(course), cells_by_lesson(course)
    for submitted in folders:
        student = submitted.parent.name
        clean = grading.intake / student / lesson
        try:
            if sign := _MARKUP.search(student):
                raise CourseError(
                    f"The folder {f'submitted/{student}'!r} has {sign[0]!r} in its name, which formgrader "
                    f"takes for markup: rename it."
                )
            intake = take_in(submitted, clean, lesson=lesson, cells_by_lesson=known)
            record = json.dumps({"set_aside": intake.set_aside, "problems": intake.problems})
            write_privately(intake_record(course, lesson, student), record)
        except Exception as error:
            yield student, error
        else:
            yield student, intake


def intake_record(course: Path, lesson: str, student: str) -> Path:
    """The file that says what became of a submission at intake."""
    return GradingFolder(course).report(lesson, student).with_suffix(".intake.json")


def _submitted(converter: Autograde) -> list[Path]:
    """The students' folders that nbgrader matched, and those in which it saw no notebook."""
    course = converter.coursedir
    matched = {Path(folder) for folder in converter.assignments}
    everybody = Path(course.format_path(course.submitted_directory, ".", ".")).resolve()
    pattern = course.student_id if course.student_id != "*" else "*"
    for folder in everybody.glob(f"{pattern}/{course.assignment_id}"):
        matched.add(folder)
    return sorted(folder for folder in matched if folder.is_dir() and not folder.is_symlink())
