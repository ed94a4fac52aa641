"""All lessons of a folder: found from where the kernel works, read, and shown."""

import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from grader import course
from grader.errors import CourseError
from grader.lesson_folder import NOTEBOOK
from grader.progress.saved_notebook import LessonState, read_notebook

NOTE = "Read from the saved notebooks: what has just run counts once you save (Ctrl + S, or ⌘ S)."


@dataclass(frozen=True)
class LessonRow:
    """One lesson: its folder, and either its ``state`` or a ``problem`` in a sentence."""

    folder: Path
    state: LessonState | None
    problem: str = ""

    @property
    def title(self) -> str:
        """The notebook's first heading, else the folder's name."""
        return (self.state and self.state.title) or self.folder.name

    @property
    def points(self) -> str:
        """Such as "8 of 11"; "" where nothing is known."""
        return f"{self.state.reached:.4g} of {self.state.total:.4g}" if self.state else ""

    @property
    def left(self) -> list[str]:
        """What is open, or one entry that says why there is none."""
        if self.state is None:
            return [self.problem]
        if not self.state.checks:
            return ["It holds no checks: fetch a fresh copy of the lesson."]
        if not self.state.begun:
            return ["Not begun."]
        return self.state.open or ["Done."]


class CourseProgress:
    """The lessons of a folder; a table in a notebook, lines in a terminal.

    Attributes:
        note: a sentence where the folder is another than that of the kernel, else "".
    """

    def __init__(self, rows: list[LessonRow], folder: Path, here: Path, note: str = "") -> None:
        self.rows, self.folder, self.note = rows, folder, note
        self._here = here

    @property
    def total(self) -> str:
        """Points of all lessons together."""
        states = [row.state for row in self.rows if row.state]
        return f"{sum(one.reached for one in states):.4g} of {sum(one.total for one in states):.4g}"

    def __repr__(self) -> str:
        lines = [self.note] if self.note else []
        for row in self.rows:
            points = f" - {row.points} points" if row.points else ""
            lines += [f"{row.title}{points} - {row.folder.name}/{NOTEBOOK}"]
            lines += [f"    {entry}" for entry in row.left]
        return "\n".join(_printable(line) for line in [*lines, f"Together: {self.total} points.", NOTE])

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._as_html()}

    def _as_html(self) -> str:
        cell = "text-align:left;vertical-align:top;white-space:normal"
        head = "".join(f'<th scope="col" style="{cell}">{name}</th>' for name in ("lesson", "points", "open"))
        rows = []
        for row in self.rows:
            title = html.escape(row.title)
            if link := self._link(row):
                title = f'<a href="{html.escape(link)}">{title}</a>'
            left = "<br>".join(html.escape(entry) for entry in row.left)
            parts = "".join(f'<td style="{cell}">{part}</td>' for part in (html.escape(row.points), left))
            rows.append(f'<tr><th scope="row" style="{cell}">{title}</th>{parts}</tr>')
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return (
            f"{note}<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
            f"<p>Together: <strong>{self.total}</strong> points. {NOTE}</p>"
        )

    def _link(self, row: LessonRow) -> str:
        """From the kernel's folder, where JupyterLab begins; none for a lesson that is not there."""
        path = row.folder / NOTEBOOK
        try:
            return quote(Path(os.path.relpath(path, self._here)).as_posix()) if path.is_file() else ""
        except ValueError:  # on another drive
            return ""


def read_course(here: Path | None = None) -> CourseProgress:
    """The lessons beside the one that ``here`` lies in, or of the course in it; else of the course installed.

    Args:
        here: a folder; by default that in which the kernel works.

    Raises:
        CourseError: there are no lessons anywhere, or the kernel's folder was deleted.
    """
    if here is None:
        try:
            here = Path.cwd()
        except OSError as error:
            raise CourseError("The folder of this kernel was deleted: open the lesson anew.") from error
    note = ""
    candidates = [here.parent, here / course.RELEASES.name, here]
    if here.name not in _lessons(here.parent):
        candidates = candidates[1:]
    folder = next((one for one in candidates if _lessons(one)), None)
    if folder is None:
        folder = course.RELEASES
        note = f"This kernel works in {here}, where there are no lessons. Shown are those in {folder}."
    lessons = _lessons(folder)
    if not lessons:
        raise CourseError(
            f"No lessons were found from {here}: open a lesson's notebook, or go to the course's folder, "
            f"which holds {course.RELEASES.name}/."
        )
    return CourseProgress([_read(folder / lesson) for lesson in lessons], folder, here, note)


def _lessons(folder: Path) -> list[str]:
    """None in a folder that may not be looked into, such as the one above somebody's home."""
    try:
        return course.lesson_ids(folder)
    except OSError:
        return []


def _read(folder: Path) -> LessonRow:
    try:
        text = (folder / NOTEBOOK).read_text(encoding="utf-8")
    except FileNotFoundError:
        return LessonRow(folder, None, f"There is no {NOTEBOOK} in it: was it renamed or moved?")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        return LessonRow(folder, None, f"{NOTEBOOK} cannot be read ({reason}).")
    try:
        state = read_notebook(json.loads(text))
    except (ValueError, RecursionError):
        state = None
    if state is None:
        return LessonRow(
            folder, None, f"{NOTEBOOK} is damaged: rename it, then fetch a fresh copy of the lesson."
        )
    return LessonRow(folder, state)


def _printable(line: str) -> str:
    """A title is somebody's text: no sign of it moves a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in line)
