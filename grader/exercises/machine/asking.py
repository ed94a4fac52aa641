"""The one way in which a check runs what a student gave it."""

from collections.abc import Callable
from typing import Any

from grader.exercises.machine.devices import bring_home
from grader.exercises.machine.time_limit import TimedOut


class AnswerRaised(Exception):
    """The student's code raised; ``error`` is what it raised, whatever that is."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def ask(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What ``call``, the student's function or an object that came out of it, gives for these arguments.

    ``collect`` runs everything of the student's through this, a model or an optimizer that she returned
    included. What is raised inside is hers; what ``collect`` raises elsewhere is a fault of the check. Models that
    the call moved to an accelerator lie on the CPU again afterwards.

    Raises:
        AnswerRaised: an exception came out of it, ``SystemExit`` too.
        KeyboardInterrupt: the user's own.
    """
    try:
        result = call(*arguments, **named)
    except (KeyboardInterrupt, TimedOut, AnswerRaised):
        raise
    except BaseException as error:
        bring_home([arguments, named])
        raise AnswerRaised(error) from error
    bring_home([arguments, named], result)
    return result
