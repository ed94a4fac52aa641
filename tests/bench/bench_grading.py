"""Grading a class: ours against stock nbgrader, growth, recheck, and what a sandboxed kernel costs.

    python tests/bench/bench_grading.py
    python tests/bench/bench_grading.py --only growth

All in one run on one machine. One student in ten forges the verdict, which harms nothing but her marks; what
attacks the machine runs in the tests, inside their wrapper.
"""

import asyncio
import copy
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from unittest import mock

import nbformat
import psutil
import typer
from measuring import print_table
from nbclient import NotebookClient
from nbgrader.api import Gradebook

from grader.autograde.execute.lesson_checkpoints import make_lesson_checkpoints
from grader.autograde.execute.workers import DaskWorkers, LocalWorkers, Workers
from grader.autograde.run.class_run import ClassRun
from grader.autograde.run.recheck import recheck
from grader.autograde.run.summary import Summary
from grader.course import ROOT
from grader.lesson_folder import LessonFolder
from grader.sandbox import Limits, Sandbox, available, open_kernel
from grader.sandbox.kernel import fork_server

LESSON, LIGHT = "02_freezing", "00_start_here"
STOCK = """
c = get_config()
c.CourseDirectory.source_directory, c.CourseDirectory.release_directory = "solutions", "notebooks"
c.CourseDirectory.ignore = ["lesson.py", "quiz.yaml", "answers.py", "__pycache__", ".*"]
c.Execute.timeout = 600
"""
FORGES = 8
PARTS = ("class", "growth", "recheck", "kernel")


def lay_out(folder: Path, lesson: str, students: int) -> Path:
    """A released course with a class: right, half right and wrong answers in turn."""
    root = folder / f"{lesson}-{students}"
    for name in ("solutions", "notebooks"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbgrader(root, "generate_assignment", lesson, "--force")
    right = nbformat.read(root / "solutions" / lesson / "lesson.ipynb", as_version=4)
    empty = nbformat.read(root / "notebooks" / lesson / "lesson.ipynb", as_version=4)
    for number in range(students):
        target = root / "submitted" / f"{number:03d}" / lesson
        shutil.copytree(root / "notebooks" / lesson, target)
        nbformat.write(_submission(number, right, empty), target / "lesson.ipynb")
    return root


def _submission(
    number: int, right: nbformat.NotebookNode, empty: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """Of ten students five are right, two half right, one wrote nothing, one forges, one's answers raise."""
    notebook = copy.deepcopy(empty if number % 10 in (7, FORGES) else right)
    answers = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-answer")
    ]
    if number % 10 in (5, 6):
        answers[0].source = answers[0].source.split("\n")[0] + "\n    return None"
    elif number % 10 == FORGES:
        answers[0].source = "check = lambda *_: 3.0"
    elif number % 10 == 9:
        for answer in answers:
            answer.source = "def " + answer.source.split("def ")[1].split(":")[0] + ":\n    raise ValueError"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells.append(nbformat.v4.new_code_cell(f"# {number}"))
    return notebook


def nbgrader(root: Path, *words: str, check: bool = True) -> None:
    """A command of nbgrader's, as an instructor runs it."""
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(root / ".jupyter")}
    command = [sys.executable, "-m", "nbgrader", *words]
    subprocess.run(command, cwd=root, env=environment, check=check, capture_output=True)


def stock(source: Path, lesson: str) -> tuple[float, dict[str, float]]:
    """Seconds and marks of stock ``nbgrader autograde`` and ``generate_feedback`` on the same class."""
    root = source.with_name(f"{source.name}-stock")
    shutil.copytree(source, root, ignore=shutil.ignore_patterns(".grading", "autograded", "feedback"))
    (root / "nbgrader_config.py").write_text(STOCK)
    (root / "gradebook.db").unlink(missing_ok=True)
    nbgrader(root, "db", "assignment", "add", lesson)
    shutil.rmtree(root / "notebooks" / lesson)
    nbgrader(root, "generate_assignment", lesson, "--force")
    started = time.perf_counter()
    nbgrader(root, "autograde", lesson, check=False)  # it ends with 1 where one submission fails
    nbgrader(root, "generate_feedback", lesson, check=False)
    return time.perf_counter() - started, marks(f"sqlite:///{root}/gradebook.db", lesson)


