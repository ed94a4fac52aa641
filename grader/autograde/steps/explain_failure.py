"""Make ``nbgrader validate`` say what a check found.

For a partial score nbgrader's validator prints "Partial credit; passed some but not all of the tests",
and for an error its whole traceback. It prints a cell's error stream as it is, though, and neither its
preprocessors nor the hooks that would let us rewrite outputs can be configured in 0.9.6. So the kernel
of a validation loads this IPython extension (``c.Execute.extra_arguments``), which writes the findings
of a failing check to that stream. In every other kernel it does nothing.
"""

import os
import sys
import textwrap
from typing import Any, TextIO

from grader.errors import CourseError

WIDTH = 82  # the validator cuts lines at 90 characters, four of them indent


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython when the kernel starts."""
    if os.environ.get("NBGRADER_VALIDATING") == "1":
        explainer = _Explainer()
        shell.events.register("pre_run_cell", explainer.before)
        shell.events.register("post_run_cell", explainer.after)
        shell.set_custom_exc((Exception,), _one_sentence)


def sentences(verdict: Any) -> list[str]:
    """The text that a student reads for a verdict that is not passed, one finding a sentence."""
    head = f"{verdict.exercise}: {verdict.points:g} of {verdict.max_points:g} points."
    found = [
        f"- {finding.text}" + (f" {finding.hint}" if finding.hint else "") for finding in verdict.findings
    ]
    return [head, *found]


class _Explainer:
    """Around each check: warnings go to the prints, findings of a failure to the error stream."""

    def __init__(self) -> None:
        self._stderr: TextIO | None = None

    def before(self, info: Any) -> None:
        # A warning on stderr would fail the cell although it costs no points when it is graded.
        if info.raw_cell.lstrip().startswith("check("):
            self._stderr, sys.stderr = sys.stderr, sys.stdout

    def after(self, result: Any) -> None:
        if self._stderr is None:
            return
        sys.stderr, self._stderr = self._stderr, None
        verdict = getattr(result.result, "verdict", None)
        if verdict is not None and not verdict.passed:
            lines = [
                textwrap.fill(sentence, WIDTH, subsequent_indent="  ") for sentence in sentences(verdict)
            ]
            print("\n".join(lines), file=sys.stderr)
            sys.stderr.flush()


def _one_sentence(shell: Any, kind: type, error: Exception, traceback: Any, tb_offset: Any = None) -> None:
    """Show an exception without its traceback, and without a line that the validator would cut."""
    text = str(error) if isinstance(error, CourseError) else f"{kind.__name__}: {error}".removesuffix(": ")
    # The public showtraceback() would format the exception itself; this is the step after it.
    shell._showtraceback(kind, error, textwrap.wrap(text, WIDTH))
