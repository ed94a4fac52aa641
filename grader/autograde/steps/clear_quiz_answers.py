"""Take the solutions out of a release: the keys of the quizzes too."""

import re

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from grader.cell_names import RELEASED, STARTING_PROGRAM
from grader.submissions.transplant import YOURS_TO_CHANGE

ANSWER_CELL = re.compile(r"[a-z0-9_]+-(quiz|recall)-answers")

_ANSWER_LINE = re.compile(r'^(?P<question>\s*"[^"]+": ).*$', flags=re.MULTILINE)


class ClearQuizAnswers(ClearSolutions):
    """nbgrader's ``ClearSolutions``, which it replaces in ``GenerateAssignment.preprocessors``.

    An exercise that starts from a program ("find the bug") gets that program, from the cell's metadata.

    The answer cell of a quiz keeps its lines, each with ``None`` for an answer: plain data, on which
    Run All does not stop. Two preprocessors in a row could not do that: ``ClearSolutions`` replaces the
    whole of any solution cell without BEGIN and END marks. Options set for ``ClearSolutions`` hold here.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Clear one cell, and keep what is released, so that a student can have it again."""
        cell, resources = self._cleared(cell, resources, cell_index)
        is_answer = cell.metadata.get("nbgrader", {}).get("solution", False)
        if is_answer or YOURS_TO_CHANGE in cell.metadata.get("tags", []):
            cell.metadata[RELEASED] = cell.source
        return cell, resources

    def _cleared(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if (program := cell.metadata.pop(STARTING_PROGRAM, None)) is not None:
            cell.source = program
            return cell, resources
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if not ANSWER_CELL.fullmatch(name):
            return super().preprocess_cell(cell, resources, cell_index)
        cell.source = _ANSWER_LINE.sub(r"\g<question>None,", cell.source)
        return cell, resources
