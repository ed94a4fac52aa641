"""Everything that executing one submission needs, as plain data that travels to any worker."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict

from grader.autograde.execute.package_version import package_version
from grader.autograde.grading_folder import NAME as GRADING
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.judging.challenges import challenges_for
from grader.autograde.judging.course_secret import course_secret
from grader.lesson_folder import NOTEBOOK, LessonFolder
from grader.sandbox.limits import Limits
from grader.submissions.untrusted_files import SECRET, TIMESTAMP, FileLimits, regular_files

EXECUTION_FORMAT = 1
_NEVER_TAKEN_ALONG = (NOTEBOOK, TIMESTAMP, SECRET)


class PreparedJob(BaseModel):
    """What is left of a job when it is executed: small, so that a class of them can be kept.

    Attributes:
        key: of the job.
        sources: ``sources_sha`` of its notebook, to see that it is still the same.
        challenges: what its checks are asked, by exercise id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    sources: str
    challenges: dict[str, dict[str, Any]]


class SubmissionJob(BaseModel):
    """One submission, ready to be executed.

    Attributes:
        notebook: JSON text of the notebook after the transplant.
        files: what lies beside it, by path: the student's own, the lesson's in place of hers of the same
            name, and the lesson's checkpoints.
        challenges: what its checks are asked, by exercise id.
        sandbox: name of the sandbox, as ``grader.sandbox.choose`` gave it.
        version: of this package; a worker of another version refuses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lesson: str
    student: str
    notebook: str
    files: dict[str, bytes]
    challenges: dict[str, dict[str, Any]]
    limits: Limits
    sandbox: str
    version: str

    @cached_property
    def key(self) -> str:
        """SHA-256 over all that decides the result: the same job is executed once."""
        decides = {
            "format": EXECUTION_FORMAT,
            "lesson": self.lesson,
            "student": self.student,
            "sources": code_sources(self.read_notebook()),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()},
            "challenges": self.challenges,
            "limits": self.limits.model_dump(),
        }
        text = json.dumps(decides, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def read_notebook(self) -> NotebookNode:
        """The notebook that is executed."""
        return nbformat.reads(self.notebook, as_version=4)

    def prepared(self) -> PreparedJob:
        """What replaying its execution needs."""
        sources = sources_sha(self.read_notebook())
        return PreparedJob(key=self.key, sources=sources, challenges=self.challenges)


def code_sources(notebook: NotebookNode) -> list[str]:
    """The texts of the code cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def sources_sha(notebook: NotebookNode) -> str:
    """SHA-256 (hex) over the texts of the code cells."""
    return hashlib.sha256(json.dumps(code_sources(notebook)).encode()).hexdigest()


def prepare_job(
    course: Path, lesson: str, student: str, notebook: NotebookNode, *, limits: Limits, sandbox: str
) -> SubmissionJob:
    """The job for a notebook after the transplant; the same whoever prepares it.

    Args:
        course: the course's folder, with ``solutions/`` and ``.grading/``.

    Raises:
        CourseError: the secret or a file of the lesson is damaged.
        CheckBroken: an exercise cannot say what it asks.
    """
    folder = GradingFolder(course)
    files, _ = regular_files(folder.intake / student / lesson, FileLimits())
    files = {name: content for name, content in files.items() if name not in _NEVER_TAKEN_ALONG}
    files |= files_of_the_lesson(course, lesson)
    return SubmissionJob(
        lesson=lesson,
        student=student,
        notebook=nbformat.writes(notebook),
        files=files,
        challenges=challenges_for(course_secret(folder), course, lesson, student, sources_sha(notebook)),
        limits=limits,
        sandbox=sandbox,
        version=package_version(),
    )


def files_of_the_lesson(course: Path, lesson: str) -> dict[str, bytes]:
    """What lies beside every notebook of the lesson, by path: checks, quiz, recorded runs, checkpoints."""
    found = LessonFolder(lesson, course).beside_the_notebook()
    runs = course / GRADING / "checkpoints" / lesson  # made for a class; the doctor makes no folder
    found |= {f".checkpoints/{path.name}": path for path in sorted(runs.glob("*.json"))}
    return {name: path.read_bytes() for name, path in found.items()}
