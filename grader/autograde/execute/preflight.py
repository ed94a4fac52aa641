"""Does the lesson itself run where the submissions will run? If not, no mark may come of it.

Before a class the untouched release is executed once, in the same sandbox. In a submission the instructor's
cells that stand before the student's first must run too: nothing of hers can have broken them.
"""

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.autograde.course_config import skeleton
from grader.autograde.execute.package_version import package_version
from grader.autograde.execute.submission_job import SubmissionJob, files_of_the_lesson, sources_sha
from grader.autograde.execution import CellRun, Execution
from grader.autograde.judging.challenges import challenges_for
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK, LessonFolder
from grader.sandbox.limits import Limits
from grader.submissions.intake import read_clean_notebook
from grader.submissions.transplant import is_the_students, transplant

NOBODY = ".preflight"  # no student's folder begins with a dot


def preflight_job(course: Path, lesson: str, *, limits: Limits, sandbox: str) -> SubmissionJob:
    """The untouched release as if somebody had handed it in; the solution where there is no release.

    Raises:
        CourseError: the lesson's notebook or a file of it is damaged.
        CheckBroken: an exercise cannot say what it asks.
    """
    folder = LessonFolder(lesson, course)
    release = folder.release / NOTEBOOK
    notebook = skeleton(folder)
    if release.is_file():
        notebook = transplant(read_clean_notebook(release), notebook)
    return SubmissionJob(
        lesson=lesson,
        student=NOBODY,
        notebook=nbformat.writes(notebook),
        files=files_of_the_lesson(course, lesson),
        # Not the course's secret: whoever looks whether a lesson runs need not have one.
        challenges=challenges_for(b"preflight", course, lesson, NOBODY, sources_sha(notebook)),
        limits=limits,
        sandbox=sandbox,
        version=package_version(),
    )


def insist_on_passing(lesson: str, outcome: Execution | BaseException) -> None:
    """Raise unless every cell of the untouched release ran.

    Raises:
        CourseError: one did not: the sentence says which and why.
    """
    if problem := why_it_does_not_run(outcome):
        raise CourseError(
            f"Nothing was graded: the untouched release of {lesson} does not run on this machine. {problem} "
            f"Mend that (`grader doctor` may say how) and run the same command again."
        )


def why_it_does_not_run(outcome: Execution | BaseException) -> str | None:
    """Of the untouched release: what went wrong first, in a sentence; ``None`` if every cell ran."""
    if isinstance(outcome, CourseError):
        return str(outcome)
    if isinstance(outcome, BaseException):
        return f"{type(outcome).__name__}: {outcome}."
    return first_error(outcome.cells) or outcome.stopped


def first_error(runs: Sequence[CellRun]) -> str | None:
    """Which code cell failed first, and with what; ``None`` if none did."""
    for number, run in enumerate(runs, start=1):
        for output in run.outputs:
            if output["output_type"] == "error":
                said = " ".join(f"{output['ename']}: {output['evalue']}".split())
                return f"Code cell {number} ended with {said[:300]}".rstrip(".") + "."
    return None


def insist_on_sound(notebook: NotebookNode, folder: LessonFolder, execution: Execution) -> None:
    """Raise if a cell of the instructor's failed before any cell of the student's had run.

    Args:
        notebook: what was executed, after the transplant.

    Raises:
        CourseError: this machine or the lesson broke: the execution says nothing about the student.
    """
    if 0 in _students_cells_before_failures(notebook, folder, execution):
        raise CourseError(
            f"A cell of the lesson failed before any of the student's had run: this machine or the "
            f"lesson is at fault. {first_error(execution.cells)}"
        )


def is_doubtful(notebook: NotebookNode, folder: LessonFolder, execution: Execution) -> bool:
    """Whether a cell of the instructor's failed behind one of the student's: by her doing, or by the machine.

    A second execution and the untouched release beside it tell the two apart: what fails twice where the
    release runs is hers (``del torch``).
    """
    before = _students_cells_before_failures(notebook, folder, execution)
    return any(hers > 0 for hers in before)


def _students_cells_before_failures(
    notebook: NotebookNode, folder: LessonFolder, execution: Execution
) -> list[int]:
    """For each cell of the instructor's that failed, how many of the student's had run before it.

    One that misses a name is left out: an earlier cell did not define it, and that one counts.
    """
    own = skeleton(folder)
    codes = (cell for cell in notebook.cells if cell.cell_type == "code")
    hers, found = 0, []
    for cell, run in zip(codes, execution.cells, strict=True):
        if is_the_students(cell, own):
            hers += 1
        elif any(o["output_type"] == "error" and o["ename"] != "NameError" for o in run.outputs):
            found.append(hers)
    return found
