"""A student's row of the summary: points from the gradebook, reasons from intake and judge."""

import json

from nbgrader.api import SubmittedAssignment

from grader.autograde.grading_folder import GradingFolder
from grader.autograde.judging.report import ExerciseReport, SubmissionReport
from grader.autograde.run.nbgrader_course import NbgraderCourse
from grader.autograde.run.summary import Row, State
from grader.autograde.steps.intake_exporter import intake_record
from grader.cell_names import exercise_id


def read_row(nbgrader: NbgraderCourse, lesson: str, student: str, executed: bool) -> Row:
    """A student's row, from what intake and judge wrote down, and from the gradebook."""
    taken = json.loads(intake_record(nbgrader.root, lesson, student).read_text(encoding="utf-8"))
    path = GradingFolder(nbgrader.root).report(lesson, student)
    report = SubmissionReport.model_validate_json(path.read_bytes())
    with nbgrader.gradebook() as gradebook:
        submission = gradebook.find_submission(lesson, student)
        return row_of(report, submission, taken["set_aside"], [*taken["problems"], *report.notes], executed)


def row_of(
    report: SubmissionReport,
    submission: SubmittedAssignment,
    set_aside: str | None,
    problems: list[str],
    executed: bool,
) -> Row:
    """The row of a student who was graded: why by the report, points by the gradebook."""
    reasons = [set_aside] if set_aside else []
    state: State = "set aside" if set_aside else "graded"
    if not set_aside and report.without_evidence:
        state = "no evidence"
        reasons += [
            f"{exercise.exercise}: {exercise.findings[0] if exercise.findings else 'no evidence'}"
            for exercise in report.without_evidence
        ]
    if not set_aside:
        reasons += [
            f"{exercise.exercise}: {exercise.findings[0]}"
            for exercise in report.exercises
            if exercise.has_evidence and exercise.findings and _is_worth_telling(exercise)
        ]
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    penalty = submission.late_submission_penalty or 0.0
    return Row(
        student=report.student,
        state=state,
        points=max(0.0, submission.score - penalty),  # as `nbgrader export` writes it
        max_points=submission.max_score,
        penalty=penalty,
        exercises={exercise_id(grade.name): grade.score for grade in grades},
        needs_manual_grading=bool(submission.needs_manual_grade),
        suspicions=[
            f"{exercise.exercise}: {told}" for exercise in report.exercises for told in exercise.suspicions
        ],
        reasons=[*reasons, *problems],
        executed=executed,
        seconds=report.seconds,
    )


def _is_worth_telling(exercise: ExerciseReport) -> bool:
    """Nothing earned, or a quiz that is not all right: of an exercise half right the pages tell more."""
    is_quiz = exercise.exercise.endswith(".quiz")
    return exercise.points == 0 or (is_quiz and exercise.points < exercise.max_points)
