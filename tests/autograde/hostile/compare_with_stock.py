"""The hostile suite graded by stock nbgrader and by this course: a report, not a test.

    python -m tests.autograde.hostile.compare_with_stock --write

Everything hostile runs in the wrapper of ``tests/sandbox/contained.py``, stock nbgrader with it. Each student
is graded by stock nbgrader alone, in a course of her own, so that one cannot spoil the next one's row.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from nbgrader import __version__ as nbgrader_version
from rich.progress import track

from grader.authoring import LessonFolder, build_lesson
from grader.autograde.execute.workers import cores
from grader.course import ROOT
from tests.autograde.hostile.cases import CASES, LESSON, Case
from tests.autograde.hostile.hostile_class import (
    SECONDS,
    Graded,
    fingerprints,
    grade,
    hand_in,
    hostile,
    lay_out,
)
from tests.conftest import lay_out_small_course
from tests.sandbox.contained import contained

PAGE = ROOT / "solutions" / "compared_with_stock.md"
STOCK_SECONDS = 60  # then whatever still runs is ended; the honest notebook takes a few
CONFIG = f"""
c = get_config()
c.CourseDirectory.source_directory, c.CourseDirectory.release_directory = "solutions", "notebooks"
c.CourseDirectory.ignore = ["lesson.py", "quiz.yaml", "answers.py", "__pycache__", ".*"]
c.Execute.timeout, c.Execute.interrupt_on_timeout = {SECONDS}, True
"""
SCORES = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as gradebook:
    print("SCORE", gradebook.find_submission(sys.argv[1], sys.argv[2]).score)
"""


@dataclass(frozen=True)
class Stock:
    """What stock nbgrader made of one hostile submission.

    Attributes:
        points: in its gradebook, ``None`` where it has none.
        reached: what the code got at that is the instructor's, by its own report.
        changed: files of the instructor's that are different afterwards.
        ended: how the command ended.
    """

    points: float | None
    reached: bool
    changed: int
    ended: str

    @property
    def harm(self) -> list[str]:
        """In words."""
        told = ["reads or reaches what is the instructor's"] if self.reached else []
        told += ["changes the instructor's files"] if self.changed else []
        return told + ([self.ended] if self.ended else [])


def course_of_one_lesson(folder: Path) -> Path:
    """Built and released, with this course's configuration."""
    root = lay_out_small_course(folder / "course")
    build_lesson(LessonFolder(LESSON, root))
    _nbgrader(root, "generate_assignment", LESSON, "--force")
    return root


def _nbgrader(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=root, check=True, capture_output=True)


def by_stock(course: Path, released: Path, folder: Path, number: int, case: Case) -> Stock:
    """Grade one of the class with stock nbgrader: made from this course's release, as on the other side."""
    student = hostile(number, case)
    root = folder / f"stock-{number}"
    shutil.copytree(course, root)
    hand_in(root, number, case, released)
    before = fingerprints(root)
    words = f'"{sys.executable}" -P -m nbgrader autograde {LESSON} --student {student}; echo EXIT $?; '
    words += f"\"{sys.executable}\" -P -c '{SCORES}' {LESSON} {student}"
    mark = {"HOSTILE_TEST_MARK": "secret of the instructor"}
    try:
        done = contained(["sh", "-c", words], writable=[root], timeout=STOCK_SECONDS, environment=mark)
    except pytest.fail.Exception:
        return Stock(None, False, _changed(root, before), f"still runs after {STOCK_SECONDS} s")
    score = re.search(r"SCORE (\S+)", done.stdout)
    code = re.search(r"EXIT (\d+)", done.stdout)
    ended = "" if code and code[1] == "0" else "the command fails"
    return Stock(float(score[1]) if score else None, _reached(root, student), _changed(root, before), ended)


def _changed(root: Path, before: dict[str, str]) -> int:
    after = fingerprints(root)
    return len({path for path in before.keys() | after.keys() if before.get(path) != after.get(path)})


