"""Put a student's texts into the instructor's notebook.

Whatever a student does to cells other than her answers - deletes, doubles, renames, retypes, locks, edits
their points - does not matter, because those cells are not hers.
"""

import copy
import re
from collections import defaultdict

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grader.submissions.student_notebook import is_placeholder

NOTES = "finetuning_course_notes"  # in the metadata of a notebook after the transplant
YOURS_TO_CHANGE = "yours-to-change"  # a tag of cells that students edit though they are no answers
MISSING = 'raise NotImplementedError("This answer cell is not in the submission.")'
NOT_CODE = 'raise NotImplementedError("This answer cell is no code cell any more.")'
MOST_EXTRA_CELLS = 200

_NAMES_OF_A_CELL = re.compile(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=", flags=re.MULTILINE)


def transplant(student: NotebookNode, skeleton: NotebookNode) -> NotebookNode:
    """The skeleton with the student's answers, and her extra code cells where she put them.

    Args:
        student: as ``parse_notebook`` gives it.
        skeleton: the instructor's solution notebook.

    Returns:
        a new notebook: every cell of the skeleton in its order, without outputs. Answer cells hold the
        student's text, or an error where she has none. A placeholder's sentence stands first. Notes on what
        was not taken stand in ``metadata[NOTES]``.
    """
    notes: list[str] = []
    places = _match(student, skeleton, notes)
    parts: dict[int, list[NotebookNode]] = defaultdict(list)
    for index in sorted(places):
        parts[places[index]].append(student.cells[index])
    answers = {place: _in_one(cells) for place, cells in parts.items()}
    extra = _extra_cells(student, skeleton, places, notes)
    cells = [copy.deepcopy(cell) for cell in student.cells[:1]] if is_placeholder(student) else []
    cells += [new_code_cell(source) for source in extra[-1]]
    for place, original in enumerate(skeleton.cells):
        cell = copy.deepcopy(original)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if _is_answer(cell):
            cell.source = _answer(cell, answers.get(place))
        elif is_yours_to_change(cell) and place in answers and cell.cell_type == answers[place].cell_type:
            cell.source = answers[place].source
        cells.append(cell)
        cells += [new_code_cell(source) for source in extra[place]]
    for number, cell in enumerate(cells):
        if "id" not in cell or cell.id in {other.get("id") for other in cells[:number]}:
            cell["id"] = f"extra-{number}"
    metadata = copy.deepcopy(skeleton.metadata)
    metadata[NOTES] = notes
    return NotebookNode(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)


def is_the_students(cell: NotebookNode, skeleton: NotebookNode) -> bool:
    """Does this cell of a transplanted notebook hold text of the student's?"""
    if _is_answer(cell):
        return True
    return not any(own.get("id") == cell.get("id") and own.source == cell.source for own in skeleton.cells)


def is_yours_to_change(cell: NotebookNode) -> bool:
    """Is this a code cell that students are invited to edit, though it is no answer?

    Never a text: what a student writes in Markdown would be a page of hers in the instructor's browser.
    """
    return cell.cell_type == "code" and YOURS_TO_CHANGE in cell.metadata.get("tags", [])


def _match(student: NotebookNode, skeleton: NotebookNode, notes: list[str]) -> dict[int, int]:
    """For cells of the student (by index) the place in the skeleton that each fills."""
    places: dict[int, int] = {}
    by_name = {name: place for place, cell in enumerate(skeleton.cells) if (name := _grade_id(cell))}
    for index, cell in enumerate(student.cells):
        place = by_name.get(_grade_id(cell) or "")
        if place is None:
            continue
        if place not in places.values():
            places[index] = place
        elif _is_answer(skeleton.cells[place]):
            places[index] = place
            notes.append(f"{_grade_id(cell)} stands more than once: all of it runs, in its order.")
        else:
            notes.append(f"{_grade_id(cell)} stands more than once: the first counts.")
    _match_rest(student, skeleton, places)
    return places


def _in_one(parts: list[NotebookNode]) -> NotebookNode:
    """One cell of all that bear an answer's name: JupyterLab copies it when a cell is split or copied."""
    code = [part for part in parts if part.cell_type == "code"]
    if len(code) < 2:
        return (code or parts)[0]
    whole = copy.deepcopy(code[0])
    whole.source = "\n\n".join(part.source for part in code)
    return whole


def _match_rest(student: NotebookNode, skeleton: NotebookNode, places: dict[int, int]) -> None:
    """Cells without a name: by their id, by their text, then answers by what they define.

    Some editors drop metadata, and then the names are gone.
    """
    doubles = {_grade_id(skeleton.cells[place]) for place in places.values()}
    free = [
        index
        for index, cell in enumerate(student.cells)
        if index not in places and not (_grade_id(cell) in doubles and _grade_id(cell))
    ]
    for same in (_same_id, _same_text, _same_definition):
        for place, cell in enumerate(skeleton.cells):
            if place in places.values():
                continue
            found = next((i for i in free if i not in places and same(student.cells[i], cell)), None)
            if found is not None:
                places[found] = place


def _same_id(mine: NotebookNode, cell: NotebookNode) -> bool:
    return mine.cell_type == cell.cell_type and bool(mine.get("id")) and mine.get("id") == cell.get("id")


def _same_text(mine: NotebookNode, cell: NotebookNode) -> bool:
    return mine.cell_type == cell.cell_type and mine.source.strip() == cell.source.strip()


def _same_definition(mine: NotebookNode, cell: NotebookNode) -> bool:
    """An answer cell defines one name, and so does what stands in its place."""
    if (
        not (_is_answer(cell) or is_yours_to_change(cell))
        or mine.cell_type != "code"
        or cell.cell_type != "code"
    ):
        return False
    wanted, given = _first_name(cell.source), _first_name(mine.source)
    return wanted is not None and wanted == given


def _first_name(source: str) -> str | None:
    found = _NAMES_OF_A_CELL.search(source)
    return (found[1] or found[2]) if found else None


def _extra_cells(
    student: NotebookNode, skeleton: NotebookNode, places: dict[int, int], notes: list[str]
) -> dict[int, list[str]]:
    """Sources of the student's own code cells, by the place in the skeleton that they follow (-1: none)."""
    extra: dict[int, list[str]] = defaultdict(list)
    known = {_grade_id(cell) for cell in skeleton.cells} - {None}
    last, count = -1, 0
    for index, cell in enumerate(student.cells):
        if index in places:
            last = max(last, places[index])
        elif cell.cell_type == "code" and cell.source.strip() and _grade_id(cell) not in known:
            count += 1
            if count > MOST_EXTRA_CELLS:
                notes.append(f"Of the extra cells only the first {MOST_EXTRA_CELLS} were taken.")
                break
            extra[last].append(cell.source)
    return extra


def _answer(cell: NotebookNode, mine: NotebookNode | None) -> str:
    if cell.cell_type != "code":
        return mine.source if mine is not None else ""
    if mine is None:
        return MISSING
    return mine.source if mine.cell_type == "code" else NOT_CODE


def _grade_id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))
