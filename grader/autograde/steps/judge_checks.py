"""The grade: what our judge says about the evidence, in a process where no student's code ever ran."""

import contextlib
import json
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.autograde.course_config import Submission, submission_of
from grader.autograde.execution import CellRun, Execution
from grader.autograde.grading_folder import GradingFolder, write_privately
from grader.autograde.judging.check_cells import exercise_of, is_check, runs_of_answers, runs_of_checks
from grader.autograde.judging.judge_cell import CheckRuns, judge_cell
from grader.autograde.judging.report import ExerciseReport, SubmissionReport
from grader.exercises.machine.rendering import as_html
from grader.exercises.machine.verdict import Verdict
from grader.submissions.transplant import NOTES

_SAID_CHARACTERS = 5_000  # of a cell's own prints that stay below the verdict


class JudgeChecks(NbGraderPreprocessor):
    """Stands after ``SandboxedExecute`` in ``Autograde.autograde_preprocessors``.

    nbgrader reads a score from a cell's outputs and fails open: no output, or one that is no number, earns
    full points, and any line on stderr costs all of them (``nbgrader.utils.determine_grade``, 0.9.6). So
    every check cell gets exactly one result, which is ours.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Judge every check; the report is kept beside the gradebook for the summary."""
        submission = submission_of(resources, self.config)
        given = resources["finetuning_course"]
        notes = nb.metadata.pop(NOTES, [])
        report = judge_notebook(nb, submission, given["execution"], given["challenges"], notes)
        path = GradingFolder(submission.course).report(submission.lesson, submission.student)
        given["same_as_before"] = report.key == _key_of(path)
        write_privately(path, report.model_dump_json())
        return nb, resources


def _key_of(report: Path) -> str | None:
    """Of the job that was graded last."""
    try:
        return SubmissionReport.model_validate_json(report.read_bytes()).key
    except (OSError, ValueError):
        return None


def judge_notebook(
    nb: NotebookNode,
    submission: Submission,
    execution: Execution,
    challenges: dict[str, dict],
    notes: list[str],
) -> SubmissionReport:
    """Write a verdict into every check cell of ``nb`` and give the report on all of them.

    Args:
        notes: of the transplant, for the report.

    Raises:
        CheckBroken: a check failed, not its answer: the submission gets no marks at all.
        CourseError: a file of the instructor's is broken.
    """
    # A quiz looks for its questions in the working folder first: they must be those of this course.
    with contextlib.chdir(submission.folder.solution):
        reports = _judge_cells(nb, submission, execution, challenges)
    return SubmissionReport(
        key=execution.key,
        lesson=submission.lesson,
        student=submission.student,
        sandbox=execution.sandbox,
        stopped=execution.stopped,
        seconds=execution.seconds,
        notes=list(dict.fromkeys(notes)),
        exercises=reports,
    )


def _judge_cells(
    nb: NotebookNode, submission: Submission, execution: Execution, challenges: dict[str, dict]
) -> list[ExerciseReport]:
    codes = [cell for cell in nb.cells if cell.cell_type == "code"]
    checks = runs_of_checks(codes, execution.cells)
    runs = CheckRuns(
        submission.course,
        submission.lesson,
        challenges,
        execution.stopped,
        checks,
        runs_of_answers(codes, execution.cells, list(checks)),
    )
    reports = []
    for cell, run in zip(codes, execution.cells, strict=True):
        if not is_check(cell):
            _remove_markup(cell)
            continue
        verdict = judge_cell(exercise_of(cell), run, runs)
        points = float(cell.metadata.nbgrader.points)
        earned = _scaled(verdict, points)
        _write(cell, run, verdict, earned)
        reports.append(
            ExerciseReport(
                exercise=verdict.exercise,
                points=earned,
                max_points=points,
                has_evidence=bool(run.bundles),
                findings=[finding.text for finding in verdict.findings],
                mistakes=[finding.id for finding in verdict.findings if finding.id],
                suspicions=[finding.text for finding in verdict.findings if finding.suspicious],
            )
        )
    return reports


def _scaled(verdict: Verdict, points: float) -> float:
    """The share that was earned of the points that the release gives (which an instructor may change)."""
    if verdict.max_points <= 0:
        return 0.0
    if verdict.max_points == points:
        return float(verdict.points)
    return round(points * verdict.points / verdict.max_points, 4)


def _write(cell: NotebookNode, run: CellRun, verdict: Verdict, earned: float) -> None:
    # Unfolded: a page of feedback is read, and printed, when there is nothing left to try.
    data = {"text/plain": repr(float(earned)), "text/html": as_html(verdict, unfolded=True)}
    result = new_output("execute_result", data=data, execution_count=cell.get("execution_count"))
    said = "".join(_said(output) for output in run.outputs)[:_SAID_CHARACTERS]
    cell.outputs = [result] + ([new_output("stream", name="stdout", text=said)] if said else [])


def _said(output: dict) -> str:
    """A check cell's prints and errors as plain text: nbgrader must find no second result and no error."""
    if output["output_type"] == "stream":
        return output["text"]
    if output["output_type"] == "error":
        return f"[{output['ename']}: {output['evalue'][:300]}]\n"
    if output["output_type"] == "execute_result" and "text/plain" in output["data"]:
        text = output["data"]["text/plain"]
        return "" if text.startswith("Evidence for ") and "\n" not in text else f"{text}\n"
    return ""


def _remove_markup(cell: NotebookNode) -> None:
    """HTML of a student's may hold a script, and feedback is opened in the instructor's browser."""
    for output in cell.outputs:
        data = output.get("data", {})
        for kind in ("text/html", "image/svg+xml", "text/markdown", "text/latex"):
            if kind in data and "text/plain" not in data:
                data["text/plain"] = json.dumps(f"{kind} is not shown")
            data.pop(kind, None)
