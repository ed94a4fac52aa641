"""What became of a class's submissions, from the workers to the spool."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.autograde.execute.preflight import (
    NOBODY,
    insist_on_passing,
    insist_on_sound,
    is_doubtful,
    why_it_does_not_run,
)
from grader.autograde.execute.spool import Spool
from grader.autograde.execute.submission_job import PreparedJob, SubmissionJob
from grader.autograde.execution import Execution
from grader.autograde.failures import keep_failure
from grader.errors import CourseError
from grader.lesson_folder import LessonFolder

_NO_LONGER = (
    "A cell of the lesson failed, and in the untouched release one fails on this machine, too. {problem} "
    "Mend that (`grader doctor` may say how) and run the same command again."
)


def once_the_lesson_runs(
    lesson: str, outcomes: Iterator[tuple[SubmissionJob, Execution | BaseException]]
) -> Iterator[tuple[SubmissionJob, Execution | BaseException]]:
    """The submissions' outcomes; none before the untouched release has run without an error."""
    held = []
    for job, outcome in outcomes:
        held.append((job, outcome))
        if job.student == NOBODY:
            insist_on_passing(lesson, outcome)
            held.pop()
            break
    yield from held
    yield from outcomes


def is_in_doubt(course: Path, job: SubmissionJob, outcome: Execution | BaseException) -> bool:
    """Whether this machine, and not the student, may have broken a cell of the lesson."""
    if isinstance(outcome, BaseException):
        return False
    return is_doubtful(job.read_notebook(), LessonFolder(job.lesson, course), outcome)


def beside_the_release(
    outcomes: Iterator[tuple[SubmissionJob, Execution | BaseException]],
) -> Iterator[tuple[SubmissionJob, Execution | BaseException]]:
    """The second outcomes of doubtful submissions: nobody's, if the untouched release runs no more."""
    everything = list(outcomes)
    (release,) = [outcome for job, outcome in everything if job.student == NOBODY]
    problem = why_it_does_not_run(release)
    for job, outcome in everything:
        if job.student != NOBODY:
            yield job, (CourseError(_NO_LONGER.format(problem=problem)) if problem else outcome)


@dataclass
class Outcomes:
    """What became of the submissions so far, by student.

    Attributes:
        prepared: what is left of each job.
        stored: how many were executed by an earlier run.
        failed: why somebody cannot be graded.
        without_feedback: why somebody who is graded has no new page.
    """

    prepared: dict[str, PreparedJob] = field(default_factory=dict)
    stored: int = 0
    executed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    without_feedback: dict[str, str] = field(default_factory=dict)

    def keep(
        self, course: Path, job: SubmissionJob, outcome: Execution | BaseException, spool: Spool
    ) -> None:
        """Store an execution that says something about the student; note why there is none."""
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            insist_on_sound(job.read_notebook(), LessonFolder(job.lesson, course), outcome)
        except BaseException as problem:
            self.failed[job.student] = keep_failure(course, job.lesson, job.student, problem)
            return
        spool.put(outcome)
        self.executed.add(job.student)

    @property
    def done(self) -> int:
        """Submissions that nobody need execute any more."""
        return self.stored + len(self.executed) + len(self.failed)
