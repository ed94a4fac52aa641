"""What the gradebook held before somebody was graded, to be put back if she cannot be.

nbgrader makes a student and her submission known before it runs anything, and an export reads marks that are
not there as zeros. A submission that is not graded through a fault of ours leaves the gradebook as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment


@dataclass(frozen=True)
class _Marks:
    """What grading changes of a submission; manual marks and comments are not among it."""

    timestamp: datetime | None
    grades: dict[tuple[str, str], tuple[float | None, bool]]
    comments: dict[tuple[str, str], str | None]
    penalties: dict[str, float | None]


class GradebookBefore:
    """The marks of some students for one lesson, as they are now.

    Args:
        database: SQLAlchemy's address of the gradebook.
        students: who will be graded.
    """

    def __init__(self, database: str, course_id: str, lesson: str, students: Iterable[str]) -> None:
        self._database, self._course_id, self._lesson = database, course_id, lesson
        self._marks: dict[str, _Marks] = {}
        with Gradebook(database, course_id) as gradebook:
            self._known = {student.id for student in gradebook.students}
            for student in students:
                if (submission := _submission(gradebook, lesson, student)) is not None:
                    self._marks[student] = _marks(submission)

    def restore(self, student: str) -> None:
        """Take back what was written of this student since."""
        with Gradebook(self._database, self._course_id) as gradebook:
            submission = _submission(gradebook, self._lesson, student)
            if student in self._marks and submission is not None:
                _put_back(submission, self._marks[student])
                gradebook.db.commit()
            elif submission is not None:
                gradebook.remove_submission(self._lesson, student)
            if student not in self._known and student in {one.id for one in gradebook.students}:
                gradebook.remove_student(student)


def _submission(gradebook: Gradebook, lesson: str, student: str) -> SubmittedAssignment | None:
    try:
        return gradebook.find_submission(lesson, student)
    except MissingEntry:
        return None


def _marks(submission: SubmittedAssignment) -> _Marks:
    notebooks = submission.notebooks
    return _Marks(
        submission.timestamp,
        {(nb.name, g.name): (g.auto_score, g.needs_manual_grade) for nb in notebooks for g in nb.grades},
        {(nb.name, c.name): c.auto_comment for nb in notebooks for c in nb.comments},
        {nb.name: nb.late_submission_penalty for nb in notebooks},
    )


def _put_back(submission: SubmittedAssignment, marks: _Marks) -> None:
    submission.timestamp = marks.timestamp
    for notebook in submission.notebooks:
        notebook.late_submission_penalty = marks.penalties.get(notebook.name)
        for grade in notebook.grades:
            if (notebook.name, grade.name) in marks.grades:
                grade.auto_score, grade.needs_manual_grade = marks.grades[notebook.name, grade.name]
        for comment in notebook.comments:
            if (notebook.name, comment.name) in marks.comments:
                comment.auto_comment = marks.comments[notebook.name, comment.name]
