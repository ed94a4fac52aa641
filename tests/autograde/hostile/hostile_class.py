"""Lay out a class in which hostile students stand between honest ones, and grade it, contained."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tests.autograde.hostile.cases import CASES, LESSON, RESOURCES, Case
from tests.sandbox.contained import contained

SECONDS = 10  # that a notebook may run


@dataclass(frozen=True)
class Graded:
    """What the instructor sees.

    Attributes:
        rows: of the command's summary, by student.
        code: exit status of the command.
        said: its error stream.
    """

    root: Path
    rows: dict[str, dict]
    code: int
    said: str


def honest(number: int) -> str:
    """Name of the honest student before the hostile one of this number."""
    return f"{number:03d}-a-honest"


def hostile(number: int, case: Case) -> str:
    """Name of the hostile student."""
    return f"{number:03d}-b-{case.name}"


def neighbours(cases: list[Case] = CASES) -> list[int]:
    """Numbers of the honest students.

    One before and after each case that acts on the machine. Of those that change a notebook, which no kernel
    but their own reads, one before every fourth.
    """
    after = [number for number in range(len(cases) + 1) if number % 4 == 0 or number >= RESOURCES]
    return sorted({*after, len(cases)})


def lay_out(root: Path, cases: list[Case] = CASES) -> None:
    """Hand in: the hostile in their order, with honest ones between them; the last is honest."""
    for number in neighbours(cases):
        folder = root / "submitted" / honest(number) / LESSON
        folder.mkdir(parents=True)
        shutil.copy(root / "solutions" / LESSON / "lesson.ipynb", folder)
    for number, case in enumerate(cases):
        hand_in(root, number, case)


def hand_in(root: Path, number: int, case: Case, release: Path | None = None) -> None:
    """One hostile submission, made from ``release`` or else from the course's own."""
    release = release or root / "notebooks" / LESSON
    folder = root / "submitted" / hostile(number, case) / LESSON
    shutil.copytree(release, folder)
    content = json.loads((folder / "lesson.ipynb").read_text(encoding="utf-8"))
    (folder / "lesson.ipynb").unlink()
    case.change(content, folder)
    if content:
        text = json.dumps(content)
        (folder / "lesson.ipynb").write_text(text, encoding="utf-8", errors="surrogatepass")


def grade(root: Path, sandbox: str = "auto", timeout: float = 600) -> Graded:
    """The instructor's own command, inside the wrapper."""
    words = [sys.executable, "-P", "-m", "grader.cli", "autograde", LESSON, "--json", "--no-feedback"]
    # More at once than cores: many of them wait until their time is over.
    words += ["--workers", "4", "--sandbox", sandbox, "--time-limit", str(SECONDS), "--memory", "2"]
    mark = {"HOSTILE_TEST_MARK": "secret of the instructor"}
    done = contained(words, writable=[root], timeout=timeout, environment=mark)
    return Graded(root, _rows(done), done.returncode, done.stderr)


def _rows(done: subprocess.CompletedProcess[str]) -> dict[str, dict]:
    try:
        return {row["student"]: row for row in json.loads(done.stdout)["rows"]}
    except (ValueError, KeyError):
        raise AssertionError(f"no summary: {done.stdout[-2000:]}\n{done.stderr[-4000:]}") from None


def graded_notebook(root: Path, student: str) -> nbformat.NotebookNode:
    """What nbgrader keeps, and formgrader shows."""
    return nbformat.read(root / "autograded" / student / LESSON / "lesson.ipynb", as_version=4)


def fingerprints(root: Path) -> dict[str, str]:
    """Of everything that is the instructor's."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("solutions", "notebooks", "nbgrader_config.py")
        for path in ([root / folder] if (root / folder).is_file() else sorted((root / folder).rglob("*")))
        if path.is_file()
    }
