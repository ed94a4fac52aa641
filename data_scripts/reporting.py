"""What the preparing scripts share: a user's mistake ends in one sentence and exit status 1."""

import functools
import sys
from collections.abc import Callable

from grader.errors import CourseError


def one_sentence(main: Callable) -> Callable:
    """Let a ``CourseError`` of a command end the program with its sentence instead of a traceback."""

    @functools.wraps(main)
    def reporting(*arguments, **options):
        try:
            return main(*arguments, **options)
        except CourseError as problem:
            sys.exit(str(problem))

    return reporting
