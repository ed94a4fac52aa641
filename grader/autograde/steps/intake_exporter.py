"""Before nbgrader opens or copies any file of a student: the intake.

``Autograde.exporter_class`` is made when the submissions are known and none is read yet, with the converter
as its parent (nbgrader's ``BaseConverter.start``). That is the one place in the stock command where every
file can be looked at first.
"""

import copy
import json
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde

from grader.autograde.course_config import cells_by_lesson
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.lesson_folder import NOTEBOOK
from grader.submissions.intake import Intake, take_in


class IntakeExporter(NotebookExporter):
    """An ordinary exporter; takes the submissions of its converter in when it is made."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(self.parent, Autograde):
            _redirect(self.parent)


def _redirect(converter: Autograde) -> None:
    """Let ``converter`` read the clean copies, and nothing of what was handed in."""
    given = converter.coursedir
    course = Path(given.root).resolve()
    taken_in = str(GradingFolder(course).intake.relative_to(course))
    if given.submitted_directory == taken_in:  # of a class run, which took everybody in
        return
    lesson = given.assignment_id
    folders = _submitted(converter)
    intakes = take_in_all(course, lesson, folders)
    clean = copy.copy(given)  # the formgrader goes on with the one that it has
    clean.submitted_directory = taken_in
    converter.coursedir = clean
    converter.assignments = {}
    for intake in intakes:
        for problem in filter(None, [intake.set_aside, *intake.problems]):
            converter.log.warning("%s: %s", intake.student, problem)
        folder = converter._format_source(lesson, intake.student)
        converter.assignments[folder] = [str(Path(folder) / NOTEBOOK)]


def take_in_all(course: Path, lesson: str, folders: list[Path]) -> list[Intake]:
    """Take in one lesson of several students; what became of each is kept for the summary."""
    grading, known = GradingFolder(course), cells_by_lesson(course)
    intakes = []
    for submitted in folders:
        student = submitted.parent.name
        clean = grading.intake / student / lesson
        intake = take_in(submitted, clean, lesson=lesson, cells_by_lesson=known)
        record = json.dumps({"set_aside": intake.set_aside, "problems": intake.problems})
        write_privately(intake_record(course, lesson, student), record)
        intakes.append(intake)
    return intakes


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