def _reached(root: Path, student: str) -> bool:
    """In outputs of the graded notebook; sources, and tracebacks that show them, name it too."""
    for path in (root / "autograded" / student).rglob("*.ipynb"):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (ValueError, KeyError, OSError):
            continue
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        if any("BREACH" in json.dumps(output | {"traceback": []}) for output in outputs):
            return True
    return False


def page(stock: list[Stock], ours: Graded, changed: int) -> str:
    """Markdown: the counts, then a row a case. ``changed``: the instructor's files that ours changed."""
    reached = sum(_reached(ours.root, hostile(number, case)) for number, case in enumerate(CASES))
    ours_rows = [ours.rows[hostile(number, case)] for number, case in enumerate(CASES)]
    earned = [s.points or 0 for s in stock]
    above = sum(points > case.allowed for points, case in zip(earned, CASES, strict=True))
    ours_above = sum(row["points"] > case.allowed for row, case in zip(ours_rows, CASES, strict=True))
    states = Counter(row["state"] for row in ours_rows)
    lines = [
        "# The hostile suite: stock nbgrader and this course",
        "",
        "Written by `python -m tests.autograde.hostile.compare_with_stock --write`, never by hand. "
        f"{len(CASES)} submissions without an answer, each of which tries something; nbgrader "
        f"{nbgrader_version} alone on the left, this course's grading on the right. The same notebooks and "
        "checks on both sides; a guess that a quiz cannot tell from knowledge may earn its points. Forged "
        "evidence attacks this course's judge alone: stock nbgrader has none, it believes the cell of the "
        "check.",
        "",
        "| | stock nbgrader | this course |",
        "|---|---|---|",
        f"| points that were not earned | {above} of {len(CASES)} submissions | {ours_above} |",
        f"| reads or reaches what is the instructor's | {sum(s.reached for s in stock)} | {reached} |",
        f"| changes the instructor's files | {sum(s.changed > 0 for s in stock)} | {changed} |",
        f"| the command fails or has to be ended | {sum(bool(s.ended) for s in stock)} | "
        f"{int(ours.code != 0)} |",
        "",
        "Zeros on the right are asserted by `tests/autograde/hostile/test_hostile_class.py`, "
        "together with the marks of the honest neighbours. States there: "
        + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        + ".",
        "",
        "| submission | stock: points | stock: harm | here: points | here: what the summary says |",
        "|---|---|---|---|---|",
    ]
    for case, theirs, row in zip(CASES, stock, ours_rows, strict=True):
        points = "none" if theirs.points is None else f"{theirs.points:g}"
        reasons = (row["reasons"] or [row["state"]])[0].replace("|", "/").replace("\n", " ")
        harm = "; ".join(theirs.harm)
        lines.append(f"| {case.name} | {points} | {harm} | {row['points']:g} | {reasons[:110]} |")
    return "\n".join(lines) + "\n"


def main(
    write: Annotated[bool, typer.Option(help=f"Write {PAGE.relative_to(ROOT)}.")] = False,
    first: Annotated[int, typer.Option(help="Only so many cases.")] = len(CASES),
) -> None:
    """Grade all of them both ways."""
    del CASES[first:]
    with tempfile.TemporaryDirectory() as folder:
        root = course_of_one_lesson(Path(folder))
        stock_course = Path(folder, "for-stock")
        shutil.copytree(root, stock_course)
        (stock_course / "nbgrader_config.py").write_text(CONFIG)
        (stock_course / "gradebook.db").unlink(missing_ok=True)
        _nbgrader(stock_course, "db", "assignment", "add", LESSON)
        _nbgrader(stock_course, "generate_assignment", LESSON, "--force")
        released = root / "notebooks" / LESSON
        with ThreadPoolExecutor(cores()) as pool:
            graded = [
                pool.submit(by_stock, stock_course, released, Path(folder), number, case)
                for number, case in enumerate(CASES)
            ]
            stock = [one.result() for one in track(graded, "stock nbgrader", disable=not sys.stderr.isatty())]
        lay_out(root)
        before = fingerprints(root)
        ours = grade(root, timeout=1200)
        text = page(stock, ours, _changed(root, before))
    if write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    typer.run(main)
