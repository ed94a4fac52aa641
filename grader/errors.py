"""The one exception that a user of the course is meant to see."""


class CourseError(Exception):
    """What went wrong and what to do about it, in one sentence.

    Notebooks and the command line show the sentence alone, without a traceback: IPython asks an
    exception for ``_render_traceback_`` (IPython documentation, "Custom exception rendering").
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]
