"""What the saved notebooks of the lessons say: which points their checks gave on this machine, what is open.

Nothing else is kept. A check's result is stored as nbgrader has it: the cell's metadata say what it is worth,
the number that its output shows is what it gave. The panel in JupyterLab reads the same in the same way
(``grader/quiz/labextension/static/progress.js``); ``tests/progress/cases.json`` holds both to it.

May import: nothing of the other rooms.
"""

from grader.progress.course_progress import CourseProgress, read_course
from grader.progress.saved_notebook import CheckState, LessonState, read_notebook

__all__ = ["CheckState", "CourseProgress", "LessonState", "read_course", "read_notebook"]
