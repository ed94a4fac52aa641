"""“Did you mean …?”: the known name that is nearest to an unknown one."""

import difflib
from collections.abc import Iterable


def nearest_name(asked: str, known: Iterable[str], cutoff: float = 0.0) -> str | None:
    """The most similar of the ``known`` names; ``None`` if there is none.

    Args:
        cutoff: similarity, from 0 to 1, that a name must have to be suggested at all.
    """
    return next(iter(difflib.get_close_matches(asked, list(known), n=1, cutoff=cutoff)), None)


def did_you_mean(asked: str, known: Iterable[str]) -> str:
    """How a sentence ends that says that a name is unknown.

    >>> "There is no lesson '01'" + did_you_mean("01", ["01_scratch", "02_freezing"])
    "There is no lesson '01': did you mean '01_scratch'?"
    """
    nearest = nearest_name(asked, known)
    return "." if nearest is None else f": did you mean {nearest!r}?"