def marks(database: str, lesson: str) -> dict[str, float]:
    """Scores by student."""
    with Gradebook(database) as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(lesson)}


def ours(source: Path, lesson: str, workers: Callable[[], Workers]) -> tuple[float, Summary]:
    """Seconds and summary of ``grader autograde`` on a fresh copy, the lesson's own training included."""
    root = Path(tempfile.mkdtemp(dir=source.parent)) / "course"
    shutil.copytree(source, root, ignore=shutil.ignore_patterns(".grading", "autograded", "feedback"))
    fork_server().stop()  # its start is part of the time
    started = time.perf_counter()
    summary = ClassRun(root, lesson, limits=Limits()).grade(workers)
    seconds = time.perf_counter() - started
    print(f"One class graded in {seconds:.1f} s.", flush=True)  # a later failure does not take it along
    return seconds, summary


def compare(folder: Path, students: int, lesson: str) -> None:
    """Stock and ours, side by side."""
    from distributed import LocalCluster

    root = lay_out(folder, lesson, students)
    runs: list[tuple[str, float, Summary]] = []
    for name, workers in (("1 worker", LocalWorkers(1)), ("2 workers", LocalWorkers(2))):
        runs.append((f"ours, {name}", *ours(root, lesson, lambda crew=workers: crew)))
    with (
        mock.patch.dict(os.environ),  # Dask leaves OMP_NUM_THREADS=1 there, and stock's kernels would have it
        LocalCluster(2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
    ):
        address = cluster.scheduler_address
        runs.append(("ours, Dask, 2 workers", *ours(root, lesson, lambda: DaskWorkers(address))))
    stock_seconds, stock_marks = stock(root, lesson)
    rows = [("stock nbgrader", f"{stock_seconds:.1f}", f"{60 * students / stock_seconds:.1f}", "1.0", "", "")]
    for name, seconds, summary in runs:
        kernels = sum(row.seconds for row in summary.rows)
        at_once = 1 if "1 worker" in name else 2
        floor = kernels / at_once / students
        rows.append(
            (
                name,
                f"{seconds:.1f}",
                f"{60 * students / seconds:.1f}",
                f"{stock_seconds / seconds:.1f}",
                f"{floor:.2f}",
                f"{seconds / students - floor:.2f}",
            )
        )
    columns = ["", "seconds", "a minute", "× stock", "kernels, s each", "above that, s each"]
    print_table(f"{students} submissions of {lesson}", columns, rows)
    forged = {f"{number:03d}" for number in range(students) if number % 10 == FORGES}
    first = _points(runs[0][2])
    same = all(first[student] == stock_marks.get(student) for student in first.keys() - forged)
    print(f"All our runs agree: {len({str(_points(summary)) for _, _, summary in runs}) == 1}.")
    print(f"Honest students get {'the same marks' if same else 'other marks'} as from stock nbgrader.")
    for student in sorted(forged):
        print(f"Forged by {student}: stock {stock_marks.get(student, 0):g} points, ours {first[student]:g}.")
    started = time.perf_counter()
    make_lesson_checkpoints(LessonFolder(lesson, root))
    print(f"The lesson's own training, once a class: {time.perf_counter() - started:.1f} s.")


def _points(summary: Summary) -> dict[str, float]:
    return {row.student: row.points for row in summary.rows}


def growth(folder: Path, counts: tuple[int, ...]) -> None:
    """Time a submission and memory of the grader, for classes of several sizes."""
    rows = []
    for count in counts:
        root = lay_out(folder, LIGHT, count)
        code = (
            "from pathlib import Path\n"
            "from grader.autograde.run.class_run import ClassRun\n"
            "from grader.autograde.execute.workers import LocalWorkers\n"
            f"ClassRun(Path({str(root)!r}), {LIGHT!r}).grade(lambda: LocalWorkers(2))\n"
            # Not ru_maxrss: a child process starts with the peak of its parent.
            "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
        )
        started = time.perf_counter()
        words = [sys.executable, "-c", code]
        done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=root)
        seconds = time.perf_counter() - started
        peak = int(done.stdout.split()[-1]) / 1024
        rows.append((f"{count} submissions", f"{seconds:.0f}", f"{seconds / count:.2f}", f"{peak:.0f}"))
    print_table(f"Growth: {LIGHT}, 2 workers", ["", "seconds", "s each", "grader's peak, MiB"], rows)


