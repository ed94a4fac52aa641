"""Exercises that start from a program instead of an empty function: "find the bug".

Below the solution, ``lesson.py`` holds the program that students begin with, commented out between
``### BEGIN RELEASE`` and ``### END RELEASE``. It travels in the solution cell's metadata, so that
nbgrader's own command can make the release.
"""

import re

BEGIN, END = "### BEGIN RELEASE", "### END RELEASE"

_REGION = re.compile(rf"^[ \t]*{BEGIN}\n(?P<program>.*?)^[ \t]*{END}\n?", flags=re.MULTILINE | re.DOTALL)
_SOLUTION = re.compile(
    r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION\n?", flags=re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"^([ \t]*)# ?", flags=re.MULTILINE)


def split_starting_program(source: str) -> tuple[str, str | None]:
    """The cell's source as the solution has it, and as the release has it (None without such a program)."""
    region = _REGION.search(source)
    if region is None:
        return source, None
    program = _COMMENT.sub(r"\1", region["program"])
    solution = source[: region.start()] + source[region.end() :]
    released = _SOLUTION.sub("", source[: region.start()]) + program + source[region.end() :]
    return solution.rstrip(), released.rstrip()
