"""What an instructor's machine offers for grading a class."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grader.doctor.diagnosis import Diagnosis, Status
from grader.doctor.packages import declared
from grader.errors import CheckBroken, CourseError


def grading() -> list[Diagnosis]:
    """Sandboxes, the limit on memory, and how many kernels run at once."""
    if absent := [one.name for one in declared("grading") if not _is_installed(one.name)]:
        remedy = "to grade a class, type `pip install -e '.[grading]'` in the course's folder"
        text = f"students do not need it; {remedy} ({', '.join(absent)} not installed)."
        return [Diagnosis(Status.GOOD, "grading", text)]
    # Imported here: a student's doctor need not wait for the trials.
    from grader.autograde.execute.workers import cores
    from grader.sandbox import available
    from grader.sandbox.cgroup import describe

    found = available()
    working = [str(sandbox) for sandbox, problem in found.items() if problem is None]
    missing = "; ".join(f"{sandbox}: {problem}" for sandbox, problem in found.items() if problem is not None)
    if working:
        text = f"{working[0]} will confine student code; working here: {', '.join(working)}."
        status = Status.GOOD
    else:
        text = f"no sandbox works, so a class cannot be graded here: {missing}."
        status = Status.WARNING  # lessons run all the same
    trial = (
        [_the_lesson_runs(working[0])] if working and (Path.cwd() / "nbgrader_config.py").is_file() else []
    )
    return [
        Diagnosis(status, "grading: sandbox", text),
        *trial,
        Diagnosis(Status.GOOD, "grading: limits", f"{describe()}."),
        Diagnosis(Status.GOOD, "grading: workers", f"{cores()} kernels at once, one thread each."),
    ]


def _the_lesson_runs(sandbox: str) -> Diagnosis:
    """The first lesson's untouched release, as before each class: nothing can be graded where it fails."""
    from grader.autograde.execute.execute_submission import execute
    from grader.autograde.execute.preflight import insist_on_passing, preflight_job
    from grader.course import lesson_ids
    from grader.sandbox import Limits

    subject, course = "grading: trial", Path.cwd()
    try:
        lesson = lesson_ids(course / "solutions")[0]
        limits = Limits(cell_seconds=120, notebook_seconds=300)
        insist_on_passing(lesson, execute(preflight_job(course, lesson, limits=limits, sandbox=sandbox)))
    except (CourseError, CheckBroken, IndexError) as problem:
        return Diagnosis(Status.BAD, subject, str(problem))
    return Diagnosis(Status.GOOD, subject, f"the untouched release of {lesson} runs in the sandbox.")


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
