"""``grader autograde``, ``recheck`` and ``collect``: what an instructor does with a class."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.course import lesson_ids
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK, LessonFolder
from grader.nearest_name import did_you_mean

INTERRUPTED = 130  # exit status, as shells have it for SIGINT

Lesson = Annotated[str, typer.Argument(help="Such as 02_freezing.")]
Students = Annotated[list[str] | None, typer.Argument(metavar="[STUDENT]...", help="All if none is named.")]
NumberOfWorkers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Kernels at once; by default one a core.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Of a running Dask cluster, such as tcp://10.0.0.1:8786."),
]
SandboxName = Annotated[
    str,
    typer.Option(
        "--sandbox", help="auto, namespaces, landlock, bwrap, docker or podman; auto: the strongest."
    ),
]
TrustStudents = Annotated[
    bool,
    typer.Option("--trust-students", help="Grade even without a sandbox: their code can do what you can."),
]
TimeLimit = Annotated[float, typer.Option("--time-limit", min=1, help="Seconds that one notebook may run.")]
Memory = Annotated[int, typer.Option("--memory", min=2, help="GiB that one kernel may have.")]
ForceExecution = Annotated[bool, typer.Option("--force", help="Execute again what was executed already.")]
WithoutFeedback = Annotated[bool, typer.Option("--no-feedback", help="Do not make the pages for students.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def autograde(
    lesson: Lesson,
    students: Students = None,
    workers: NumberOfWorkers = None,
    scheduler: Scheduler = None,
    sandbox: SandboxName = "auto",
    trust_students: TrustStudents = False,
    time_limit: TimeLimit = 1800.0,
    memory: Memory = 4,
    force: ForceExecution = False,
    no_feedback: WithoutFeedback = False,
    as_json: AsJson = False,
) -> None:
    """Grade a lesson of a class. Interrupted, the same command goes on where it was."""
    # Imported here: they take seconds, which `--help` should not.
    from grader.autograde.execute.workers import DaskWorkers, LocalWorkers
    from grader.autograde.run.class_run import ClassRun
    from grader.sandbox import Limits
    from grader.sandbox.limits import GIB

    if workers and scheduler:
        raise CourseError("Give --workers or --scheduler, not both: a cluster has its own workers.")
    limits = Limits(notebook_seconds=time_limit, cell_seconds=min(600.0, time_limit), data_bytes=memory * GIB)
    kept = (
        "What was executed is kept, and marks that are in the gradebook stay there: the same command goes on"
    )
    with _told(f"{kept} where it was."), _ProgressBar(as_json) as tell:
        run = ClassRun(
            Path.cwd(),
            lesson,
            tuple(students or ()),
            limits=limits,
            sandbox=sandbox,
            trust_students=trust_students,
            force=force,
            feedback=not no_feedback,
            tell=tell,
        )
        summary = run.grade(lambda: DaskWorkers(scheduler) if scheduler else LocalWorkers(workers))
    _show(summary, as_json)


def recheck(
    lesson: Lesson,
    students: Students = None,
    time_limit: TimeLimit = 1800.0,
    memory: Memory = 4,
    no_feedback: WithoutFeedback = False,
    as_json: AsJson = False,
) -> None:
    """Judge the stored evidence of a class again, after a judge was corrected. Executes nothing.

    Give the same --time-limit and --memory as to autograde, if you gave it any.
    """
    from grader.autograde.run.class_run import ClassRun
    from grader.autograde.run.recheck import recheck as judge_again
    from grader.sandbox import Limits
    from grader.sandbox.limits import GIB

    limits = Limits(notebook_seconds=time_limit, cell_seconds=min(600.0, time_limit), data_bytes=memory * GIB)
    kept = "The gradebook holds all of the new marks or none: the same command makes it whole."
    with _told(kept), _ProgressBar(as_json) as tell:
        run = ClassRun(
            Path.cwd(), lesson, tuple(students or ()), limits=limits, feedback=not no_feedback, tell=tell
        )
        summary = judge_again(run)
    _show(summary, as_json)


def collect(
    lesson: Lesson,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DOWNLOAD]",
            help="A zip, or a folder, as downloaded from a learning platform; with --exchange its folder.",
        ),
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="A CSV file of the class, Moodle's worksheet or Canvas's gradebook.")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Collect from nbgrader's exchange, by the folders' owners.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Lay out submissions for nbgrader. Nothing is dropped: what is doubtful is listed."""
    with _told("What is laid out stays, and nothing is lost: the same command goes on."):
        _collect(lesson, source, roster, exchange, dry_run)


def _collect(lesson: str, source: Path | None, roster: Path | None, exchange: bool, dry_run: bool) -> None:
    from grader.submissions.collect import collect as lay_out
    from grader.submissions.collected_tables import show

    course, known = Path.cwd(), lesson_ids(Path.cwd() / "solutions")
    if known and lesson not in known:
        raise CourseError(f"There is no lesson {lesson!r}{did_you_mean(lesson, known)}")
    submitted = course / "submitted"
    if exchange:
        from nbgrader.exchange.default.exchange import Exchange

        from grader.autograde.run.nbgrader_course import NbgraderCourse
        from grader.submissions.exchange import collect_exchange, inbound

        configured = NbgraderCourse(course)
        root = source or Path(Exchange(coursedir=configured.coursedir, config=configured.config).root)
        inbox = inbound(root, configured.coursedir.course_id)
        collected = collect_exchange(inbox, lesson, submitted, roster=roster, dry_run=dry_run)
    elif source is None:
        raise CourseError("Name the zip or the folder that you downloaded, or collect with --exchange.")
    else:
        from grader.submissions.which_notebook import cells_of

        solution = LessonFolder(lesson, course).solution / NOTEBOOK
        cells = cells_of(solution.read_bytes()) if solution.is_file() else None
        collected = lay_out(source, lesson, submitted, roster=roster, dry_run=dry_run, cells=cells or None)
    show(collected, Console())


@contextlib.contextmanager
def _told(what_is_kept: str) -> Iterator[None]:
    """Ctrl-C is no accident: say what became of the work, and end as a program that was interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. {what_is_kept}", err=True)
        raise typer.Exit(INTERRUPTED) from None


class _ProgressBar:
    """A progress bar with the time left; nothing where the output is for programs."""

    def __init__(self, as_json: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=as_json), transient=True)

    def __enter__(self) -> Callable[[str, int, int], None]:
        self._progress.start()
        self._task = self._progress.add_task("", total=None)
        self._step = ""
        return self._tell

    def __exit__(self, *_: Any) -> None:
        self._progress.stop()

    def _tell(self, step: str, done: int, of: int) -> None:
        if step != self._step:  # the time left is that of the step
            self._progress.remove_task(self._task)
            self._task, self._step = self._progress.add_task(step, total=of), step
        self._progress.update(self._task, completed=done, total=of)


def _show(summary: Any, as_json: bool) -> None:
    from grader.autograde.run.summary import as_json as to_json
    from grader.autograde.run.summary import show

    if as_json:
        typer.echo(to_json(summary))
    else:
        show(summary, Console())
    if summary.failed:
        raise typer.Exit(1)
