"""How nbgrader works in this course: ``solutions/`` is the source, ``notebooks/`` the release.

The stock commands (``nbgrader generate_assignment``, ``autograde``, ``validate``), the formgrader and
``grader build`` all read this file from the folder that they are started in, the root of the course.
"""

import os
import sysconfig
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import preprocessors as stock

from grader.authoring.release_checks import ReleaseChecks
from grader.autograde.steps.clear_quiz_answers import ClearQuizAnswers
from grader.autograde.steps.escape_texts import EscapeTexts
from grader.autograde.steps.feedback_page import FeedbackPage
from grader.autograde.steps.grades_csv import GradesCsv
from grader.autograde.steps.intake_exporter import IntakeExporter
from grader.autograde.steps.judge_checks import JudgeChecks
from grader.autograde.steps.late_penalties import LatePenalties
from grader.autograde.steps.manual_grades import KeepManualGrades, RememberManualGrades
from grader.autograde.steps.release_feedback import ReleaseFeedback
from grader.autograde.steps.sandboxed_execute import SandboxedExecute
from grader.autograde.steps.transplant_cells import TransplantCells
from grader.autograde.steps.zero_missing_checks import ZeroMissingChecks

c = get_config()  # noqa: F821 - traitlets puts it there

# nbgrader starts `alembic` by its bare name, which only an activated environment finds.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "finetuning"  # a database other than SQLite insists on a course's name
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# Copied neither into a release or the exchange nor, from solutions/, beside a submission that is graded.
c.CourseDirectory.ignore = [
    "lesson.py",
    "quiz.yaml",
    "answers.py",
    "__pycache__",
    "*.pyc",
    ".ipynb_checkpoints",
    ".*",
    "feedback",
    "my_photos",
]
# `nbgrader submit` counts what it leaves out, too; its own limit is 100 MB.
c.CourseDirectory.max_dir_size = 2_000_000  # kB

c.GenerateAssignment.preprocessors = [
    stock.IncludeHeaderFooter,
    stock.LockCells,
    ClearQuizAnswers,  # in the place of ClearSolutions, which it extends
    stock.ClearOutput,
    stock.CheckCellMetadata,
    stock.ComputeChecksums,
    stock.SaveCells,
    stock.ClearHiddenTests,
    stock.ClearMarkScheme,
    stock.ComputeChecksums,
    stock.CheckCellMetadata,
    ReleaseChecks,  # checks.json lies in no other place from where it could be copied
]
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}

c.Autograde.exporter_class = IntakeExporter  # before any file of a student is opened
c.Autograde.sanitize_preprocessors = [
    stock.ClearOutput,
    stock.DeduplicateIds,
    stock.OverwriteKernelspec,
    TransplantCells,  # in the place of OverwriteCells
    stock.CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    SandboxedExecute,  # in the place of Execute
    JudgeChecks,  # before any number is read from an output
    stock.IgnorePattern,
    ClearMetadataPreprocessor,
    stock.LimitOutput,
    RememberManualGrades,
    stock.SaveAutoGrades,
    KeepManualGrades,
    ZeroMissingChecks,
    LatePenalties,  # in the place of AssignLatePenalties
    stock.CheckCellMetadata,
]

c.HTMLExporter.preprocessors = [EscapeTexts]  # of formgrader's pages too
c.GenerateFeedback.exporter_class = FeedbackPage
c.ExchangeFactory.release_feedback = ReleaseFeedback
c.ExportApp.plugin_class = GradesCsv

# For `nbgrader validate` and for building; submissions run in SandboxedExecute.
c.Execute.timeout = 600  # seconds a cell
c.Execute.extra_arguments = ["--ext=grader.autograde.steps.explain_failure", "--log-level=ERROR"]
