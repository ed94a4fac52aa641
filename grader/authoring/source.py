"""Read ``lesson.py`` and expand its cell marks into nbgrader's cells.

A mark is a key on the cell's ``# %%`` line: ``exercise="scratch.training_step"``,
``check="scratch.training_step"``, ``quiz="scratch.quiz"`` or ``recall="scratch.recall"``. ``{price}`` in a
text becomes the points, minutes and difficulty of the exercise that follows.
"""

import re
from dataclasses import dataclass
from typing import Any

import jupytext
import nbformat
import yaml
from jupytext.stringparser import StringParser
from nbformat import NotebookNode

from grader.authoring.nbgrader_cells import answer_cell, grade_cell
from grader.authoring.quiz_cells import quiz_cells, recall_cells
from grader.authoring.starting_program import split_starting_program
from grader.cell_names import STARTING_PROGRAM, grade_id
from grader.errors import CourseError
from grader.exercises import all_exercises, find_exercise
from grader.lesson_folder import SCRIPT, LessonFolder
from grader.quiz.schema import Question, Quiz

MARKS = ("exercise", "check", "quiz", "recall")
PRICE = "{price}"  # in a text: points, minutes and difficulty of the exercise below
DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}
LONGEST_CELL = 15
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

_CELL_LINE = re.compile(r"# ?%%(?:\s|$)")


@dataclass(frozen=True)
class _Cell:
    """A cell of ``lesson.py``: its mark, the exercise it names, and where it stands."""

    cell: NotebookNode
    place: str
    mark: str | None
    exercise: str

    def refuse(self, sentence: str) -> CourseError:
        return CourseError(f"{self.place}: {sentence}")


def read_lesson(folder: LessonFolder, quiz: Quiz, recalled: list[Question]) -> NotebookNode:
    """The lesson as a notebook in nbgrader's format, not executed yet.

    Args:
        folder: where ``lesson.py`` lies.
        quiz: the lesson's questions.
        recalled: the questions of earlier lessons that it asks again.

    Raises:
        CourseError: a cell breaks a rule; the sentence names its line in ``lesson.py``.
    """
    cells = _marked_cells(folder)
    for cell in cells:
        _refuse_a_broken_cell(cell, folder.lesson, quiz, recalled)
    _refuse_missing_partners(cells, folder.lesson, quiz, recalled)
    expanded: list[NotebookNode] = []
    for place, cell in enumerate(cells):
        _tell_the_price(cell, cells[place + 1 :])
        expanded += _expand(cell, quiz, recalled)
    return nbformat.v4.new_notebook(cells=expanded)