def rechecking(folder: Path, counts: tuple[int, ...]) -> None:
    """Seconds of judging stored evidence again; the largest class of ``growth`` if it is there."""
    count = counts[-1]
    root = folder / f"{LIGHT}-{count}"
    if not root.exists():
        root = lay_out(folder, LIGHT, count)
        ClassRun(root, LIGHT).grade(lambda: LocalWorkers(2))
    started = time.perf_counter()
    recheck(ClassRun(root, LIGHT))
    seconds = time.perf_counter() - started
    row = (f"{count} submissions", f"{seconds:.1f}", f"{1000 * seconds / count:.0f}")
    print_table("Recheck", ["", "seconds", "ms each"], [row])


def kernels(repeats: int) -> None:
    """An idle kernel from start to end in each sandbox, its memory, and the fork server's start."""
    fork_server().stop()
    started = time.perf_counter()
    asyncio.run(_idle(Sandbox.NONE))
    first = time.perf_counter() - started
    rows = []
    usable = [sandbox for sandbox, problem in available().items() if problem is None]
    for sandbox in (Sandbox.NONE, *usable):
        taken = []
        for _ in range(repeats):
            started = time.perf_counter()
            memory = asyncio.run(_idle(sandbox))
            taken.append(time.perf_counter() - started)
        rows.append((f"{sandbox}", f"{min(taken):.2f}", f"{memory / 2**20:.0f}"))
    title = "An idle kernel, start to end (the fastest run)"
    print_table(
        title,
        ["sandbox", "seconds", "own memory, MiB"],
        rows,
        note=f"The first, with the fork server's start: {first:.1f} s.",
    )


async def _idle(sandbox: Sandbox) -> int:
    """Bytes that the kernel has for itself (its unique set)."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    with tempfile.TemporaryDirectory() as scratch:
        async with open_kernel(sandbox, Path(scratch), Limits()) as manager:
            await NotebookClient(notebook, km=manager, timeout=60).async_execute()
            process = psutil.Process(manager.provisioner.pid)
            family = [process, *process.children(recursive=True)]
            return max(one.memory_full_info().uss for one in family)


def main(
    quick: Annotated[bool, typer.Option(help="Few and light submissions, to see that it runs.")] = False,
    students: Annotated[int, typer.Option(help="In the class that is compared with stock nbgrader.")] = 30,
    only: Annotated[str | None, typer.Option(help=f"One of {', '.join(PARTS)}.")] = None,
) -> None:
    """Print the tables."""
    chosen = PARTS if only is None else (only,)
    counts = (2,) if quick else (10, 100, 300)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; kernels of one thread each.")
    with tempfile.TemporaryDirectory() as folder:
        if "class" in chosen:
            compare(Path(folder, "compared"), 2 if quick else students, LIGHT if quick else LESSON)
        if "growth" in chosen:
            growth(Path(folder, "growth"), counts)
        if "recheck" in chosen:
            rechecking(Path(folder, "growth"), counts)
        if "kernel" in chosen:
            kernels(1 if quick else 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this program: {peak:.0f} MiB.")


if __name__ == "__main__":
    typer.run(main)
