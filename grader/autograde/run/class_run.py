"""Grade a class: execute in parallel into the spool, then let nbgrader itself replay it.

Parallel execution is only a cache: nbgrader's own autograde stays the one authority and the one writer of
the gradebook. It replays each submission while others are executed. That is why a run that was interrupted
anywhere goes on where it was.
"""

import contextlib
import itertools
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.autograde.course_config import skeleton
from grader.autograde.execute.lesson_checkpoints import make_lesson_checkpoints
from grader.autograde.execute.preflight import preflight_job
from grader.autograde.execute.spool import Spool
from grader.autograde.execute.submission_job import SubmissionJob, prepare_job
from grader.autograde.execute.workers import Workers
from grader.autograde.failures import keep_failure
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.run.alone import alone
from grader.autograde.run.nbgrader_course import NbgraderCourse
from grader.autograde.run.outcomes import Outcomes, beside_the_release, is_in_doubt, once_the_lesson_runs
from grader.autograde.run.rows import read_row
from grader.autograde.run.summary import Row, Summary
from grader.autograde.steps.intake_exporter import take_in_all
from grader.course import lesson_ids
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK, LessonFolder
from grader.nearest_name import did_you_mean
from grader.sandbox import Limits, choose
from grader.sandbox.limits import GIB
from grader.submissions.intake import read_clean_notebook
from grader.submissions.transplant import transplant

# Of glob and of str.format, which nbgrader gives paths to, and of a database's address.
_PATTERN = re.compile(r"[\[\]{}*?%]")

Tell = Callable[[str, int, int], None]  # step, done, of


