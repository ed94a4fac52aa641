"""A computation that the user stops ends in one sentence, not in a page of traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AND_NOW = (
    "What this cell would have set afterwards keeps its old value, or does not exist yet. "
    "Run the cell again to begin anew."
)


class Interrupted(KeyboardInterrupt):
    """The user pressed the stop button; says how far it came and what holds now.

    IPython shows the sentence alone, as it does with ``grader.errors.CourseError``.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextmanager
def told_in_one_sentence(how_far: Callable[[], str]) -> Iterator[None]:
    """Turn the user's interruption of the block into an ``Interrupted`` that begins with ``how_far()``.

    Raises:
        Interrupted: the user pressed the stop button inside.
    """
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(f"{how_far()} {_AND_NOW}") from None