def _marked_cells(folder: LessonFolder) -> list[_Cell]:
    try:
        text = folder.source(SCRIPT).read_text(encoding="utf-8")
        notebook = jupytext.reads(text, fmt="py:percent")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{folder.lesson}/lesson.py is not UTF-8 text, save it with that encoding."
        ) from error
    # jupytext has no exception of its own: a broken header shows as one of several types.
    except (ValueError, nbformat.ValidationError, yaml.YAMLError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(f"{folder.lesson}/lesson.py is no py:percent notebook ({reason}).") from error
    lines = _cell_lines(text)
    # Text before the first mark is a cell without a line of its own.
    lines = [1] * (len(notebook.cells) - len(lines)) + lines
    return [
        _marked_cell(cell, f"{folder.lesson}/lesson.py, line {line}")
        for cell, line in zip(notebook.cells, lines, strict=False)
    ]


def _cell_lines(text: str) -> list[int]:
    """The line numbers of the ``# %%`` lines, those inside strings left out as jupytext does."""
    parser, found = StringParser("python"), []
    for number, line in enumerate(text.splitlines(), start=1):
        if not parser.is_quoted() and _CELL_LINE.match(line):
            found.append(number)
        parser.read_line(line)
    return found


def _marked_cell(cell: NotebookNode, place: str) -> _Cell:
    marks = [mark for mark in MARKS if mark in cell.metadata]
    if len(marks) > 1:
        raise CourseError(f"{place}: the cell is marked {' and '.join(marks)}; give each a cell of its own.")
    mark = marks[0] if marks else None
    return _Cell(cell, place, mark, str(cell.metadata.get(mark, "")) if mark else "")


def _refuse_a_broken_cell(marked: _Cell, lesson: str, quiz: Quiz, recalled: list[Question]) -> None:
    source: str = marked.cell.source
    is_code = marked.cell.cell_type == "code"
    if marked.mark and not is_code:
        raise marked.refuse(f"only a code cell can be marked {marked.mark}.")
    longest = max(_lines_to_read(part) for part in split_starting_program(source) if part is not None)
    if is_code and longest > LONGEST_CELL:
        raise marked.refuse(
            f"the cell has {longest} lines, {LONGEST_CELL} at most: split it or move a part to grader.lab."
        )
    has_solution = "BEGIN SOLUTION" in source or "END SOLUTION" in source
    if has_solution and marked.mark != "exercise":
        raise marked.refuse('the cell holds a solution but is not marked, add exercise="…" to its # %% line.')
    match marked.mark:
        case "exercise":
            _find(marked, lesson)
            _refuse_broken_solution(marked)
        case "check":
            _find(marked, lesson)
            if not re.fullmatch(rf'check\("{re.escape(marked.exercise)}", .+\)', source):
                raise marked.refuse(
                    f'a check is the one line check("{marked.exercise}", …), write just that.'
                )
        case "quiz" | "recall" as part:
            _refuse_broken_quiz_mark(marked, part, quiz, recalled)


def _lines_to_read(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip() and line.strip() not in (BEGIN, END))


def _tell_the_price(marked: _Cell, following: list[_Cell]) -> None:
    """Points, minutes and difficulty in a text are those of the exercise below it."""
    if marked.cell.cell_type != "markdown" or PRICE not in marked.cell.source:
        return
    exercise = next((cell.exercise for cell in following if cell.mark == "exercise"), None)
    if exercise is None:
        raise marked.refuse(f"{PRICE} stands for the points of the exercise below, and none follows.")
    found = find_exercise(exercise)
    told = f"*{found.points:g} points · {found.minutes} minutes · {DIFFICULTIES[found.difficulty]}.*"
    marked.cell.source = marked.cell.source.replace(PRICE, told)


def _find(marked: _Cell, lesson: str) -> Any:
    try:
        exercise = find_exercise(marked.exercise)
    except CourseError as error:
        raise marked.refuse(str(error)) from error
    if exercise.lesson != lesson:
        raise marked.refuse(
            f'"{marked.exercise}" is an exercise of lesson {exercise.lesson}, use one of {lesson}.'
        )
    return exercise


def _refuse_broken_solution(marked: _Cell) -> None:
    """nbgrader replaces the marked regions by a stub; without them the whole cell, header and all."""
    order = [line.strip() for line in marked.cell.source.splitlines() if "SOLUTION" in line]
    if not order:
        raise marked.refuse(f"the exercise has no solution, put it between {BEGIN} and {END}.")
    if order != [BEGIN, END] * (len(order) // 2) or len(order) % 2:
        raise marked.refuse(f"the solution's marks do not pair up, write {BEGIN} and then {END}.")


def _refuse_broken_quiz_mark(marked: _Cell, part: str, quiz: Quiz, recalled: list[Question]) -> None:
    if marked.exercise != f"{quiz.prefix}.{part}":
        raise marked.refuse(
            f'{part}="{marked.exercise}" must be {part}="{quiz.prefix}.{part}", as in quiz.yaml.'
        )
    if marked.cell.source.strip():
        raise marked.refuse(f"a {part} cell is filled by the build, leave it empty.")
    if part == "recall" and not recalled:
        raise marked.refuse("quiz.yaml recalls no questions, list some there or remove this cell.")


def _refuse_missing_partners(cells: list[_Cell], lesson: str, quiz: Quiz, recalled: list[Question]) -> None:
    """Every exercise of the lesson stands in it once, and a check of it once, below."""
    seen: dict[tuple[str, str], _Cell] = {}
    for cell in filter(lambda cell: cell.mark, cells):
        key = (str(cell.mark), cell.exercise)
        if key in seen:
            raise cell.refuse(f'{cell.mark}="{cell.exercise}" stands a second time, remove one of them.')
        if cell.mark == "check" and ("exercise", cell.exercise) not in seen:
            raise cell.refuse(f'no cell above is marked exercise="{cell.exercise}", add the student\'s cell.')
        seen[key] = cell
    for (mark, exercise), cell in seen.items():
        if mark == "exercise" and ("check", exercise) not in seen:
            raise cell.refuse(f'no check follows, add a cell marked check="{exercise}" below.')
    expected = {("exercise", exercise.id) for exercise in all_exercises() if exercise.lesson == lesson}
    expected -= {("exercise", f"{quiz.prefix}.quiz")}
    expected |= {("quiz", f"{quiz.prefix}.quiz")}
    expected |= {("recall", f"{quiz.prefix}.recall")} if recalled else set()
    if missing := sorted(expected - seen.keys()):
        mark, exercise = missing[0]
        raise CourseError(f'{lesson}/lesson.py: no cell is marked {mark}="{exercise}", add one.')


def _expand(marked: _Cell, quiz: Quiz, recalled: list[Question]) -> list[NotebookNode]:
    source: str = marked.cell.source
    match marked.mark:
        case "exercise":
            solution, released = split_starting_program(source)
            made = [answer_cell(grade_id(marked.exercise, "answer"), solution)]
            if released is not None:
                made[0].metadata[STARTING_PROGRAM] = released
        case "check":
            points = find_exercise(marked.exercise).points
            made = [grade_cell(grade_id(marked.exercise), source, points)]
        case "quiz":
            made = quiz_cells(quiz)
        case "recall":
            made = recall_cells(quiz, recalled)
        case _ if marked.cell.cell_type == "markdown":
            made = [nbformat.v4.new_markdown_cell(source)]
        case _:
            made = [nbformat.v4.new_code_cell(source)]
    for cell in made:
        cell.metadata["place"] = marked.place  # for messages while it runs; normalise() removes it
        if tags := marked.cell.metadata.get("tags"):
            cell.metadata["tags"] = list(tags)
    return made
