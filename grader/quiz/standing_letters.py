"""What stands in the answer cell of a quiz now, as the extension tells the kernel.

A check judges what the answer cell held when it was last run. Beside what stands there now it can say that
the cell was changed since. Where there is no extension nothing is known.
"""

from typing import Any

from grader.cell_names import grade_id

TARGET = "finetuning-course-quiz"  # as in labextension/static/checked.js

_standing: dict[str, dict[str, str | None]] = {}  # letters by question, by the name of the answer cell


def listen() -> None:
    """Let the extension tell this kernel which letters stand in the answer cells."""
    from IPython import get_ipython  # not for the judge, who needs nothing of a notebook

    manager = getattr(getattr(get_ipython(), "kernel", None), "comm_manager", None)
    if manager is not None:
        manager.register_target(TARGET, _opened)


def standing_letters(exercise_id: str) -> dict[str, str | None] | None:
    """By question, the letter that stands in the answer cell, "" for none and None for something else.

    None where nobody has told it.
    """
    return _standing.get(grade_id(exercise_id, "answers"))


def _opened(comm: Any, message: dict[str, Any]) -> None:
    comm.on_msg(_note)
    _note(message)


def _note(message: dict[str, Any]) -> None:
    data = message["content"]["data"]
    cell, letters = data.get("cell"), data.get("letters")
    if isinstance(cell, str) and isinstance(letters, dict):
        _standing[cell] = {
            str(name): letter if isinstance(letter, str) else None for name, letter in letters.items()
        }
