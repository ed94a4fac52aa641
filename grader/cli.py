"""``grader``: build the lessons, check what is built, grade a class, look at progress and the environment."""

import functools
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from grader import class_commands
from grader.course import lesson_ids
from grader.errors import CourseError
from grader.late_iri_syntax import import_iri_syntax_late
from grader.nearest_name import did_you_mean

NEEDS_GRADING = (
    "To build lessons and to grade a class, type `pip install -e '.[grading]'` in the course's folder"
)
SLOW_CELL, SLOW_LESSON = 30.0, 90.0  # seconds that a lesson allows itself, on two cores

import_iri_syntax_late()  # before a command imports nbformat

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Lessons = Annotated[
    list[str] | None, typer.Argument(metavar="[LESSON]...", help="All lessons if none is named.")
]
Force = Annotated[bool, typer.Option("--force", help="Run the notebooks even if nothing changed.")]
WithholdFeedback = Annotated[
    bool,
    typer.Option("--withhold-feedback", help="For an examination: no key and no feedback leave solutions/."),
]
ListExercises = Annotated[bool, typer.Option("--list", help="Only list the exercises.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]


def _one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What the user can mend is one line on stderr and exit code 1, a missing package too."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except CourseError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("grader"):
                raise
            typer.echo(f"{NEEDS_GRADING} ({error.name} is missing).", err=True)
            raise typer.Exit(1) from None

    return wrapped


@app.command()
@_one_line_errors
def build(
    lessons: Lessons = None,
    force: Force = False,
    withhold_feedback: WithholdFeedback = False,
    list_exercises: ListExercises = False,
    as_json: AsJson = False,
) -> None:
    """Build lessons: run the solutions, then make the students' notebooks."""
    chosen = _choose(lessons)
    if list_exercises:
        _list_exercises(chosen, as_json)
        return
    # Imported here: nbgrader and the exercises take seconds, which `--help` should not.
    from grader.authoring import LessonFolder, build_lesson
    from grader.authoring.claims import write_claims_page
    from grader.authoring.glossary import write_glossary
    from grader.authoring.readme import write_readme_table

    console, results = Console(stderr=as_json), []
    for lesson in chosen:
        started = time.perf_counter()
        with _progress(console) as progress:
            task = progress.add_task(lesson, total=None, step="")
            built = build_lesson(
                LessonFolder(lesson),
                force=force,
                withhold_feedback=withhold_feedback,
                on_step=lambda step: progress.update(task, step=step),  # noqa: B023 - called within this turn
                on_cell=lambda done, total, _: progress.update(task, completed=done, total=total),  # noqa: B023
            )
            progress.update(task, step="done", total=1, completed=1)
        took = time.perf_counter() - started
        _tell(console, built, took)
        results.append(asdict(built) | {"total_seconds": took})
    if write_claims_page():
        console.print("claims.md renewed")
    if write_glossary():
        console.print("glossary.md renewed")
    if write_readme_table():
        console.print("README.md: table of exercises renewed")
    if as_json:
        typer.echo(json.dumps(results, indent=1))


@app.command()
@_one_line_errors
def check(lessons: Lessons = None) -> None:
    """Say which built files no longer follow from their sources; exit code 1 if there are any."""
    from grader.authoring import LessonFolder, stale
    from grader.authoring.claims import claims_page_is_stale
    from grader.authoring.glossary import glossary_is_stale
    from grader.authoring.readme import readme_is_stale

    sentences = [sentence for lesson in _choose(lessons) for sentence in stale(LessonFolder(lesson))]
    if claims_page_is_stale():
        sentences.append("solutions/claims.md no longer follows from claims.yaml: run `grader build`.")
    if glossary_is_stale():
        sentences.append("glossary.md no longer follows from solutions/glossary.yaml: run `grader build`.")
    if readme_is_stale():
        sentences.append("README.md's table of exercises is older than the exercises: run `grader build`.")
    for sentence in sentences:
        typer.echo(sentence, err=True)
    if sentences:
        raise typer.Exit(1)
    typer.echo("All built files follow from their sources.")


for command in (class_commands.autograde, class_commands.recheck, class_commands.collect):
    app.command()(_one_line_errors(command))


@app.command()
@_one_line_errors
def progress() -> None:
    """For a learner: the points that the lessons' saved notebooks show, and what is open."""
    from grader.progress import read_course

    encoding = sys.stdout.encoding or "utf-8"
    typer.echo(repr(read_course()).encode(encoding, "replace").decode(encoding))


@app.command()
@_one_line_errors
def reset(exercise: Annotated[str, typer.Argument(help="Such as freezing.freeze_backbone.")]) -> None:
    """For a learner: give an answer its released text again; the old answer stays below it, as a comment."""
    from grader.reset_answer import reset_answer

    path = reset_answer(exercise)
    typer.echo(
        f"{exercise} is as it was released, in {path}; your answer stands below it as a comment. "
        f"If the lesson is open, choose File > Reload Notebook from Disk before anything is saved."
    )


@app.command()
@_one_line_errors
def doctor() -> None:
    """Look at the environment and say what to mend; exit code 1 if the lessons would not run."""
    from grader.doctor import Status, examine

    diagnoses = examine()
    colours = {Status.GOOD: "green", Status.WARNING: "yellow", Status.BAD: "red"}
    table = Table(box=None, show_header=False)
    for diagnosis in diagnoses:
        mark = f"[{colours[diagnosis.status]}]{diagnosis.status}[/]"
        table.add_row(mark, diagnosis.subject, escape(diagnosis.sentence))
    Console().print(table)
    if any(diagnosis.status is Status.BAD for diagnosis in diagnoses):
        raise typer.Exit(1)


def _choose(lessons: list[str] | None) -> list[str]:
    """The named lessons, or all of them.

    Raises:
        CourseError: a name is unknown; the nearest is suggested.
    """
    known = lesson_ids()
    if not known:
        raise CourseError("Here is no course: run grader in the course's folder, which holds solutions/.")
    for lesson in lessons or []:
        if lesson not in known:
            raise CourseError(f"There is no lesson {lesson!r}{did_you_mean(lesson, known)}")
    return lessons or known


def _list_exercises(lessons: list[str], as_json: bool) -> None:
    from grader.exercises import all_exercises

    fields = ("lesson", "id", "signature", "points", "minutes")
    chosen = [exercise for exercise in all_exercises() if exercise.lesson in lessons]
    rows = [{field: _field(exercise, field) for field in fields} for exercise in chosen]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table(box=None)
    for field in fields[1:]:
        table.add_column(field, no_wrap=field == "id")
    # The lesson stands above its exercises: beside them there is no room for the signatures.
    for lesson in lessons:
        table.add_row(f"[bold]{lesson}[/]")
        for row in rows:
            if row["lesson"] == lesson:
                table.add_row(
                    *("not built" if row[field] is None else f"{row[field]}" for field in fields[1:])
                )
    Console().print(table)


def _field(exercise: Any, field: str) -> Any:
    """A quiz knows its points once it is built; until then ``None``."""
    try:
        value = getattr(exercise, field)
    except CourseError:
        return None
    return float(value) if field == "points" else value


def _progress(console: Console) -> Progress:
    columns = (
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        "{task.fields[step]}",
    )
    text = [TextColumn(column) if isinstance(column, str) else column for column in columns]
    return Progress(SpinnerColumn(), *text, console=console, transient=True)


def _tell(console: Console, built: Any, took: float) -> None:
    """One line a lesson, and the cells that break its time budget."""
    if not built.seconds:
        what = f"{len(built.changed)} files renewed, nothing to run" if built.changed else "nothing to do"
        console.print(f"{built.lesson}: {what} ({took:.1f} s)")
        return
    total = sum(built.seconds)
    each = " ".join(f"{seconds:.1f}" for seconds in built.seconds)
    console.print(
        f"{built.lesson}: {len(built.seconds)} cells ran in {total:.1f} s, {len(built.changed)} files changed"
    )
    console.print(f"  seconds of each cell: {each}")
    for number, seconds in enumerate(built.seconds, start=1):
        if seconds > SLOW_CELL:
            console.print(
                f"  [yellow]code cell {number} took {seconds:.0f} s; {SLOW_CELL:.0f} are allowed[/]"
            )
    if total > SLOW_LESSON:
        console.print(f"  [yellow]the lesson took {total:.0f} s; {SLOW_LESSON:.0f} are allowed[/]")


if __name__ == "__main__":
    app()
