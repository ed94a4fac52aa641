"""Judge again what was executed before: after a correction of a judge, a class has new marks in seconds."""

import stat
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import AssignLatePenalties

from grader.atomic_write import write_atomically
from grader.autograde.course_config import Submission
from grader.autograde.execute.spool import Spool
from grader.autograde.failures import forget_failure, keep_failure
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.autograde.judging.report import SubmissionReport
from grader.autograde.run.class_run import ClassRun
from grader.autograde.run.nbgrader_course import NbgraderCourse
from grader.autograde.run.rows import read_row
from grader.autograde.run.summary import Row, Summary
from grader.autograde.steps.judge_checks import judge_notebook
from grader.autograde.steps.late_penalties import write_time
from grader.cell_names import grade_id
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK
from grader.submissions.transplant import NOTES
from grader.submissions.untrusted_files import Refused

_NOTEBOOK_NAME = NOTEBOOK.removesuffix(".ipynb")  # as nbgrader names it


def recheck(run: ClassRun) -> Summary:
    """New verdicts on the stored evidence of a class; no student's code is executed.

    The gradebook changes for all students at once or for none; manual grades stay. A student whose check
    broke keeps the marks that she has.

    Raises:
        CourseError: as ``ClassRun.grade``.
    """
    with run.ready() as (nbgrader, folders, sandbox):
        nbgrader.wait_for_gradebook()
        reports: dict[str, SubmissionReport] = {}
        rows: dict[str, Row] = {}
        without_feedback: dict[str, str] = {}
        for number, student in enumerate(folders):
            run.tell("judging", number, len(folders))
            forget_failure(run.course, run.lesson, student)
            try:
                reports[student] = _judge(run, nbgrader, student, sandbox)
            except Exception as error:  # a check that broke, above all: she keeps her marks
                rows[student] = _failed(run, student, error)
        _write_grades(nbgrader, run.lesson, reports)
        for student in _with_penalty(nbgrader, run.lesson, {name: folders[name] for name in reports}):
            try:
                _assign_late_penalty(nbgrader, run.lesson, student)
            except Exception as error:  # of the instructor's own plugin
                rows[student] = _failed(run, student, error)
        for student in _with_new_feedback(run, reports):
            if run.feedback and (problem := nbgrader.generate_feedback(run.lesson, student)):
                without_feedback[student] = problem
        for student, report in reports.items():
            path = GradingFolder(run.course).report(run.lesson, student)
            write_privately(path, report.model_dump_json())
            row = rows.setdefault(student, read_row(nbgrader, run.lesson, student, executed=False))
            row.feedback_problem = without_feedback.get(student)
    return Summary(lesson=run.lesson, sandbox=sandbox, rows=[rows[student] for student in folders])


def _failed(run: ClassRun, student: str, error: Exception) -> Row:
    reason = keep_failure(run.course, run.lesson, student, error)
    return Row(student=student, state="failed", reasons=[reason])


def _judge(run: ClassRun, nbgrader: NbgraderCourse, student: str, sandbox: str) -> SubmissionReport:
    """The report; the verdicts also go into the graded notebook, which feedback is made from."""
    graded = nbgrader.graded_notebook(run.lesson, student)
    try:
        job = run.job(student, sandbox)
        execution = Spool(GradingFolder(run.course)).get(job.key)
    except Refused:  # never taken in
        execution = None
    if execution is None or not graded.is_file() or not nbgrader.has_submission(run.lesson, student):
        raise CourseError(
            f"Nothing is stored for what {student} handed in: run `grader autograde {run.lesson} {student}`."
        )
    notebook = nbformat.read(graded, as_version=4)
    submission = Submission(run.course, run.lesson, student, nbgrader.database)
    notes = job.read_notebook().metadata[NOTES]
    report = judge_notebook(notebook, submission, execution, job.challenges, notes)
    _replace(graded, notebook)
    return report


def _replace(path: Path, notebook: NotebookNode) -> None:
    """nbgrader leaves the file read-only."""
    write_atomically(path, nbformat.writes(notebook) + "\n", mode=stat.S_IMODE(path.stat().st_mode))


def _write_grades(nbgrader: NbgraderCourse, lesson: str, reports: dict[str, SubmissionReport]) -> None:
    with nbgrader.gradebook() as gradebook:
        for student, report in reports.items():
            earned = {grade_id(item.exercise): item.points for item in report.exercises}
            notebook = gradebook.find_submission_notebook(_NOTEBOOK_NAME, lesson, student)
            for grade in notebook.grades:
                if grade.name in earned:
                    grade.auto_score = earned[grade.name]  # what was graded by hand waits as it did
        gradebook.db.commit()


def _with_penalty(nbgrader: NbgraderCourse, lesson: str, folders: dict[str, Path]) -> list[str]:
    """Who is late, by the due date, the extension and the timestamp of now, or has a penalty of before."""
    found = []
    with nbgrader.gradebook() as gradebook:
        for student, folder in folders.items():
            submission = gradebook.find_submission(lesson, student)
            write_time(submission, folder)
            if submission.total_seconds_late > 0 or submission.late_submission_penalty:
                found.append(student)
        gradebook.db.commit()
    return found


def _assign_late_penalty(nbgrader: NbgraderCourse, lesson: str, student: str) -> None:
    """By nbgrader's own plugin, from the new score."""
    names = {"notebook": _NOTEBOOK_NAME, "assignment": lesson, "student": student}
    resources = {"nbgrader": names | {"db_url": nbgrader.database}}
    AssignLatePenalties(config=nbgrader.config).preprocess(nbformat.v4.new_notebook(), resources)


def _with_new_feedback(run: ClassRun, reports: dict[str, SubmissionReport]) -> Iterator[str]:
    """Students whose report is not what it was."""
    for student, report in reports.items():
        path = GradingFolder(run.course).report(run.lesson, student)
        if not path.is_file() or path.read_text(encoding="utf-8") != report.model_dump_json():
            yield student
