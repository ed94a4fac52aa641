"""Build one lesson from its sources to the students' release."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.atomic_write import write_atomically
from grader.authoring.execute import OnCell, execute
from grader.authoring.normalise import normalise
from grader.authoring.published import published_files, quiz_text, renewed_checks_text
from grader.authoring.release import write_release
from grader.authoring.source import read_lesson
from grader.authoring.stamp import METADATA_KEY, has_stamp, stamp_of
from grader.lesson_folder import NOTEBOOK, QUESTIONS, QUIZ, LessonFolder
from grader.quiz.quiz_file import load_quiz, recalled_questions


@dataclass(frozen=True)
class Built:
    """What a build did: seconds of each code cell (empty if nothing ran), and the files that changed."""

    lesson: str
    seconds: list[float] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def executed(self) -> bool:
        """Did the notebook run, or was the built one still right?"""
        return bool(self.seconds)


def build_lesson(
    folder: LessonFolder,
    *,
    force: bool = False,
    withhold_feedback: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
    on_cell: OnCell = lambda done, total, seconds: None,
) -> Built:
    """``solutions/<lesson>/`` → ``notebooks/<lesson>/``.

    A notebook whose sources and published files are those it was built from is not executed again.

    Args:
        folder: the lesson.
        force: execute in any case.
        withhold_feedback: publish neither keys nor feedback of the quiz (an examination).
        on_step: told what is being done, in words.
        on_cell: see :func:`grader.authoring.execute.execute`.

    Raises:
        CourseError: a source breaks a rule, or a cell fails.
    """
    on_step("reading")
    quiz = load_quiz(folder.source(QUESTIONS))
    recalled = recalled_questions(quiz, folder.solution.parent)
    changed = _write(folder, folder.solution / QUIZ, quiz_text(folder, quiz, recalled, withhold_feedback))
    notebook = read_lesson(folder, quiz, recalled)
    on_step("computing what the checks expect")
    present = folder.checks.read_text(encoding="utf-8") if folder.checks.is_file() else None
    changed += _write(folder, folder.checks, renewed_checks_text(folder, present))
    published = published_files(folder)
    stamp = stamp_of(notebook, folder, published)
    seconds: list[float] = []
    if force or not _is_current(folder, stamp):
        on_step("running the solution")
        seconds = execute(notebook, folder.solution, on_cell)
        normalise(notebook, folder.lesson, folder.course)
        notebook.metadata[METADATA_KEY] = stamp
        changed += _write(folder, folder.solution / NOTEBOOK, nbformat.writes(notebook) + "\n")
    on_step("making the release")
    changed += [f"notebooks/{folder.lesson}/{name}" for name in write_release(folder)]
    return Built(folder.lesson, seconds, changed)


def read_built(folder: LessonFolder) -> NotebookNode | None:
    """The built solution notebook; ``None`` where there is none that can be read."""
    try:
        return nbformat.read(folder.solution / NOTEBOOK, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None


def _is_current(folder: LessonFolder, stamp: dict[str, Any]) -> bool:
    notebook = read_built(folder)
    return notebook is not None and has_stamp(notebook, stamp)


def _write(folder: LessonFolder, path: Path, text: str) -> list[str]:
    """Write a file if its content changes; its path in the course, if so."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)
    return [path.relative_to(folder.course).as_posix()]
