"""Kernels that can do no harm. This room knows nothing of lessons, students or grades.

May import: nothing of the other rooms.
"""

from grader.sandbox.choice import Sandbox, available, choose
from grader.sandbox.kernel import open_kernel
from grader.sandbox.limits import Limits

__all__ = ["Limits", "Sandbox", "available", "choose", "open_kernel"]
