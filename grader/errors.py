"""The one exception that a user of the course is meant to see."""


class CourseError(Exception):
    """What went wrong and what to do about it, in one sentence.

    Notebooks and the command line show the sentence alone, without a traceback: IPython asks an
    exception for ``_render_traceback_`` (IPython documentation, "Custom exception rendering").
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CheckBroken(Exception):
    """A check failed, not the answer: nothing is known of the answer, and it gets no mark.

    Attributes:
        exercise: id of the exercise whose check broke.
        reason: what happened, in one line; ``__cause__`` is the slip, where there was one.
    """

    def __init__(self, exercise: str, reason: str) -> None:
        super().__init__(f"The check of {exercise} is broken, the answer was not judged: {reason}")
        self.exercise = exercise
        self.reason = reason

    def __reduce__(self) -> tuple:
        return type(self), (self.exercise, self.reason)
