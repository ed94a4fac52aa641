"""Execute a submission where it can do no harm, or take what was executed already."""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Instance, Integer, Unicode

from grader.autograde.course_config import Submission, submission_of
from grader.autograde.execute.bounded_client import with_outputs
from grader.autograde.execute.execute_submission import execute
from grader.autograde.execute.preflight import insist_on_passing, insist_on_sound, is_doubtful, preflight_job
from grader.autograde.execute.spool import Spool
from grader.autograde.execute.submission_job import PreparedJob, prepare_job, sources_sha
from grader.autograde.execution import Execution
from grader.autograde.grading_folder import GradingFolder
from grader.sandbox import Limits, choose
from grader.sandbox.limits import GIB

_PASSED: set[tuple[Path, str, str]] = set()  # course, lesson, sandbox of releases that ran in this process


class SandboxedExecute(NbGraderPreprocessor):
    """Stands in ``Autograde.autograde_preprocessors`` in the place of ``Execute``."""

    sandbox = Unicode(
        "auto",
        help="How student code is confined: auto, namespaces, landlock, bwrap, docker or podman. auto takes "
        "the strongest that works, and refuses to grade if none does.",
    ).tag(config=True)
    trust_students = Bool(
        False, help="Grade even where no sandbox works. For students whose code you would run yourself."
    ).tag(config=True)
    cell_seconds = Float(600, help="Seconds that one cell may run.").tag(config=True)
    notebook_seconds = Float(1800, help="Seconds that one notebook may run.").tag(config=True)
    memory_gib = Integer(4, help="GiB of data that a process may have; PyTorch needs 2.").tag(config=True)
    prepared = Instance(
        PreparedJob,
        allow_none=True,
        help="Of this submission, from a class run that prepared it before.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Fill in the outputs; the execution itself goes on to the judge in ``resources``."""
        submission = submission_of(resources, self.config)
        spool = Spool(GradingFolder(submission.course))
        execution, prepared = None, self.prepared
        if prepared is not None and prepared.sources == sources_sha(nb):
            execution = spool.get(prepared.key)
        if prepared is None or execution is None:
            execution, prepared = self._executed(nb, submission, spool)
        with_outputs(nb, execution.cells)
        resources["finetuning_course"] = {"execution": execution, "challenges": prepared.challenges}
        return nb, resources

    def _executed(
        self, nb: NotebookNode, submission: Submission, spool: Spool
    ) -> tuple[Execution, PreparedJob]:
        """From the spool, or executed now."""
        sandbox = choose(self.sandbox, self.trust_students)
        job = prepare_job(
            submission.course,
            submission.lesson,
            submission.student,
            nb,
            limits=self.limits(),
            sandbox=str(sandbox),
        )
        execution = spool.get(job.key)
        if execution is None:
            self.log.info("Executing %s in the sandbox %s", submission.student, sandbox)
            self._preflight(submission, job.sandbox)
            execution = execute(job)
            if is_doubtful(nb, submission.folder, execution):
                _PASSED.clear()  # does the lesson still run?
                self._preflight(submission, job.sandbox)
                execution = execute(job)
            insist_on_sound(nb, submission.folder, execution)
            spool.put(execution)
        return execution, job.prepared()

    def _preflight(self, submission: Submission, sandbox: str) -> None:
        """The untouched release, once a process: the stock command grades a class in one."""
        if (key := (submission.course, submission.lesson, sandbox)) not in _PASSED:
            limits = self.limits()
            untouched = preflight_job(submission.course, submission.lesson, limits=limits, sandbox=sandbox)
            insist_on_passing(submission.lesson, execute(untouched))
            _PASSED.add(key)

    def limits(self) -> Limits:
        """The configured limits."""
        return Limits(
            cell_seconds=self.cell_seconds,
            notebook_seconds=self.notebook_seconds,
            data_bytes=self.memory_gib * GIB,
        )
