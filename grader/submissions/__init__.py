"""Files that students hand in, and what of them is taken. Nothing here is executed.

May import: nothing of the other rooms.
"""

from grader.submissions.intake import Intake, take_in
from grader.submissions.student_notebook import parse_notebook, placeholder
from grader.submissions.transplant import transplant
from grader.submissions.untrusted_files import FileLimits, Refused

__all__ = ["FileLimits", "Intake", "Refused", "parse_notebook", "placeholder", "take_in", "transplant"]