@dataclass(frozen=True)
class ClassRun:
    """One lesson of one class.

    Attributes:
        course: the folder with ``nbgrader_config.py``.
        students: all who handed something in, where it is empty.
        sandbox: a name as ``grader.sandbox.choose`` takes it.
        force: execute again what was executed already.
        tell: called as the run goes on.
    """

    course: Path
    lesson: str
    students: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    sandbox: str = "auto"
    trust_students: bool = False
    force: bool = False
    feedback: bool = True
    tell: Tell = lambda step, done, of: None

    def grade(self, workers: Callable[[], Workers]) -> Summary:
        """Grade; run again after any interruption, it goes on.

        Args:
            workers: makes who executes; not called if nothing is to be executed.

        Raises:
            CourseError: nothing can be graded: unknown lesson or student, no submissions, no sandbox, a
                locked gradebook, a scheduler that does not answer, …
        """
        started = time.monotonic()
        with self.ready() as (nbgrader, folders, sandbox):
            found = Outcomes()
            self._take_in(folders, found)
            nbgrader.wait_for_gradebook()
            rows: dict[str, Row] = {}
            # Closed at once when nbgrader is interrupted: whoever executes must end with it.
            with contextlib.closing(self._execute(folders, sandbox, workers, found)) as executed:
                for student in executed:  # while the next ones are executed
                    rows[student] = self._row(nbgrader, student, found)
            for student in [name for name in folders if name not in rows]:
                self.tell("gradebook", len(rows), len(folders))
                rows[student] = self._row(nbgrader, student, found)
        seconds = time.monotonic() - started
        in_order = [rows[student] for student in folders]
        return Summary(lesson=self.lesson, sandbox=sandbox, rows=in_order, seconds=seconds)

    @contextlib.contextmanager
    def ready(self) -> Iterator[tuple[NbgraderCourse, dict[str, Path], str]]:
        """Everything is there that grading needs, and nobody else is grading this course.

        Yields:
            nbgrader for this course, the folder that each student handed in, the sandbox's name.

        Raises:
            CourseError: something is missing; the sentence says what.
        """
        sandbox = str(choose(self.sandbox, self.trust_students))
        nbgrader = self._nbgrader(sandbox)
        with alone(self.course):
            folders = self._folders(nbgrader)
            nbgrader.enter(self.lesson)
            yield nbgrader, folders, sandbox

    def _nbgrader(self, sandbox: str) -> NbgraderCourse:
        if found := _PATTERN.search(str(self.course)):
            raise CourseError(
                f"The course's folder {self.course} has {found[0]!r} in its path, which nbgrader takes "
                f"for a pattern: rename it, or move the course."
            )
        known = lesson_ids(self.course / "solutions") if (self.course / "solutions").is_dir() else []
        if self.lesson not in known:
            if not known:
                raise CourseError(f"{self.course} holds no lessons: run this in the course's folder.")
            raise CourseError(f"There is no lesson {self.lesson!r}{did_you_mean(self.lesson, known)}")
        settings = {
            "sandbox": sandbox,
            "trust_students": self.trust_students,
            "cell_seconds": self.limits.cell_seconds,
            "notebook_seconds": self.limits.notebook_seconds,
            "memory_gib": self.limits.data_bytes // GIB,
        }
        return NbgraderCourse(self.course, SandboxedExecute=settings)

    def _folders(self, nbgrader: NbgraderCourse) -> dict[str, Path]:
        found = nbgrader.submitted(self.lesson)
        if not found:
            raise CourseError(
                f"There are no submissions of {self.lesson}: put them at submitted/<student>/{self.lesson}/, "
                f"or let `grader collect` do that."
            )
        for student in self.students:
            if student not in found:
                raise CourseError(
                    f"{student} handed nothing in for {self.lesson}{did_you_mean(student, found)}"
                )
        return {student: found[student] for student in found if not self.students or student in self.students}

    def _take_in(self, folders: dict[str, Path], found: Outcomes) -> None:
        self.tell("intake", 0, len(folders))
        for number, (student, intake) in enumerate(
            take_in_all(self.course, self.lesson, list(folders.values())), start=1
        ):
            if isinstance(intake, Exception):
                found.failed[student] = keep_failure(self.course, self.lesson, student, intake)
            elif sign := _PATTERN.search(student):
                found.failed[student] = (
                    f"The folder submitted/{student} has {sign[0]!r} in its name, which nbgrader "
                    f"takes for a pattern: rename it."
                )
            self.tell("intake", number, len(folders))
        self.tell("the lesson's own training", 0, 1)
        make_lesson_checkpoints(LessonFolder(self.lesson, self.course))

    def _execute(
        self, folders: dict[str, Path], sandbox: str, workers: Callable[[], Workers], found: Outcomes
    ) -> Generator[str]:
        """Execute what is missing in the spool; each is stored as soon as it ends.

        Yields:
            whose job ended, in that order; not those who needed none, or for whom none could be made.

        Raises:
            CourseError: the untouched release does not run here: then nothing is stored.
        """
        spool = Spool(GradingFolder(self.course))
        self.tell("execution", 0, len(folders))
        waiting = self._not_executed_yet(folders, sandbox, spool, found)
        first = next(waiting, None)
        if first is None:
            return
        untouched = preflight_job(self.course, self.lesson, limits=self.limits, sandbox=sandbox)
        with workers() as crew:
            outcomes = crew.run(itertools.chain([untouched, first], waiting))
            doubtful = []
            for job, outcome in once_the_lesson_runs(self.lesson, outcomes):
                if is_in_doubt(self.course, job, outcome):
                    doubtful.append(job.student)
                    continue
                found.keep(self.course, job, outcome, spool)
                self.tell("execution", found.done, len(folders))
                yield job.student
            if doubtful:
                again = (self.job(student, sandbox) for student in doubtful)
                for job, outcome in beside_the_release(crew.run(itertools.chain([untouched], again))):
                    found.keep(self.course, job, outcome, spool)
                    self.tell("execution", found.done, len(folders))
                    yield job.student

    def _not_executed_yet(
        self, folders: dict[str, Path], sandbox: str, spool: Spool, found: Outcomes
    ) -> Iterator[SubmissionJob]:
        """Prepare each submission, once, when a worker is free; give those that the spool does not hold.

        A job is let go once it is executed, since a class of them is large. What replaying it needs is kept.
        """
        for student in folders:
            if student in found.failed:
                continue
            try:
                job = self.job(student, sandbox)
                found.prepared[student] = job.prepared()
            except CourseError:
                raise
            except Exception as error:  # one student's files, or a check that cannot ask, never end the class
                found.failed[student] = keep_failure(self.course, self.lesson, student, error)
                continue
            if self.force:
                spool.remove(job.key)
            if spool.get(job.key) is None:
                yield job
            else:
                found.stored += 1
                self.tell("execution", found.done, len(folders))

    def job(self, student: str, sandbox: str) -> SubmissionJob:
        """What is to be executed for a student who was taken in."""
        clean = GradingFolder(self.course).intake / student / self.lesson / NOTEBOOK
        notebook = transplant(read_clean_notebook(clean), skeleton(LessonFolder(self.lesson, self.course)))
        return prepare_job(self.course, self.lesson, student, notebook, limits=self.limits, sandbox=sandbox)

    def _row(self, nbgrader: NbgraderCourse, student: str, found: Outcomes) -> Row:
        """A student's row of the summary, once nbgrader has graded what was executed."""
        try:
            if problem := found.failed.get(student) or self._graded(nbgrader, student, found):
                return Row(student=student, state="failed", reasons=[problem])
            row = read_row(nbgrader, self.lesson, student, student in found.executed)
            row.feedback_problem = found.without_feedback.get(student)
            return row
        except Exception as error:
            problem = keep_failure(self.course, self.lesson, student, error)
            return Row(student=student, state="failed", reasons=[problem])

    def _graded(self, nbgrader: NbgraderCourse, student: str, found: Outcomes) -> str | None:
        """Let nbgrader grade what was executed; why it could not."""
        problem = nbgrader.autograde(self.lesson, student, found.prepared[student])
        if problem is None and self.feedback and (told := nbgrader.generate_feedback(self.lesson, student)):
            found.without_feedback[student] = told  # her marks are written, whatever becomes of the page
        return problem
